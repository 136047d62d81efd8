"""From a request to what is to be sent for it: the wire reads, the brain answers, the cache and the book are kept.

Everything here is decided before the first byte goes out; sending is the business of `delivery`.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from msgspec import DecodeError, Struct, json

from madang.drills.simulator.book import Book, Charge
from madang.drills.simulator.brain.answering import answer
from madang.drills.simulator.delivery import Flow, Whole
from madang.drills.simulator.measuring import PromptCache, blocks
from madang.drills.simulator.records import Exchange, Prompt, Refused, Usage
from madang.drills.simulator.wires import embeddings
from madang.drills.simulator.wires.anthropic.answer import WIRE as MESSAGES
from madang.drills.simulator.wires.anthropic.request import read_count as read_messages_count
from madang.drills.simulator.wires.contract import Asked, Caller, Headers, Wire
from madang.drills.simulator.wires.gemini.answer import WIRE as GEMINI
from madang.drills.simulator.wires.gemini.request import read_count as read_gemini_count
from madang.drills.simulator.wires.models import models
from madang.drills.simulator.wires.openai_chat.answer import WIRE as CHAT
from madang.drills.simulator.wires.openai_responses.stored import Stored
from madang.drills.simulator.wires.usage import report as write_report

_JSON = (b"content-type", b"application/json")


class _ModelOnly(Struct):
    model: str = ""


def model_of(body: bytes) -> str:
    """The model that a JSON body names; empty where it names none."""
    try:
        return json.decode(body, type=_ModelOnly).model
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return ""


class Played(NamedTuple):
    """What to send, and what to book for it (nothing for lists and counts)."""

    answer: Whole | Flow
    charge: Charge | None = None


Play = Callable[[Asked, str, float], Played]
"""Plays one kind of request: what is asked, the request's key, the time (Unix, seconds). Raises Refused."""


class Stage:
    """The state that requests share: the prompt cache, stored responses, the keys of requests."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._cache = PromptCache()
        self.responses = Stored().wire()
        # two simulators must not mint the same ids: a conversation may move from one to the other
        self._salt = token_bytes(16)
        self._count = 0

    def next_key(self) -> str:
        """A key for the next request: 32 hexadecimal digits."""
        self._count += 1
        return blake2b(self._count.to_bytes(8), key=self._salt, digest_size=16).hexdigest()

    def generate(self, wire: Wire) -> Play:
        """Plays generations in a wire format."""

        def play(asked: Asked, key: str, now_s: float) -> Played:
            prompt = wire.read(asked)
            prompt = replace(prompt, seed=prompt.seed + self._seed) if self._seed else prompt
            exchange = self._exchange(wire, prompt, key, now_s)
            added = wire.headers(key, exchange.usage, int(now_s))
            charge = Charge(wire.identify(exchange), prompt.model, wire.name, exchange.usage)
            if not prompt.stream:
                return Played(
                    Whole([_JSON, *added], wire.answer(exchange), exchange.usage.output), charge
                )
            return Played(_flow(wire, exchange, added), charge)

        return play

    def _exchange(self, wire: Wire, prompt: Prompt, key: str, now_s: float) -> Exchange:
        laid_out = blocks(prompt)
        wire.fit(prompt, sum(block.tokens for block in laid_out))
        remember = self._cache.marked if wire.marks_cache else self._cache.automatic
        usage = remember(prompt.model, laid_out, now_s)
        replies = answer(prompt)
        output = sum(reply.tokens for reply in replies)
        thoughts = sum(reply.thought_tokens for reply in replies)
        return Exchange(
            key, int(now_s), prompt, replies, replace(usage, output=output, reasoning=thoughts)
        )


def _flow(wire: Wire, exchange: Exchange, added: Headers) -> Flow:
    return Flow(
        headers=[
            (b"content-type", wire.stream_type(exchange.prompt)),
            (b"cache-control", b"no-cache"),
            *added,
        ],
        frames=wire.stream(exchange),
        tokens=exchange.usage.output,
        broken_event=wire.broken_event,
        error_event=wire.error_event(Refused("overloaded"), exchange.prompt),
    )


def _plain(wire: Wire, body: bytes, key: str, now_s: float) -> Played:
    return Played(Whole([_JSON, *wire.headers(key, None, int(now_s))], body))


def count_messages(asked: Asked, key: str, now_s: float) -> Played:
    """Anthropic's count_tokens: free of charge."""
    tokens = _tokens(read_messages_count(asked))
    return _plain(MESSAGES, json.encode({"input_tokens": tokens}), key, now_s)


def count_gemini(asked: Asked, key: str, now_s: float) -> Played:
    """Gemini's countTokens: free of charge."""
    tokens = _tokens(read_gemini_count(asked.body, asked.model))
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return _plain(
        GEMINI,
        json.encode({"totalTokens": tokens, "promptTokensDetails": details}),
        key,
        now_s,
    )


def _tokens(prompt: Prompt) -> int:
    return sum(block.tokens for block in blocks(prompt))


def embed_openai(asked: Asked, key: str, now_s: float) -> Played:
    """OpenAI's embeddings."""
    body, model, usage = embeddings.openai_embeddings(asked)
    return _embedded(CHAT, body, model, usage, (key, now_s))


def embed_gemini(asked: Asked, key: str, now_s: float) -> Played:
    """Gemini's embedContent and batchEmbedContents."""
    body, model, usage = embeddings.gemini_embedding(asked)
    return _embedded(GEMINI, body, model, usage, (key, now_s))


def _embedded(wire: Wire, body: bytes, model: str, usage: Usage, when: tuple[str, float]) -> Played:
    key, now_s = when
    headers = [_JSON, *wire.headers(key, usage, int(now_s))]
    return Played(Whole(headers, body), Charge(f"emb-{key}", model, "embeddings", usage))


def list_models(wire: Wire) -> Play:
    """The list of models, or one of them, in a wire's shape."""

    def play(asked: Asked, key: str, now_s: float) -> Played:
        return _plain(wire, models(wire.name, asked.model), key, now_s)

    return play


def report(wire: Wire, book: Book, what: str) -> Play:
    """What was used and charged, as OpenAI's and Anthropic's administration tells it: `what` is the end of the path."""

    def play(asked: Asked, key: str, now_s: float) -> Played:
        body = json.encode(write_report(what, asked.query, book.days, now_s))
        return _plain(wire, body, key, now_s)

    return play


def refusal(
    wire: Wire, refused: Refused, caller: Caller, now_s: float
) -> tuple[int, Headers, bytes]:
    """Status, headers and body of a refusal in a wire's shape."""
    status, body = wire.refuse(refused, caller)
    headers = [_JSON, *wire.headers(caller.request_key, None, int(now_s))]
    if refused.retry_after_s is not None:
        headers.append((b"retry-after", b"%g" % refused.retry_after_s))
    return status, headers, body
