"""The JSON in what a model said, whatever stands around it."""

import json
from typing import Any, Final, NoReturn

from madang_studio.writing.judging import Fault

MOST_CHARS: Final = 1_000_000
_MOST_BEGINNINGS: Final = 20


def object_in(text: str) -> dict[str, Any] | Fault:
    """The longest JSON object in an answer: fenced, between sentences, or alone."""
    if len(text) > MOST_CHARS:
        return Fault((), f"has {len(text)} characters; at most {MOST_CHARS} are read")
    found: list[tuple[int, dict[str, Any]]] = []
    first: ValueError | RecursionError | None = None
    start = text.find("{")
    for _ in range(_MOST_BEGINNINGS):
        if start < 0:
            break
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            first = first or error
            end = start + 1
        else:
            found.append((end - start, value))
        start = text.find("{", end)
    if found:
        return max(found, key=lambda one: one[0])[1]
    return _why_not(text, first)


def _why_not(text: str, error: ValueError | RecursionError | None) -> Fault:
    match error:
        case None:
            return Fault((), "has no JSON object in it")
        case json.JSONDecodeError() if _at_the_end(error, text):
            return Fault((), f"stops after {len(text)} characters, before its JSON is complete")
        case json.JSONDecodeError():
            return Fault((), f"is no JSON: {error.msg} in line {error.lineno}")
        case RecursionError():
            return Fault((), "is nested too deep")
    return Fault((), f"is no JSON: {error}")


def _at_the_end(error: json.JSONDecodeError, text: str) -> bool:
    return error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()) - 1


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a value")


_DECODER: Final = json.JSONDecoder(strict=False, parse_constant=_refuse)
