"""`usageMetadata`, both ways (https://ai.google.dev/api/generate-content#UsageMetadata).

On this wire the prompt includes what was read from the cache, the prompts of server-side tools are
counted beside it, and `candidatesTokenCount` leaves the thoughts out. The neutral input includes
all that was read, the neutral output the thoughts.
"""

from typing import Any

from madang.model import Json, Usage, special_tier


def read_usage(metadata: object) -> Usage | None:
    """Tokens of a usageMetadata object, if it is one; what is no positive integer counts as 0."""
    if not isinstance(metadata, dict):
        return None
    thoughts = _tokens(metadata, "thoughtsTokenCount")
    return Usage(
        input=_tokens(metadata, "promptTokenCount") + _tokens(metadata, "toolUsePromptTokenCount"),
        output=_tokens(metadata, "candidatesTokenCount") + thoughts,
        cache_read=_tokens(metadata, "cachedContentTokenCount"),
        reasoning=thoughts,
        audio_input=_audio(metadata.get("promptTokensDetails")),
        audio_output=_audio(metadata.get("candidatesTokensDetails")),
        tier=special_tier(metadata.get("serviceTier")),
    )


def _tokens(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    return value if type(value) is int and value > 0 else 0


def _audio(details: object) -> int:
    """Tokens of sound among the counts per modality."""
    if not isinstance(details, list):
        return 0
    return sum(
        _tokens(item, "tokenCount")
        for item in details
        if isinstance(item, dict) and item.get("modality") == "AUDIO"
    )


def write_usage(usage: Usage) -> dict[str, Json]:
    """A usageMetadata object. Cache writes have no place in it: Gemini bills them apart.

    Where a provider reports more reasoning than output, the sum that is billed is kept, and the detail left out.
    """
    thoughts = usage.reasoning if usage.reasoning <= usage.output else 0
    metadata: dict[str, Json] = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - thoughts,
        "totalTokenCount": usage.input + usage.output,
    }
    if thoughts:
        metadata["thoughtsTokenCount"] = thoughts
    if usage.cache_read:
        metadata["cachedContentTokenCount"] = usage.cache_read
    if usage.audio_input:
        metadata["promptTokensDetails"] = _details(usage.input, usage.audio_input)
    if usage.audio_output:
        metadata["candidatesTokensDetails"] = _details(usage.output - thoughts, usage.audio_output)
    return metadata


def _details(total: int, audio: int) -> list[Json]:
    return [
        {"modality": "TEXT", "tokenCount": max(0, total - audio)},
        {"modality": "AUDIO", "tokenCount": audio},
    ]
