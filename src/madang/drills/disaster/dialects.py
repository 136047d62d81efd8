"""How each dialect asks, and what a right answer and a proper end look like: the judge of what callers get.

It looks at JSON and events only, as a client of that dialect would.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from madang.drills.demo import DIALECTS as ASKING
from madang.drills.demo import Dialect, Question
from madang.drills.disaster.targets import MODEL
from madang.errors import ProviderBroken
from madang.wire.sse import EventDecoder

Json = dict[str, Any]

LAST = 12
_TEXT = f"Count from 1 to {LAST}."


class Heard(NamedTuple):
    """What became of one answer: `ok`, or what the caller saw. `ended`: as its dialect says it has to end."""

    kind: str
    ended: bool


class Way(NamedTuple):
    """A dialect, whole or streamed."""

    dialect: str
    stream: bool


class Ending(NamedTuple):
    """By its last event (None: `[DONE]`), whether a stream is over, and whether with an error."""

    over: Callable[[Json | None], bool]
    failed: Callable[[Json], bool]


def _responses_body(question: Question) -> Json:
    return {"model": question.model, "stream": question.stream, "input": question.text}


def _responses_text(answer: Json) -> str:
    parts = [part for item in answer["output"] for part in item.get("content") or ()]
    return "".join(str(part.get("text", "")) for part in parts)


def _responses_piece(event: Json) -> str:
    return str(event["delta"]) if event["type"] == "response.output_text.delta" else ""


def _gemini_over(event: Json | None) -> bool:
    candidates = (event or {}).get("candidates") or [{}]
    return bool(candidates[0].get("finishReason"))


def _has_error(event: Json) -> bool:
    return "error" in event


DIALECTS: dict[str, Dialect] = {
    **ASKING,
    "responses": Dialect(
        "OpenAI Responses",
        lambda _: "/v1/responses",
        _responses_body,
        _responses_text,
        _responses_piece,
    ),
}
_ENDINGS: dict[str, Ending] = {
    "chat": Ending(lambda event: event is None, _has_error),
    "messages": Ending(
        lambda event: event is not None and event.get("type") == "message_stop",
        lambda event: event.get("type") == "error",
    ),
    "gemini": Ending(_gemini_over, _has_error),
    "responses": Ending(
        lambda event: event is not None and event.get("type") == "response.completed",
        lambda event: event.get("type") in ("error", "response.failed"),
    ),
}
WAYS: tuple[Way, ...] = tuple(
    Way(dialect, stream) for stream in (False, True) for dialect in DIALECTS
)
"""Every dialect, whole and streamed."""


def asked(way: Way, model: str = MODEL) -> tuple[str, bytes]:
    """The path and the body of a request."""
    question = Question(way.dialect, model, _TEXT, way.stream)
    how = DIALECTS[way.dialect]
    return how.path(question), json.dumps(how.body(question)).encode()


def judge(way: Way, status: int, body: bytes) -> Heard:
    """What became of an answer that came whole, as far as HTTP can tell."""
    try:
        if status != 200:
            return Heard(f"{status} {_code(json.loads(body))}", ended=True)
        if way.stream:
            return _judge_events(way.dialect, _events(body))
        return _judge_text(DIALECTS[way.dialect].whole(json.loads(body)))
    except (ValueError, KeyError, IndexError, TypeError, ProviderBroken):
        return Heard("not of its dialect", ended=False)


def _events(body: bytes) -> list[Json | None]:
    decoder = EventDecoder()
    events = [*decoder.feed(body), *decoder.close()]
    return [None if event.data == b"[DONE]" else json.loads(event.data) for event in events]


def _judge_events(dialect: str, events: Sequence[Json | None]) -> Heard:
    how, ending = DIALECTS[dialect], _ENDINGS[dialect]
    told = [event for event in events if event is not None]
    wrong = [event for event in told if ending.failed(event)]
    if wrong:
        return Heard(f"stream error {_code(wrong[0])}", ended=told[-1] is wrong[-1])
    if not events or not ending.over(events[-1]):
        return Heard("stream without an end", ended=False)
    return _judge_text("".join(how.piece(event) for event in told))


def _judge_text(text: str) -> Heard:
    right = [int(number) for number in re.findall(r"\d+", text)] == list(range(1, LAST + 1))
    return Heard("ok" if right else "wrong answer", ended=True)


def _code(answer: Json) -> str:
    """What an error calls itself, in any of the dialects."""
    error = answer.get("error") or answer.get("response", {}).get("error") or answer
    return str(error.get("code") or error.get("status") or error.get("type") or "without a code")
