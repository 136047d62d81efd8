"""Does the file have the shape of the settings: known keys, right types, numbers within bounds.

One rule: all faults are found in one pass. What does not fit is reported and left out, so that the
rest can be judged too. The types of `settings.py` (with their `Meta` bounds) are the only
description of the shape; nothing is said twice.
"""

from collections.abc import Collection
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType, inspect, structs

from madang.config.parsing.expected import Kind, mismatch
from madang.config.parsing.later import refusal
from madang.config.parsing.tree import Node
from madang.config.problems import Path, Problem, show, spell
from madang.config.suggest import did_you_mean

Plain = Any
"""A value as `msgspec.convert` takes it, or UNSET."""


def fit(root: Node, settings: type[Struct]) -> tuple[dict[str, Plain], list[Problem]]:
    """The file as plain values that `msgspec.convert` takes, and everything that did not fit."""
    fitter = _Fitter()
    plain = fitter.fit(root, settings, ())
    return plain if isinstance(plain, dict) else {}, fitter.problems


class _Fitter:
    """Walks tree and types side by side; what does not fit is reported and becomes UNSET."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def fit(self, node: Node, kind: Kind, path: Path) -> Plain:
        """`node` as a `kind`. A section left empty is an empty mapping or list."""
        refused = refusal(path, node.value)
        if refused:
            return self._leave_out(node, path, refused)
        kind = _variant(kind, node)
        container = _container(kind)
        if container is None:
            return self._leaf(node, kind, path)
        if not isinstance(node.value, container | None):
            return self._leave_out(node, path, mismatch(kind, node))
        if _origin(kind) is tuple:
            return self._list(node, get_args(kind)[0], path)
        if _origin(kind) is dict:
            return self._mapping(node, kind, path)
        return self._record(node, kind, path)

    def _record(self, node: Node, kind: type[Struct], path: Path) -> Plain:
        fields = {field.encode_name: field for field in structs.fields(kind)}
        entries = node.value if isinstance(node.value, dict) else {}
        plain: dict[str, Plain] = {}
        for key, entry in entries.items():
            if key in fields:
                plain[key] = self.fit(entry, fields[key].type, (*path, key))
            else:
                fault = refusal((*path, key), entry.value) or _unknown(key, entry, fields)
                self._leave_out(entry, (*path, key), fault)
        missing = [name for name, field in fields.items() if field.required and name not in plain]
        for name in missing:
            self._leave_out(node, path, f"`{name}` is missing")
        fitted = _without_unset(plain)
        unfit = any(field.required and name not in fitted for name, field in fields.items())
        return UNSET if unfit else fitted

    def _mapping(self, node: Node, kind: Kind, path: Path) -> dict[str, Plain]:
        """A mapping with names of the caller's own, or with words that are given."""
        entries = node.value if isinstance(node.value, dict) else {}
        names, values = get_args(kind)
        given = get_args(names) if get_origin(names) is Literal else None
        plain: dict[str, Plain] = {}
        for key, entry in entries.items():
            if given is not None and key not in given:
                self._leave_out(entry, (*path, key), _unknown(key, entry, given))
            else:
                plain[key] = self.fit(entry, values, (*path, key))
        return _without_unset(plain)

    def _list(self, node: Node, kind: Kind, path: Path) -> Plain:
        """A list. With an unfit item it is left out whole: the rest would be counted wrongly."""
        items = node.value if isinstance(node.value, list) else []
        fitted = [self.fit(item, kind, (*path, index)) for index, item in enumerate(items)]
        return UNSET if any(value is UNSET for value in fitted) else fitted

    def _leaf(self, node: Node, kind: Kind, path: Path) -> Plain:
        """A value. A number or switch from the environment, which only has text, is converted."""
        as_text = node.from_environment and not _takes_text(kind)
        try:
            return msgspec.convert(node.value, kind, strict=not as_text)
        except msgspec.ValidationError:
            return self._leave_out(node, path, mismatch(kind, node))

    def _leave_out(self, node: Node, path: Path, message: str) -> UnsetType:
        self.problems.append(Problem(spell(path), message, node.line))
        return UNSET


def _variant(kind: Kind, node: Node) -> Kind:
    """Of a type like `str | TargetRef` the record when a mapping stands there; the list where there is one."""
    if isinstance(node.value, dict | list) and _origin(kind) in (UnionType, Union):
        wanted = type(node.value)
        return next((option for option in get_args(kind) if _container(option) is wanted), kind)
    return kind


def _container(kind: Kind) -> type | None:
    """What a type is made of in the file: dict, list, or None for a single value."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return dict
    origin = _origin(kind)
    return dict if origin is dict else list if origin is tuple else None


def _origin(kind: Kind) -> object:
    """The `dict` of `dict[str, …]` and so on; None for a type without parameters."""
    origin: object = get_origin(kind)
    return origin


def _takes_text(kind: Kind) -> bool:
    info = inspect.type_info(kind)
    parts = info.types if isinstance(info, inspect.UnionType) else (info,)
    if any(isinstance(part, inspect.IntType | inspect.FloatType) for part in parts):
        return False  # beside a number there may be a word
    return any(isinstance(part, inspect.StrType | inspect.LiteralType) for part in parts)


def _unknown(key: str, entry: Node, known: Collection[str]) -> str:
    if ":" in key and entry.value is None:
        return "a space is missing after the colon"
    listing = ", ".join(sorted(known))
    return f"unknown key `{show(key)}`.{did_you_mean(key, known)} Known here: {listing}"


def _without_unset(plain: dict[str, Plain]) -> dict[str, Plain]:
    return {key: value for key, value in plain.items() if value is not UNSET}
