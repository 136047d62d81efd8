"""What a setting's type looks like to the person who writes it, and what stands there instead."""

from typing import Any

from msgspec import inspect

from madang.config.parsing.tree import Node
from madang.config.problems import show
from madang.config.suggest import did_you_mean

Kind = Any
"""A type as `settings.py` writes it: a record, a dict or tuple, a union, or a single value's."""

_SHOWN = (inspect.IntType, inspect.FloatType, inspect.BoolType, inspect.LiteralType)


def mismatch(kind: Kind, node: Node) -> str:
    """`expected …, found …`, and a hint. Shows no text unless one of a few words was expected."""
    wanted = _parts(inspect.type_info(kind))
    shown = any(isinstance(part, _SHOWN) for part in wanted) and not node.from_environment
    expected = " or ".join(_expected(part) for part in wanted)
    return f"expected {expected}, found {_found(node, shown=shown)}{_hint(wanted, node)}"


def _parts(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """The alternatives of a type; that it may be left out (None) goes without saying."""
    parts = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return tuple(part for part in parts if not isinstance(part, inspect.NoneType))


def _expected(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "`true` or `false`"
        case inspect.IntType():
            return f"a whole number{_bounds(kind)}"
        case inspect.FloatType():
            return f"a number{_bounds(kind)}"
        case inspect.DecimalType():
            return "a number"
        case inspect.DateType():
            return "a day such as 2026-11-20"
        case inspect.LiteralType():
            return f"one of {', '.join(f'`{value}`' for value in kind.values)}"
        case inspect.StructType():
            return f"a mapping of {', '.join(f'`{field.encode_name}`' for field in kind.fields)}"
        case inspect.DictType():
            return "a mapping of names to values"
        case inspect.VarTupleType():
            return "a list"
        case _:
            return "text"


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    bounds = [
        f"{words} {bound:,}"
        for words, bound in (("above", kind.gt), ("from", kind.ge), ("up to", kind.le))
        if bound is not None
    ]
    return f" {' '.join(bounds)}" if bounds else ""


def _found(node: Node, *, shown: bool) -> str:
    match node.value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"`{show(node.value)}`" if shown and node.value else "text"
        case bool():
            return f"`{str(node.value).lower()}`"
        case _:
            return f"{node.value}" if shown else "a number"


def _hint(wanted: tuple[inspect.Type, ...], node: Node) -> str:
    scalar = isinstance(node.value, bool | int | float | str)
    for kind in wanted:
        match kind:
            case inspect.StrType() if scalar:
                return "; put it in quotes"
            case inspect.VarTupleType() if scalar:
                return "; write it as a list, `[…]`"
            case inspect.LiteralType() if isinstance(node.value, str) and not node.from_environment:
                hint = did_you_mean(node.value, [str(value) for value in kind.values])
                return f";{hint.lower()}" if hint else ""
    return ""
