"""What differs from the recordings and stays so, each with its reason. A test finds rows that are needed no more."""

from fnmatch import fnmatchcase
from typing import NamedTuple


class Remainder(NamedTuple):
    """A difference that is accepted: in recordings named so, towards these clients, in this field.

    `known` False: only where the request is for a model that nobody knows.
    """

    recordings: str
    clients: tuple[str, ...]
    field: str
    reason: str
    known: bool = True


_EVERYBODY = ("chat", "responses", "messages", "gemini")
ANSWERS = (
    Remainder(
        "openai-chat/ai-gateway__chat-text-to-audio__0.json",
        ("responses",),
        "text",
        "Responses has no place for sound: its transcript is told as text",
    ),
    Remainder(
        "azure/ruby_llm__*azure_grok-4-1-fast-non-reasoning*",
        ("messages",),
        "usage.input",
        "the provider reports more cached tokens than prompt tokens; Anthropic's input_tokens leaves the "
        "cached ones out, so that only a negative figure would give both back: it is 0, the cached ones as told",
    ),
)
REQUESTS = (
    Remainder(
        "anthropic/pydantic-ai__test_anthropic_mid_conversation_system-*",
        ("chat",),
        "messages.count",
        "only some of Claude's models take system messages between turns; behind a name that nobody "
        "knows they join the system prompt, which every model takes",
        known=False,
    ),
    Remainder(
        "anthropic/pydantic-ai__test_anthropic_mid_conversation_system-*",
        ("chat",),
        "system",
        "as above",
        known=False,
    ),
)


def accepted(
    rows: tuple[Remainder, ...], recording: str, client: str, field: str
) -> Remainder | None:
    """The row that accepts a difference."""
    for row in rows:
        if client in row.clients and field == row.field and fnmatchcase(recording, row.recordings):
            return row
    return None
