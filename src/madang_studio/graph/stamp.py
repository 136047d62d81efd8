"""The hash of what an artefact depends on. Equal dependencies give equal stamps, on any machine."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from madang_studio.graph.steps import STEPS
from madang_studio.model.work import Node
from madang_studio.store import Recipe


def recipe_of(node: Node, contents: Mapping[str, str]) -> Recipe:
    """What a node depends on, given the contents of its inputs by place. Raises KeyError for a missing one."""
    return Recipe(
        step=node.step,
        version=STEPS[node.step].version,
        params=node.params,
        inputs={place: contents[place] for place in node.inputs},
    )


def stamp_of(recipe: Recipe) -> str:
    """The stamp: SHA-256 over canonical JSON."""
    return hashlib.sha256(canonical(msgspec.to_builtins(recipe))).hexdigest()


def canonical(value: Any) -> bytes:  # noqa: ANN401 - JSON
    """JSON in one spelling: members in order of their names, no spaces, 2.0 written as 2."""
    return msgspec.json.encode(_plain(msgspec.to_builtins(value)), order="sorted")


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    match value:
        case bool():
            return value
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value
