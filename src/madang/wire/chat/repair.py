"""Answers that would break a client library, whole or in chunks, mended while they are relayed.

The official SDK joins the deltas of a list by their `index` and joins all other strings by
appending: a call without index stops it, and an id or a name that comes twice is doubled; a null
`type` undoes the one before. A list as content (Mistral's thinking models), or an object
(Cloudflare's JSON mode), fits none of its types. A chunk without choices (Azure's and Portkey's word
on filters), or a choice without index or delta, is no chunk to it.
"""

from typing import Any

import msgspec
from msgspec import Struct

from madang.model import Json, Text, Thinking
from madang.wire import json
from madang.wire.chat.calls import CallTable
from madang.wire.chat.outputs import CallIds, content_parts, dicts
from madang.wire.chat.read_messages import arguments_text
from madang.wire.chat.thinking import write_thinking

_CALLS = b'"tool_calls"'
_CONTENT = b'"content":'
_LISTS = ("reasoning_details", "annotations", "images")


class _Choice(Struct):
    """What went out of one choice so far."""

    calls: CallTable
    ids: CallIds
    named: dict[int, str] = {}


class Repair:
    """Mends the chunks of one stream. `called`: a tool call was seen."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}
        self._entries = 0
        self.called = False

    def mend(self, chunk: dict[str, Any], *, opens: bool = False) -> bool:
        """Change a decoded chunk in place where it has to be; tell whether it was. `opens`: no delta came before."""
        mended = _mend_shape(chunk, opens=opens)
        for choice in dicts(chunk["choices"]):
            delta = choice["delta"]
            if isinstance(delta.get("content"), list | dict):
                _flatten(delta)
                mended = True
            mended = self._number(delta) or mended
            entries = dicts(delta.get("tool_calls"))
            if entries:
                self.called = True
                state = self._state(choice, chunk)
                changes = [_mend_call(entry, state) for entry in entries]
                mended = mended or any(changes)
        return mended

    def _number(self, delta: dict[str, Any]) -> bool:
        """Give the entries of lists their index: thoughts go on in the same place, the others are new each time."""
        mended = False
        for name in _LISTS:
            for place, entry in enumerate(dicts(delta.get(name))):
                if not isinstance(entry.get("index"), int):
                    entry["index"] = place if name == "reasoning_details" else self._entries
                    self._entries += 1
                    mended = True
        return mended

    def _state(self, choice: dict[str, Any], chunk: dict[str, Any]) -> _Choice:
        index = choice.get("index")
        key = index if isinstance(index, int) else 0
        state = self._choices.get(key)
        if state is None:
            state = self._choices[key] = _Choice(CallTable(), CallIds(chunk.get("id")))
        return state


def _mend_shape(chunk: dict[str, Any], *, opens: bool) -> bool:
    """Give a chunk its choices, and each its index and its delta; tell whether one was missing.

    A whole `message` in the place of a delta repeats what was said (MiniMax), unless nothing was.
    """
    if not isinstance(chunk.get("choices"), list):
        chunk["choices"] = []
        chunk.setdefault("object", "chat.completion.chunk")
        return True
    mended = False
    for place, choice in enumerate(dicts(chunk["choices"])):
        if not isinstance(choice.get("index"), int):
            choice["index"] = place
            mended = True
        if not isinstance(choice.get("delta"), dict):
            message = choice.get("message")
            choice["delta"] = message if opens and isinstance(message, dict) else {}
            chunk["object"] = "chat.completion.chunk"
            mended = True
    return mended


def _mend_call(entry: dict[str, Any], state: _Choice) -> bool:
    """Give an entry its index, its id once and its name once; tell whether anything had to change."""
    before = len(state.calls)
    call, text = state.calls.take(entry)
    opens = len(state.calls) > before
    holder = entry.get("custom" if call.custom else "function")
    holder = holder if isinstance(holder, dict) else {}
    mended = False
    if entry.get("index") != call.key or isinstance(entry["index"], bool):
        entry["index"] = call.key
        mended = True
    if opens:
        identity = state.ids.unique(entry.get("id"))
        kind = "custom" if call.custom else "function"
        mended = mended or entry.get("id") != identity or not entry.get("type")
        entry["id"] = identity
        entry["type"] = entry.get("type") or kind
    else:
        mended = _drop(entry, "id", entry.get("id")) or mended
        mended = _drop(entry, "type", "type" in entry and not entry["type"]) or mended
    for member in ("arguments", "input"):
        if not isinstance(holder.get(member, ""), str | None):
            holder[member] = text
            mended = True
    return _mend_name(holder, call.key, state) or mended


def _drop(entry: dict[str, Any], name: str, is_wrong: Json) -> bool:
    """Leave a member out if it is wrong; tell whether it was."""
    if is_wrong:
        del entry[name]
    return bool(is_wrong)


def _mend_name(holder: dict[str, Any], key: int, state: _Choice) -> bool:
    """Leave out what of a name went out before."""
    name = holder.get("name")
    if not isinstance(name, str) or not name:
        return False
    sent = state.named.get(key, "")
    state.named[key] = name if name.startswith(sent) else sent + name
    if not sent or not name.startswith(sent):
        return False
    rest = name.removeprefix(sent)
    if rest:
        holder["name"] = rest
    else:
        del holder["name"]
    return True


def _flatten(delta: dict[str, Any]) -> None:
    """Content as parts or an object: its text as `content`, its thoughts as `reasoning_content`."""
    parts = content_parts(delta["content"])
    delta["content"] = "".join(part.text for part in parts if isinstance(part, Text))
    delta |= write_thinking([part for part in parts if isinstance(part, Thinking)])


def mend_answer(body: bytes) -> bytes:
    """A whole answer, as the bytes it came in where nothing has to change."""
    body = json.without_mark(body)
    if _CALLS not in body and not _has_odd_content(body):
        return body
    try:
        answer = json.decode(body)
        if isinstance(answer, dict) and _mend_choices(answer):
            return json.encode(answer)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return body
    return body


def _has_odd_content(body: bytes) -> bool:
    """Whether content is a list or an object. Looks at the first, which a provider's others are like."""
    at = body.find(_CONTENT)
    return at >= 0 and body[at + len(_CONTENT) :][:2].lstrip().startswith((b"[", b"{"))


def _mend_choices(answer: dict[str, Any]) -> bool:
    """Change a decoded answer in place where it has to be; tell whether it was."""
    ids = CallIds(answer.get("id"))
    mended = False
    for choice in dicts(answer.get("choices")):
        message = choice.get("message")
        if not isinstance(message, dict):
            continue
        if isinstance(message.get("content"), list | dict):
            _flatten(message)
            mended = True
        changes = [_mend_whole_call(entry, ids) for entry in dicts(message.get("tool_calls"))]
        mended = mended or any(changes)
    return mended


def _mend_whole_call(entry: dict[str, Any], ids: CallIds) -> bool:
    """Give a call its id and its type, and its arguments as text; tell whether anything had to change."""
    kind = "custom" if isinstance(entry.get("custom"), dict) else "function"
    holder = entry.get(kind)
    given = entry.get("id")
    entry["id"] = ids.unique(given)
    mended: bool = entry["id"] != given
    if not entry.get("type"):
        entry["type"] = kind
        mended = True
    if isinstance(holder, dict) and not isinstance(holder.get("arguments", ""), str):
        holder["arguments"] = arguments_text(holder["arguments"])
        mended = True
    return mended
