"""Token counts, both ways.

Anthropic's `input_tokens` leaves out what the cache served or stored, the neutral `input` includes
it (https://platform.claude.com/docs/en/build-with-claude/prompt-caching, tracking cache
performance).
"""

from typing import Any

from madang.model import Json, Usage, special_tier


def read_usage(raw: Json) -> Usage | None:
    """Read the usage of one answer; None when there is none. Missing or odd figures count as 0."""
    if not isinstance(raw, dict):
        return None
    made = raw.get("cache_creation")
    made = made if isinstance(made, dict) else {}
    long_lived = _count(made, "ephemeral_1h_input_tokens")
    written = _count(raw, "cache_creation_input_tokens")
    written = written or long_lived + _count(made, "ephemeral_5m_input_tokens")
    read = _count(raw, "cache_read_input_tokens")
    details = raw.get("output_tokens_details")
    served = raw.get("server_tool_use")
    searches = _count(served, "web_search_requests") if isinstance(served, dict) else 0
    return Usage(
        input=_count(raw, "input_tokens") + read + written,
        output=_count(raw, "output_tokens"),
        cache_read=read,
        cache_write=written,
        cache_write_1h=min(long_lived, written),
        reasoning=_count(details, "thinking_tokens") if isinstance(details, dict) else 0,
        tier=_tier(raw),
        units={"searches": searches} if searches else {},
    )


def _tier(raw: dict[str, Any]) -> str | None:
    """The service tier; the fast mode, which Anthropic names beside it, has prices of its own and counts as one."""
    if raw.get("speed") == "fast":
        return "fast"
    return special_tier(raw.get("service_tier"))


def write_usage(usage: Usage | None) -> dict[str, Any]:
    """Return Anthropic's usage object, complete: clients expect all four figures."""
    usage = usage or Usage()
    written: dict[str, Any] = {
        "input_tokens": max(0, usage.input - usage.cache_read - usage.cache_write),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if usage.cache_write:
        written["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write - usage.cache_write_1h,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        }
    if usage.reasoning:
        written["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return written


def _count(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    return value if type(value) is int and value > 0 else 0
