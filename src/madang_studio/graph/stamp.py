"""The hash of what an artefact depends on. Equal dependencies give equal stamps, on any machine."""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from madang_studio.graph.steps import STEPS
from madang_studio.model.work import Node
from madang_studio.store import Recipe

_encode: Final = msgspec.json.Encoder(order="sorted").encode


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
    return hashlib.sha256(canonical(recipe)).hexdigest()


def canonical(value: object) -> bytes:
    """JSON in one spelling: members in order of their names, no spaces."""
    return _encode(value)
