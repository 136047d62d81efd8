"""What would be made if work went on now, what it costs and how long it takes: said before it is done.

Other words for a line usually fit into their shot. Whether they will is foretold from how fast the
line was spoken before; so a plan can say that no clip has to be made again.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from madang_studio.footage.steps import length_of
from madang_studio.graph.estimates import Estimator, amount_of, clip_ms
from madang_studio.graph.standing import Standing
from madang_studio.graph.steps import CAPS, STEPS
from madang_studio.graph.survey import Survey, survey
from madang_studio.model.brief import Gate
from madang_studio.model.work import Estimate, Kind
from madang_studio.store import Project


class Planned(Struct, frozen=True, kw_only=True):
    """Something that would be made. `times` above 1: a guess at nodes that are not known yet.

    `estimate` None: it costs something, and nobody knows what. `gate`: a person has to approve before.
    """

    place: str
    step: str
    kind: Kind
    why: tuple[str, ...]
    estimate: Estimate | None
    times: int = 1
    gate: Gate | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """What would be made. `nusd`: of what has a price; `unknown`: places that have none; `seconds`: in all.

    `kept`: places that stay only if a voice comes out as long as was foretold.
    """

    drama: str
    items: tuple[Planned, ...]
    nusd: int
    seconds: float
    unknown: tuple[str, ...]
    kept: tuple[str, ...]


def plan(
    project: Project, drama: str, estimator: Estimator, caps: Mapping[Kind, int] = CAPS
) -> Plan:
    """Plan a drama. Raises StudioError for one that is not there, BadScript."""
    seen = survey(project, drama, forecast=foretold)
    items = [
        _planned(standing, seen.standing, estimator)
        for standing in seen.standing.values()
        if standing.state != "fresh"
    ]
    if seen.shots is None:
        items += _guessed(seen, estimator)
    return Plan(
        drama=drama,
        items=tuple(items),
        nusd=sum(item.estimate.nusd for item in items if item.estimate),
        seconds=_seconds(items, caps),
        unknown=tuple(item.place for item in items if item.estimate is None),
        kept=tuple(_kept(seen.standing)),
    )


def foretold(standing: Standing, found: Mapping[str, Standing]) -> str | None:
    """The content of a shot's length, if its lines are spoken as fast as they were before."""
    node, old = standing.node, standing.artefact
    if node.step != "length" or old is None:
        return None
    spoken = [_spoken_ms(found[place]) for place in node.inputs]
    known = [each for each in spoken if each is not None]
    if len(known) < len(spoken) or length_of(node.params["budget_ms"], known) != old.facts:
        return None
    return old.content


def _spoken_ms(voice: Standing) -> int | None:
    """How long a line is, or will be at the pace at which it was spoken."""
    if voice.artefact is None:
        return None
    spoken = int(voice.artefact.facts["duration_ms"])
    if voice.state == "fresh":
        return spoken
    before = len(str(voice.artefact.recipe.params["text"]))
    return math.ceil(spoken * len(str(voice.node.params["text"])) / max(1, before))


def _kept(standing: Mapping[str, Standing]) -> Iterator[str]:
    for key, each in standing.items():
        if each.node.step == "clip" and each.state == "fresh":
            length = standing.get(f"length/{key.partition('/')[2]}")
            if length is not None and length.state != "fresh":
                yield key


def _planned(standing: Standing, found: Mapping[str, Standing], estimator: Estimator) -> Planned:
    node = standing.node
    amount = amount_of(node, clip_ms(node, found) if node.step == "clip" else 0)
    return Planned(
        place=node.key,
        step=node.step,
        kind=node.kind,
        why=standing.why,
        estimate=estimator.estimate(node, amount),
        gate=standing.gate,
    )


def _guessed(seen: Survey, estimator: Estimator) -> Iterator[Planned]:
    """What a drama will need whose shots are not known yet."""
    brief = seen.brief
    there = {standing.node.step for standing in seen.standing.values()}
    outline = estimator.outline(brief.minutes, brief.video, brief.speech)
    for step, (times, estimate) in outline.items():
        if step not in there:
            yield Planned(
                place=f"{step}/*",
                step=step,
                kind=STEPS[step].kind,
                why=("the script says how many there will be: this is a guess",),
                estimate=estimate,
                times=times,
            )


def _seconds(items: Sequence[Planned], caps: Mapping[Kind, int]) -> float:
    """Jobs of a kind run side by side up to their cap, and a drama goes from kind to kind."""
    by_kind: dict[Kind, list[float]] = defaultdict(list)
    for item in items:
        seconds = item.estimate.seconds if item.estimate else 0.0
        by_kind[item.kind] += [seconds / item.times] * item.times
    return sum(
        max(sum(seconds) / caps[kind], max(seconds) if seconds else 0.0)
        for kind, seconds in by_kind.items()
    )
