"""What changed, said so that a person can see it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from madang_studio.graph.steps import STEPS
from madang_studio.model.work import Node
from madang_studio.store import Recipe

_MOST_CHARACTERS: Final = 60
_DEPTH: Final = 3


def differences(old: Recipe, new: Recipe | None, node: Node | None = None) -> Iterator[str]:
    """What is different in a recipe: the step itself, parameters with both values, inputs.

    Without a new recipe (inputs are not known yet) only what the `node` says is compared.
    """
    step = new.step if new else node.step if node else old.step
    version = new.version if new else STEPS[step].version
    params = new.params if new else node.params if node else old.params
    if (old.step, old.version) != (step, version):
        yield f"the step changed ({old.step} {old.version} → {step} {version})"
    yield from _changed("", old.params, msgspec.to_builtins(params), _DEPTH)
    if new is not None:
        yield from _inputs(old.inputs, new.inputs)


def _inputs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for place in sorted(old.keys() | new.keys()):
        if place not in old:
            yield f"{place} was added"
        elif place not in new:
            yield f"{place} is gone"
        elif old[place] != new[place]:
            yield f"{place} changed"


def _changed(name: str, old: Any, new: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - JSON
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping) and depth:
        for each in sorted(old.keys() | new.keys()):
            label = f"{name}.{each}" if name else str(each)
            yield from _changed(label, old.get(each), new.get(each), depth - 1)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and depth:
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            label = f"{name}[{_label(after, number)}]"
            yield from _changed(label, before, after, depth - 1)
    else:
        yield f"{name}: {_said(old)} → {_said(new)}"


def _label(value: Any, number: int) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return str(value.get("id") or value.get("name") or number)
    return str(number)


def _said(value: Any) -> str:  # noqa: ANN401 - JSON
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = " ".join(text.split())
    short = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    return f"“{short}”" if isinstance(value, str) else short
