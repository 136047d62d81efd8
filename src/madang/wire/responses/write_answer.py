"""The neutral answer as a whole response, and the items that a stream writes as well.

Every member that OpenAI's SDKs insist on is there, with its default where the answer says nothing.
"""

from typing import Any, Final

from madang.model import (
    Answer,
    Audio,
    Choice,
    Citation,
    Document,
    Image,
    Json,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from madang.wire import json
from madang.wire.contract import WriteContext
from madang.wire.responses.citations import write_annotation
from madang.wire.responses.custom_tools import CustomTools
from madang.wire.responses.echo import echo
from madang.wire.responses.ids import Ids
from madang.wire.responses.members import objects, objects_of
from madang.wire.responses.read_answer import KEPT
from madang.wire.responses.stops import write_stop
from madang.wire.responses.thinking import continues, is_own, write_foreign, write_reasoning
from madang.wire.responses.usage import write_usage
from madang.wire.signed_calls import call_signature

Item = dict[str, Any]

_CUT_SHORT: Final = ("message", "function_call", "custom_tool_call")
"""Types of items that may be incomplete."""

_TIERS: Final = ("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")
_TIERS_ALIKE: Final = {"standard": "default", "on_demand": "default"}
"""Anthropic's and Groq's word for what they do unless asked otherwise."""


def write_answer(answer: Answer, context: WriteContext) -> bytes:
    """Write the first choice: this dialect has no other."""
    choice = answer.choices[0] if answer.choices else Choice(parts=(), stop=None)
    ids = Ids(context)
    status, reason = write_stop(choice.stop, choice.stop_raw)
    output = _output(choice, ids, CustomTools(context.asked))
    if output and "status" in output[-1] and output[-1]["type"] in _CUT_SHORT:
        output[-1]["status"] = status
    response = response_object(ids, context, status, output) | echo(context.asked)
    response["incomplete_details"] = None if reason is None else {"reason": reason}
    response |= {name: answer.extra[name] for name in KEPT if name in answer.extra}
    response["usage"] = write_usage(answer.usage)
    response |= service_tier(answer.service_tier)
    return json.encode(response)


def service_tier(tier: str | None) -> Item:
    """Return the member for a tier of OpenAI's, or for the like of it; none for another."""
    tier = _TIERS_ALIKE.get(tier or "", tier)
    return {"service_tier": tier} if tier in _TIERS else {}


def response_object(ids: Ids, context: WriteContext, status: str, output: list[Item]) -> Item:
    """Return a response with every member that clients expect, but for what its request says."""
    return {
        "id": ids.response(),
        "object": "response",
        "created_at": context.created_s,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": context.model,
        "output": output,
        "usage": None,
    }


def message_item(identity: str, content: list[Item], status: str = "completed") -> Item:
    """Return a message of the assistant."""
    return {
        "id": identity,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def text_part(text: str, annotations: list[Item], logprobs: list[Json]) -> Item:
    """Return a content part of a message."""
    return {
        "type": "output_text",
        "text": text,
        "annotations": annotations,
        "logprobs": logprobs,
    }


def call_item(call: ToolCall, identity: str, call_id: str, arguments: str, status: str) -> Item:
    """Return a call with the arguments so far."""
    return {
        "id": identity,
        "type": "custom_tool_call" if call.custom else "function_call",
        "status": status,
        "call_id": call_id,
        "name": call.name,
        "input" if call.custom else "arguments": arguments,
    }


def thinking_item(thoughts: list[Thinking], identity: str) -> Item:
    """Return the reasoning item of thoughts that belong together."""
    item = write_reasoning(thoughts) if is_own(thoughts[0]) else write_foreign(thoughts[0])
    return {**item, "id": identity}


def own_id(thinking: Thinking) -> str | None:
    """Return the id that a thought brings along from a provider of this dialect."""
    return thinking.id if is_own(thinking) else None


def signature_item(call_id: str, signature: str, identity: str) -> Item:
    """Return the reasoning item that carries the signature of a call."""
    return {"id": identity, **write_foreign(call_signature(call_id, signature))}


def whole_item(part: Part, identity: str) -> Item | None:
    """Return a part that is an item of its own and complete at once; None where it has no form."""
    match part:
        case Opaque(origin="responses", value=dict() as value):
            return value
        case Image(media=media) if media.data is not None:
            form = (media.mime or "").partition("/")[2]
            return {
                "id": identity,
                "type": "image_generation_call",
                "status": "completed",
                "result": media.data,
                "output_format": form or "png",
            }
    return None


def spoken(part: Part) -> str | None:
    """Return what a part says, where it is text in this dialect; None where it is not."""
    match part:
        case Text():
            return part.text
        case Audio(transcript=str() as transcript):
            return transcript
        case Document(text=str() as text):
            return text
    return None


def fixed_logprobs(logprobs: Json) -> list[Json]:
    """Return log probabilities with the members that clients insist on."""
    return [
        {**_weight(entry), "top_logprobs": [*map(_weight, objects_of(entry, "top_logprobs"))]}
        for entry in objects(logprobs)
    ]


def _weight(entry: dict[str, Any]) -> dict[str, Any]:
    """Return one token's; Chat Completions has null for the bytes of a token that is no text."""
    return {**entry, "bytes": _bytes_of(entry)}


def _bytes_of(entry: dict[str, Any]) -> list[int]:
    given, token = entry.get("bytes"), entry.get("token")
    if isinstance(given, list):
        return given
    return list(token.encode()) if isinstance(token, str) else []


def _output(choice: Choice, ids: Ids, custom: CustomTools) -> list[Item]:
    """Return the items in order."""
    output = _Output(ids, fixed_logprobs(choice.logprobs))
    for part in choice.parts:
        output.add(custom.restored(part) if isinstance(part, ToolCall) else part)
    return output.items


class _Output:
    """Collects the items of an answer: texts that follow one another are one message."""

    def __init__(self, ids: Ids, logprobs: list[Json]) -> None:
        self.items: list[Item] = []
        self._ids = ids
        self._logprobs = logprobs
        self._thoughts: list[Thinking] = []

    def add(self, part: Part) -> None:
        said = spoken(part)
        if not isinstance(part, Thinking):
            self._thoughts = []
        if isinstance(part, Refusal):
            self._content().append({"type": "refusal", "refusal": part.text})
        elif said is not None:
            self._say(said, part.citations if isinstance(part, Text) else ())
        elif isinstance(part, Thinking):
            self._think(part)
        elif isinstance(part, ToolCall):
            self._call(part)
        elif (item := whole_item(part, self._id("ig"))) is not None:
            self.items.append(item)

    def _id(self, prefix: str) -> str:
        return self._ids.item(prefix, len(self.items))

    def _content(self) -> list[Item]:
        """The content of the message to add to."""
        if not self.items or self.items[-1].get("type") != "message":
            self.items.append(message_item(self._id("msg"), []))
        content: list[Item] = self.items[-1]["content"]
        return content

    def _say(self, text: str, citations: tuple[Citation, ...]) -> None:
        content = self._content()
        if not content or content[-1]["type"] != "output_text":
            logprobs, self._logprobs = self._logprobs, []
            content.append(text_part("", [], logprobs))
        part = content[-1]
        start = len(part["text"])
        part["text"] += text
        cited = [write_annotation(one, start, start + len(text)) for one in citations]
        part["annotations"] += [annotation for annotation in cited if annotation is not None]

    def _think(self, thinking: Thinking) -> None:
        if self._thoughts and continues(thinking, self._thoughts[-1]):
            self._thoughts.append(thinking)
            self.items[-1] = thinking_item(self._thoughts, self.items[-1]["id"])
        elif thinking.text or thinking.signature:
            self._thoughts = [thinking]
            identity = self._ids.item("rs", len(self.items), own_id(thinking))
            self.items.append(thinking_item(self._thoughts, identity))

    def _call(self, call: ToolCall) -> None:
        call_id = self._ids.call(call.id)
        if call.signature:
            self.items.append(signature_item(call_id, call.signature, self._id("rs")))
        arguments = call.arguments if call.custom else call.arguments or "{}"
        prefix = "ctc" if call.custom else "fc"
        self.items.append(call_item(call, self._id(prefix), call_id, arguments, "completed"))
