"""The JSON in what a model said, whatever stands around it."""

import json
from typing import Any, Final, NoReturn

from madang_studio.writing.judging import Fault

MOST_CHARS: Final = 1_000_000
_MOST_BEGINNINGS: Final = 20


def object_in(text: str) -> dict[str, Any] | Fault:
    """The longest JSON object in an answer: fenced, between sentences, or alone.

    A longer one that breaks off or has a mistake is meant instead, and that is the fault.
    """
    if len(text) > MOST_CHARS:
        return Fault((), f"has {len(text)} characters; at most {MOST_CHARS} are read")
    best: dict[str, Any] | Fault = Fault((), "has no JSON object in it")
    longest = 0
    start = text.find("{")
    for _ in range(_MOST_BEGINNINGS):
        if start < 0:
            break
        found, end = _object_at(text, start)
        if end - start > longest:
            best, longest = found, end - start
        start = text.find("{", max(end, start + 1))
    return best


def _object_at(text: str, start: int) -> tuple[dict[str, Any] | Fault, int]:
    """The object that begins there, or why it is none; and how far it was read."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()) - 1:
            told = f"stops after {len(text)} characters, before its JSON is complete"
            return Fault((), told), len(text)
        return Fault((), f"is no JSON: {error.msg} in line {error.lineno}"), error.pos
    except RecursionError:
        return Fault((), "is nested too deep"), len(text)
    except ValueError as error:
        return Fault((), f"is no JSON: {error}"), start + 1
    return value, end


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a value")


_DECODER: Final = json.JSONDecoder(strict=False, parse_constant=_refuse)
