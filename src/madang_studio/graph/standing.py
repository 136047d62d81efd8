"""How every node of a drama stands: made, stale and why, or waiting for somebody.

Rule: a node is fresh if an artefact with its stamp exists, wherever and whenever it was made. Its
stamp is known once all its inputs are fresh; an input that was made again with equal content changes
nothing further on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from madang_studio.graph.gates import guards
from madang_studio.graph.stamp import recipe_of, stamp_of
from madang_studio.graph.words import differences
from madang_studio.model.brief import Gate
from madang_studio.model.work import Node
from madang_studio.store import Artefact

State = Literal["fresh", "stale", "missing", "waiting", "failed"]

Forecast = Callable[["Standing", Mapping[str, "Standing"]], str | None]
"""The content that a node will have when it is made, where that can be told from its inputs; else None."""


class Past(Struct, frozen=True):
    """What was there before.

    `find`: artefacts by stamp. By place: what stands there `now`, what was `picked` by hand.
    `approved`: places with their contents. `failed`: words, by place and stamp.
    """

    find: Callable[[str], Artefact | None]
    now: Mapping[str, str] = {}
    picked: Mapping[str, str] = {}
    approved: frozenset[tuple[str, str]] = frozenset()
    failed: Mapping[tuple[str, str], str] = {}


class Standing(Struct, frozen=True, kw_only=True):
    """A node, and how it stands. `why` it is not fresh, in words.

    `stamp` None: not known before its inputs are made. `content`: of what is, or will be, there.
    `ready`: it can be made now. `gate`: who holds it. `artefact`: what stands there, stale or not.
    """

    node: Node
    state: State
    stamp: str | None = None
    content: str | None = None
    why: tuple[str, ...] = ()
    ready: bool = False
    gate: Gate | None = None
    artefact: Artefact | None = None


def standings(
    nodes: Sequence[Node],
    past: Past,
    gates: Sequence[Gate] = (),
    forecast: Forecast | None = None,
    known: Mapping[str, Standing] | None = None,
    *,
    doubtful: bool = False,
) -> dict[str, Standing]:
    """How each node stands, by place. `nodes`: each after its inputs; `known` are not looked at again.

    `doubtful`: the others may not be wanted any more, because what they were derived from will be made
    again; they are not ready.
    """
    found: dict[str, Standing] = dict(known or {})
    for node in nodes:
        if node.key in found:
            continue
        standing = _judged(node, found, past, gates)
        if doubtful and standing.state != "fresh":
            standing = replace(standing, ready=False, stamp=None)
        if forecast is not None and standing.state != "fresh":
            standing = replace(standing, content=forecast(standing, found))
        found[node.key] = standing
    return found


def _judged(
    node: Node, found: Mapping[str, Standing], past: Past, gates: Sequence[Gate]
) -> Standing:
    old = past.find(past.now[node.key]) if node.key in past.now else None
    picked = past.find(past.picked[node.key]) if node.key in past.picked else None
    if picked is not None:
        return _fresh(node, picked)
    contents = {place: found[place].content for place in node.inputs}
    known = {place: content for place, content in contents.items() if content is not None}
    if len(known) < len(contents):
        return Standing(
            node=node,
            state="missing" if old is None else "stale",
            why=tuple(_pending(node, found, old)),
            artefact=old,
        )
    recipe = recipe_of(node, known)
    stamp = stamp_of(recipe)
    made = past.find(stamp)
    if made is not None:
        return _fresh(node, made)
    unmade = [place for place in node.inputs if found[place].state != "fresh"]
    standing = Standing(
        node=node,
        state="missing" if old is None else "stale",
        stamp=None if unmade else stamp,
        why=("it was never made",) if old is None else tuple(differences(old.recipe, recipe)),
        ready=not unmade,
        artefact=old,
    )
    return standing if unmade else _held(standing, found, past, gates)


def _held(
    standing: Standing, found: Mapping[str, Standing], past: Past, gates: Sequence[Gate]
) -> Standing:
    """The same, unless it failed or a gate is closed before it."""
    node = standing.node
    for gate, place in guards(node, gates):
        content = found[place].content if place in found else None
        if content is None or (place, content) not in past.approved:
            words = f"{place} waits for approval ({gate})"
            return replace(standing, state="waiting", why=(words,), ready=False, gate=gate)
    failure = past.failed.get((node.key, standing.stamp or ""))
    if failure is not None:
        return replace(standing, state="failed", why=(failure,), ready=False)
    return standing


def _fresh(node: Node, made: Artefact) -> Standing:
    return Standing(node=node, state="fresh", stamp=made.stamp, content=made.content, artefact=made)


def _pending(node: Node, found: Mapping[str, Standing], old: Artefact | None) -> Iterator[str]:
    """Why a node cannot be fresh whose inputs are not there yet."""
    if old is not None:
        yield from differences(old.recipe, None, node)
    for place in node.inputs:
        if found[place].content is None:
            missing = found[place].artefact is None
            yield f"{place} is not made yet" if missing else f"{place} will be made again"
