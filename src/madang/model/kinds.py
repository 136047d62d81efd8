"""The words that everything else is said in."""

from typing import Any, Final, Literal

Dialect = Literal[
    "chat",
    "responses",
    "messages",
    "gemini",
    "completions",
    "embeddings",
    "gemini_embed",
    "gemini_batch_embed",
    "videos",
    "speech",
    "images",
    "transcriptions",
]
"""A wire format.

OpenAI Chat Completions and Responses, Anthropic Messages, Gemini generateContent; OpenAI's legacy
Completions, which only callers speak; OpenAI Embeddings, Gemini embedContent and
batchEmbedContents. The last four are work and no format: media, which each kind of provider is
asked for in its own way (`wire/media`).
"""

ProviderKind = Literal[
    "openai",
    "anthropic",
    "gemini",
    "runway",
    "fal",
    "kling",
    "vertex",
    "seedance",
    "elevenlabs",
    "stability",
]
"""The APIs of providers that are spoken; from `runway` on, of makers of media."""

MEDIA: Final[frozenset[Dialect]] = frozenset(("videos", "speech", "images", "transcriptions"))
"""Work that the dialects of text do not carry."""

EMBEDDING: Final[frozenset[Dialect]] = frozenset(
    ("embeddings", "gemini_embed", "gemini_batch_embed")
)
"""The dialects that turn texts into vectors; all others generate. A model does one or the other."""

Feature = Literal[
    "tools",
    "parallel_tools",
    "images",
    "audio_input",
    "audio_output",
    "video_input",
    "documents",
    "json_schema",
    "json_mode",
    "thinking",
    "cache",
    "logprobs",
    "n",
    "system",
    "stop",
]
"""What a model can do or not: call tools, several at once; take pictures, sound, film, files; answer in sound, in
JSON, by a schema; think; cache prompts; tell log probabilities; give several answers; heed a system prompt and
stop sequences.
"""

Role = Literal["system", "user", "assistant"]

Stop = Literal["stop", "length", "tool_calls", "content_filter", "pause", "error"]
"""Why an answer ended. `pause`: the provider wants to be called again with what it said (Anthropic's pause_turn)."""

Json = Any
"""A decoded JSON value."""
