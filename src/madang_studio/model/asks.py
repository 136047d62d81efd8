"""What the studio asks of models, and what it gets. `name` is always the Idempotency-Key."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

Timing = tuple[tuple[str, int, int], ...]
"""Pieces of a text with start and end in milliseconds."""


class Said(Struct, frozen=True, kw_only=True):
    """An answer in words. `cost_nusd` in nano-dollars, None where the gateway knows no price."""

    text: str
    model: str
    request: str
    cost_nusd: int | None


class ChatAsk(Struct, frozen=True, kw_only=True):
    """A question. `schema`: a JSON schema that the answer has to follow, `title` its name.

    `model` may be a task of the gateway's (`task:script`). `name` is the Idempotency-Key.
    """

    name: str
    model: str
    system: str
    user: str
    schema: Mapping[str, Any] | None = None
    title: str = "answer"
    seed: int | None = None
    most_tokens: int | None = None


class VideoAsk(Struct, frozen=True, kw_only=True):
    """A clip that is wanted. `hurry`: within a minute, if any model can."""

    name: str
    model: str
    prompt: str
    negative: str | None
    duration_ms: int
    aspect: str
    seed: int
    hurry: bool = False


class SpeechAsk(Struct, frozen=True, kw_only=True):
    """A text to be spoken, as WAV. `speed` is a factor, `instructions` how it should sound."""

    name: str
    model: str
    text: str
    voice: str
    language: str
    instructions: str | None
    speed: float
    seed: int


class Got(Struct, frozen=True, kw_only=True):
    """A file that was made. `timing`: of a spoken text, where it is known."""

    model: str
    provider: str
    request: str
    cost_nusd: int | None
    timing: Timing = ()
