"""A provider's whole answer as a neutral Answer; and, for a relayed one, only its usage and stop.

One rule: shape is forgiven, meaning is not. What is missing or odd is left out; what is no answer
at all is a ProviderBroken, and an error inside a 200 is the error that it says.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from madang.errors import ProviderBroken, ProviderError
from madang.model import Answer, Choice, Citation, Json, Part, Refusal, Text, ToolCall
from madang.wire import json
from madang.wire.chat.outputs import (
    CallIds,
    annotation,
    audio_part,
    content_parts,
    dicts,
    executed_tools,
    image_parts,
    legacy_call,
    listed_citations,
)
from madang.wire.chat.read_messages import arguments_text, call_signature
from madang.wire.chat.stops import read_stop
from madang.wire.chat.thinking import read_thinking
from madang.wire.chat.usage import PlainUsage, find_usage
from madang.wire.contract import Answered
from madang.wire.openai_errors import error_inside


def read_answer(body: bytes) -> Answer:
    """Read an answer. Raises ProviderBroken where it is none, another ProviderError where it carries an error."""
    answer = json.answer_object(body)
    choices = dicts(answer.get("choices"))
    if not choices:
        error = error_inside(answer, body)
        raise error or ProviderBroken("the provider's answer has no choices")
    model, answer_id, created = answer.get("model"), answer.get("id"), answer.get("created")
    tier = answer.get("service_tier")
    sources = listed_citations(answer)
    ids = CallIds(answer_id)
    return Answer(
        model=model if isinstance(model, str) else "",
        choices=tuple(
            _read_choice(choice, ids, [] if index else sources)
            for index, choice in enumerate(choices)
        ),
        id=answer_id if isinstance(answer_id, str) else None,
        created_s=created if isinstance(created, int) else None,
        usage=find_usage(answer),
        service_tier=tier if isinstance(tier, str) else None,
    )


def _read_choice(choice: dict[str, Any], ids: CallIds, sources: list[Citation]) -> Choice:
    message = choice.get("message")
    if not isinstance(message, dict):
        delta = choice.get("delta")
        message = delta if isinstance(delta, dict) else {}
    calls = _read_calls(message, ids)
    parts = [*_read_parts(message, sources), *calls]
    reason = choice.get("finish_reason")
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return Choice(
        parts=tuple(parts),
        # some providers leave the reason out of a whole answer: being whole, it has ended
        stop=read_stop(reason, called=bool(calls)),
        stop_raw=reason if isinstance(reason, str) else None,
        logprobs=tokens if isinstance(tokens, list) else None,
    )


def _read_parts(message: dict[str, Any], sources: list[Citation]) -> list[Part]:
    """Everything but the calls, in the order that Chat Completions implies."""
    parts: list[Part] = [*read_thinking(message, history=False)]
    parts += content_parts(message.get("content"))
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append(Refusal(refusal))
    if isinstance(audio := message.get("audio"), dict) and isinstance(audio.get("data"), str):
        sound = audio_part(audio["data"], audio)
        parts += [sound] if sound.media.data or sound.transcript else []
    parts += image_parts(message)
    parts += executed_tools(message)
    found = [annotation(entry) for entry in dicts(message.get("annotations"))]
    return _cited(parts, found or sources)


def _cited(parts: list[Part], sources: list[Citation]) -> list[Part]:
    """The parts with the sources on the first text, which is where offsets into `content` count from."""
    for index, part in enumerate(parts):
        if isinstance(part, Text) and sources:
            return [*parts[:index], replace(part, citations=tuple(sources)), *parts[index + 1 :]]
    return parts


def _read_calls(message: dict[str, Any], ids: CallIds) -> list[ToolCall]:
    calls = [_read_call(call, ids) for call in dicts(message.get("tool_calls"))]
    if (legacy := legacy_call(message)) is not None:
        calls.append(_read_call({"function": legacy}, ids))
    return calls


def _read_call(call: dict[str, Any], ids: CallIds) -> ToolCall:
    function, custom = call.get("function"), call.get("custom")
    own = isinstance(custom, dict) and not isinstance(function, dict)
    holder: Json = custom if own else function
    holder = holder if isinstance(holder, dict) else {}
    name = holder.get("name")
    return ToolCall(
        ids.unique(call.get("id")),
        name if isinstance(name, str) else "",
        arguments_text(holder.get("input" if own else "arguments")),
        custom=own,
        signature=call_signature(call),
    )


# --- the fast path ---------------------------------------------------------------------------------------------------


class _Message(Struct):
    """What `repair` would look at: content that is no text is left to the slow path."""

    content: str | None = None
    tool_calls: list[Raw] | None = None


class _Choice(Struct):
    finish_reason: str | None = None
    message: _Message | None = None


class _Skimmed(Struct):
    choices: list[_Choice]
    usage: PlainUsage | None = None
    service_tier: str | None = None


_skim = msgspec.json.Decoder(_Skimmed)


def skim_answer(body: bytes) -> Answered:
    """Usage and stop of a relayed answer. Never raises; empty where it is no answer."""
    try:
        skimmed = _skim.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _skim_slowly(body)
    if skimmed.usage is None or not skimmed.choices:
        return _skim_slowly(body)
    calling = [choice for choice in skimmed.choices if choice.message and choice.message.tool_calls]
    first = skimmed.choices[0]
    usage = skimmed.usage.neutral(skimmed.service_tier)
    stop = read_stop(first.finish_reason, called=first in calling)
    return Answered(usage, stop, is_sound=not calling)


def _skim_slowly(body: bytes) -> Answered:
    """The same for odd shapes, by reading it all."""
    try:
        answer = read_answer(body)
    except ProviderError:
        return Answered()
    return Answered(answer.usage, answer.choices[0].stop)
