"""A body with a lower bound on its answer: the caller's own bytes but for that number."""

from typing import Any, Final

import msgspec

from madang.model import Dialect, Request
from madang.wire import json

LEAST_TOKENS: Final = 16
"""No bound is set lower: OpenAI refuses less, and nothing useful fits into it."""

_GEMINI: Final = ("maxOutputTokens", "max_output_tokens")
_GEMINI_CONFIGS: Final = ("generationConfig", "generation_config")
_PLACES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "chat": {"max_completion_tokens": (), "max_tokens": ()},
    "responses": {"max_output_tokens": ()},
    "messages": {"max_tokens": ()},
    "gemini": {"generationConfig": _GEMINI, "generation_config": _GEMINI},
}
"""Where each dialect says it: in a member of the body, or in members of that."""


def set_bound(body: bytes, dialect: Dialect, tokens: int, chat_name: str = "max_tokens") -> bytes:
    """The body with every bound above `tokens` lowered to that; one where there was none.

    A bound of 0 or less, which some servers take for none, counts as too high; a number may be
    written as text. `chat_name` is the member by which a Chat Completions provider is told. What is
    no number stays: it is for the provider to refuse.
    """
    fields: dict[str, Any] = dict(json.raw_fields(body))
    is_bounded = False
    for name, inner in _PLACES.get(dialect, {}).items():
        if name not in fields:
            continue
        value = json.decode(fields[name])
        if inner and isinstance(value, dict):
            given = {one: value[one] for one in inner if value.get(one) is not None}
            is_bounded = is_bounded or bool(given)
            fields[name] = {**value, **{one: _lowered(given[one], tokens) for one in given}}
        elif not inner and value is not None:
            is_bounded = True
            fields[name] = _lowered(value, tokens)
    if not is_bounded:
        _add(fields, dialect, tokens, chat_name)
    return json.encode(fields)


def _add(fields: dict[str, Any], dialect: Dialect, tokens: int, chat_name: str) -> None:
    """Put a bound where there is none, or nothing but null."""
    if dialect == "gemini":
        name = _GEMINI_CONFIGS[1] if _GEMINI_CONFIGS[1] in fields else _GEMINI_CONFIGS[0]
        config = fields.get(name)
        if isinstance(config, bytes | msgspec.Raw):
            config = json.decode(config)
        if config is None or isinstance(config, dict):
            fields[name] = {**(config or {}), _GEMINI[0]: tokens}
    elif dialect in _PLACES:
        fields[chat_name if dialect == "chat" else next(iter(_PLACES[dialect]))] = tokens


def room_for_thinking(request: Request) -> int:
    """Tokens that a bound must leave: what the model may think with, which providers take out of it."""
    wish = request.reasoning
    return 0 if wish is None or wish.budget_tokens is None else wish.budget_tokens + 1


def _lowered(value: Any, tokens: int) -> Any:  # noqa: ANN401 - what the caller wrote
    number = json.number(value)
    return tokens if number is not None and not 0 < number <= tokens else value
