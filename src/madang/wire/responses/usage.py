"""Token counts, both ways. Input includes what the cache served or stored, output the reasoning."""

from typing import Any

from madang.model import Json, Usage, special_tier
from madang.wire.responses.members import object_of, objects_of, text_of

_MOST = 10**12
"""Counts beyond this are a defect of the provider; a ledger need not overflow on them."""


def read_usage(response: Json) -> Usage | None:
    """What a response says it used, as neutral counts; None when it has no `usage` object.

    The tier and the searches stand beside that object: the latter are items of the output.
    """
    usage = response.get("usage") if isinstance(response, dict) else None
    if not isinstance(usage, dict):
        return None
    searches = sum(map(_is_search, objects_of(response, "output")))
    return usage_of(usage, text_of(response, "service_tier"), searches)


def usage_of(usage: dict[str, Any], tier: str | None, searches: int) -> Usage:
    """A `usage` object as neutral counts, with what stands beside it."""
    entered = object_of(usage, "input_tokens_details")
    made = object_of(usage, "output_tokens_details")
    return Usage(
        input=_count(usage, "input_tokens"),
        output=_count(usage, "output_tokens"),
        cache_read=_count(entered, "cached_tokens"),
        cache_write=_count(entered, "cache_write_tokens"),
        reasoning=_count(made, "reasoning_tokens"),
        audio_input=_count(entered, "audio_tokens"),
        audio_output=_count(made, "audio_tokens"),
        tier=special_tier(tier),
        units={"searches": searches} if searches else {},
    )


def _is_search(item: dict[str, Any]) -> bool:
    """Whether an item is a search of the web: to open a page that was found costs nothing."""
    kind = object_of(item, "action").get("type", "search")
    return item.get("type") == "web_search_call" and kind == "search"


def write_usage(usage: Usage | None) -> dict[str, Any] | None:
    """Return OpenAI's `usage` object, complete: its SDKs expect every member."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }


def _count(counts: dict[str, Any], name: str) -> int:
    """A count; 0 where it is missing or not one."""
    value = counts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        return 0
    return int(value)
