"""The neutral answer as a whole Messages answer, and the blocks that a stream opens complete."""

import re
from typing import Any

from madang.model import (
    Answer,
    Choice,
    Document,
    Image,
    Media,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from madang.wire import json
from madang.wire.contract import WriteContext
from madang.wire.messages.arguments import ANSWERED_FIELD, as_object
from madang.wire.messages.citations import write_citation
from madang.wire.messages.read_answer import KEPT
from madang.wire.messages.signatures import seal
from madang.wire.messages.stops import write_stop
from madang.wire.messages.usage import write_usage
from madang.wire.signed_calls import call_signature

Block = dict[str, Any]

_TIERS = ("standard", "priority", "batch")
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9]")


class CallIds:
    """Ids for the tool calls of one answer: the provider's own, made unique, else new ones."""

    def __init__(self, context: WriteContext) -> None:
        self._stem = _stem(context)
        self._given: set[str] = set()

    def give(self, original: str) -> str:
        """Return the id of the next call."""
        given = original or f"toolu_{self._stem}_{len(self._given)}"
        while given in self._given:
            given += f"_{len(self._given)}"
        self._given.add(given)
        return given


def write_answer(answer: Answer, context: WriteContext) -> bytes:
    """Write the first choice: this dialect has no other."""
    choice = answer.choices[0] if answer.choices else Choice(parts=(), stop=None)
    ids = CallIds(context)
    blocks = [block for part in choice.parts for block in write_part(part, ids)]
    calls = any(isinstance(part, ToolCall) for part in choice.parts)
    message: Block = {
        "id": message_id(context),
        "type": "message",
        "role": "assistant",
        "model": context.model,
        "content": blocks,
        "stop_reason": write_stop(choice.stop, choice.stop_raw, choice.stop_sequence, calls=calls),
        "stop_sequence": choice.stop_sequence,
        "usage": write_usage(answer.usage),
    }
    if answer.service_tier in _TIERS:
        message["usage"]["service_tier"] = answer.service_tier
    message |= {name: answer.extra[name] for name in KEPT if name in answer.extra}
    return json.encode(message)


def message_id(context: WriteContext) -> str:
    """Return the id of the answer."""
    return f"msg_{_stem(context)}"


def _stem(context: WriteContext) -> str:
    return _NOT_IN_IDS.sub("", context.request_id.removeprefix("req_"))


def write_part(part: Part, ids: CallIds) -> list[Block]:
    """Write one part as complete blocks: mostly one, none for what this dialect cannot say."""
    match part:
        case Text() | Refusal():
            return _text(part)
        case Thinking():
            return _thinking(part)
        case ToolCall():
            return _call(part, ids.give(part.id))
        case Opaque(origin="messages", value=dict() as value):
            return [value]
        case Image(media=media):
            return [{"type": "image", "source": _source(media)}]
        case Document(media=Media() as media):
            return [{"type": "document", "source": _source(media)}]
    return []


def signature_blocks(call: ToolCall, given_id: str) -> list[Block]:
    """Write the signature of a call, which stands before it."""
    if call.signature is None:
        return []
    return _thinking(call_signature(given_id, call.signature))


def _text(part: Text | Refusal) -> list[Block]:
    if not part.text:
        return []
    block: Block = {"type": "text", "text": part.text}
    if isinstance(part, Text) and part.citations:
        cited = [write_citation(citation) for citation in part.citations]
        block["citations"] = [citation for citation in cited if citation is not None]
    return [block]


def _thinking(part: Thinking) -> list[Block]:
    if not part.text and not part.signature:
        return []
    if part.redacted:
        return [{"type": "redacted_thinking", "data": seal(part)}]
    return [{"type": "thinking", "thinking": part.text, "signature": seal(part)}]


def _call(part: ToolCall, given_id: str) -> list[Block]:
    arguments, _ = as_object(part, ANSWERED_FIELD)
    block = {"type": "tool_use", "id": given_id, "name": part.name, "input": arguments}
    return [*signature_blocks(part, given_id), block]


def _source(media: Media) -> Block:
    """Say where a picture or file is. Anthropic's own answers hold none; other providers' do."""
    if media.data is not None:
        return {"type": "base64", "media_type": media.mime or "image/png", "data": media.data}
    if media.url is not None:
        return {"type": "url", "url": media.url}
    return {"type": "file", "file_id": media.file_id}
