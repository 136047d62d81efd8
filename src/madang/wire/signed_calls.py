"""Gemini's signatures of tool calls, in dialects whose calls have no place for one.

Such a signature travels as thinking of its own that names the call, and finds it again.
"""

from msgspec.structs import replace

from madang.model import Part, Thinking, ToolCall


def call_signature(call_id: str, signature: str) -> Thinking:
    """Return the thinking that carries a call's signature, to be written next to it."""
    return Thinking("", signature, redacted=True, id=call_id, origin="gemini")


def signed_calls(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Give the calls of a turn their signatures back."""
    calls = {part.id for part in parts if isinstance(part, ToolCall)}
    signatures = {
        part.id: part.signature
        for part in parts
        if isinstance(part, Thinking) and part.origin == "gemini" and part.id in calls
    }
    if not signatures:
        return parts
    return tuple(
        replace(part, signature=signatures.get(part.id)) if isinstance(part, ToolCall) else part
        for part in parts
        if not (isinstance(part, Thinking) and part.id in signatures)
    )
