"""Token counts in every shape that Chat Completions providers send, and in the one that is written."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from madang.model import Json, Usage, special_tier

_MOST = 10**12
"""Counts beyond this are a defect of the provider; a ledger need not overflow on them."""

_Count = Annotated[int, Meta(ge=0, le=_MOST)]


class _Details(Struct):
    cached_tokens: _Count | None = 0
    cache_write_tokens: _Count | None = 0
    cache_creation_tokens: _Count | None = 0
    reasoning_tokens: _Count | None = 0
    audio_tokens: _Count | None = 0


_NO_DETAILS = _Details()


class PlainUsage(Struct):
    """The same counts, for a decoder that reads them at once. What does not fit is left to `read_usage`."""

    prompt_tokens: _Count
    completion_tokens: _Count
    total_tokens: _Count | None = 0
    reasoning_tokens: _Count | None = 0
    cached_tokens: _Count | None = 0
    prompt_cache_hit_tokens: _Count | None = 0
    num_cached_tokens: _Count | None = 0
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    search_context_size: str | None = None

    def neutral(self, tier: str | None = None) -> Usage:
        """The counts as `find_usage` would give them."""
        prompt = self.prompt_tokens_details or _NO_DETAILS
        completion = self.completion_tokens_details or _NO_DETAILS
        output = self.completion_tokens
        reasoning = completion.reasoning_tokens or self.reasoning_tokens or 0
        if reasoning and self.total_tokens == self.prompt_tokens + output + reasoning:
            output += reasoning
        return Usage(
            self.prompt_tokens,
            output,
            prompt.cached_tokens
            or self.prompt_cache_hit_tokens
            or self.num_cached_tokens
            or self.cached_tokens
            or 0,
            prompt.cache_write_tokens or prompt.cache_creation_tokens or 0,
            reasoning,
            prompt.audio_tokens or 0,
            completion.audio_tokens or 0,
            tier=None if tier is None else special_tier(tier),
            units={} if self.search_context_size is None else _units(self.search_context_size),
        )


def read_usage(usage: Json, tier: Json = None) -> Usage | None:
    """A `usage` object as neutral counts; None when it is none.

    Cached tokens stand in four places: OpenAI's details, DeepSeek's `prompt_cache_hit_tokens`,
    Mistral's `num_cached_tokens`, Moonshot's `cached_tokens`. xAI leaves reasoning out of
    `completion_tokens`, as its total shows.
    """
    if not isinstance(usage, dict):
        return None
    try:
        plain = msgspec.convert(usage, PlainUsage)
    except msgspec.ValidationError:
        return _odd_usage(usage, tier)
    return plain.neutral(tier if isinstance(tier, str) else None)


def _odd_usage(usage: dict[str, Any], tier: Json) -> Usage:
    """The same of an object some of whose counts are missing, or none: they are 0."""
    prompt = _details(usage, "prompt_tokens_details")
    completion = _details(usage, "completion_tokens_details")
    output = _count(usage, "completion_tokens")
    entered = _count(usage, "prompt_tokens")
    reasoning = _count(completion, "reasoning_tokens") or _count(usage, "reasoning_tokens")
    if reasoning and _count(usage, "total_tokens") == entered + output + reasoning:
        output += reasoning
    return Usage(
        input=entered,
        output=output,
        cache_read=_count(prompt, "cached_tokens")
        or _count(usage, "prompt_cache_hit_tokens")
        or _count(usage, "num_cached_tokens")
        or _count(usage, "cached_tokens"),
        cache_write=_count(prompt, "cache_write_tokens") or _count(prompt, "cache_creation_tokens"),
        reasoning=reasoning,
        audio_input=_count(prompt, "audio_tokens"),
        audio_output=_count(completion, "audio_tokens"),
        tier=special_tier(tier),
        units=_units(usage.get("search_context_size")),
    )


def _units(searched: Json) -> dict[str, int]:
    """Perplexity's requests cost by how much is searched for them: low, medium or high."""
    return {f"requests.{searched}": 1} if isinstance(searched, str) and searched.isalpha() else {}


def find_usage(answer: dict[str, Any]) -> Usage | None:
    """The counts of an answer or of a chunk: in `usage`, or in Groq's `x_groq.usage`; with the tier beside them."""
    tier = answer.get("service_tier")
    usage = read_usage(answer.get("usage"), tier)
    if usage is None and isinstance(groq := answer.get("x_groq"), dict):
        usage = read_usage(groq.get("usage"), tier)
    return usage


def write_usage(usage: Usage) -> dict[str, Any]:
    """OpenAI's `usage` object. Cache writes go by OpenRouter's name, as OpenAI has none."""
    prompt = {"cached_tokens": usage.cache_read}
    if usage.cache_write:
        prompt["cache_write_tokens"] = usage.cache_write
    if usage.audio_input:
        prompt["audio_tokens"] = usage.audio_input
    completion = {"reasoning_tokens": usage.reasoning}
    if usage.audio_output:
        completion["audio_tokens"] = usage.audio_output
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": completion,
    }


def _details(usage: dict[str, Any], name: str) -> dict[str, Any]:
    details = usage.get(name)
    return details if isinstance(details, dict) else {}


def _count(counts: dict[str, Any], name: str) -> int:
    """A count; 0 where it is missing or not one."""
    value = counts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        return 0
    return int(value)
