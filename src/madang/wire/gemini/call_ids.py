"""Ids for function calls: made where Gemini gave none, and taken off before Gemini sees them again.

Gemini before version 3 names no ids, while clients, and every other dialect, tell calls apart by them. One
rule: an id that was made here begins with a mark, and never reaches Gemini. Vertex has long refused
a request that carries ids (https://github.com/vercel/ai/issues/15664), and takes them from
Gemini 3 on only.
"""

import re
from collections.abc import Callable

import msgspec
from msgspec import Raw

from madang.wire.json import BOM, encode
from madang.wire.sse import EventDecoder

_MARK = "gcall_"
_ODD = re.compile(r"[^A-Za-z0-9_-]")
_ID_LENGTH = 24  # with the mark and a number it stays below the 40 characters that OpenAI allows

_CALL = b'"functionCall"'
_MADE = f'"{_MARK}'.encode()
_SNAKE = {"functionCall": "function_call", "functionResponse": "function_response"}
"""Google's JSON takes both spellings of a member."""

_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n")
_LINES = re.compile(rb"\r\n|\n|\r")

_BEFORE = BOM + b" \t\r\n"
"""Bytes that may stand before an answer."""

_object = msgspec.json.Decoder(dict[str, Raw])
_list = msgspec.json.Decoder(list[Raw])
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_Change = Callable[[dict[str, Raw]], dict[str, Raw] | None]
"""Takes the members of a call or response; returns the new ones, or None where nothing has to change."""


class CallIds:
    """Makes the ids of one answer's calls: same bytes, same ids; never twice in a conversation."""

    def __init__(self, answer_id: str | None = None) -> None:
        stem = _ODD.sub("", answer_id or "")[:_ID_LENGTH]
        self._prefix = f"{_MARK}{stem}_" if stem else _MARK
        self._taken: set[str] = set()
        self.count = 0

    def next(self, given: object) -> str:
        """The id of the next call: the provider's own where it gave one that no other call has."""
        position, self.count = self.count, self.count + 1
        chosen = given if isinstance(given, str) and given not in self._taken else ""
        chosen = chosen or f"{self._prefix}{position}"
        self._taken.add(chosen)
        return chosen


def is_made(call_id: str) -> bool:
    """Whether an id was made here."""
    return call_id.startswith(_MARK)


class CallNaming:
    """Names the calls of one relayed answer. Bytes without a nameless call come back as they are."""

    def __init__(self) -> None:
        self._ids: CallIds | None = None

    def events(self, events: bytes) -> bytes:
        """Whole server-sent events."""
        if _CALL not in events:
            return events
        out: list[bytes] = []
        start = 0
        for end in _EVENT_END.finditer(events):
            out.append(self._event(events[start : end.start()]) + end.group())
            start = end.end()
        return b"".join((*out, self._event(events[start:])))

    def document(self, document: bytes) -> bytes:
        """A whole GenerateContentResponse."""
        if _CALL not in document:
            return document
        try:
            return self._named(document)
        except _UNREADABLE:
            return document

    def _event(self, event: bytes) -> bytes:
        found = EventDecoder()
        documents = [*found.feed(event), *found.close()] if _CALL in event else []
        if len(documents) != 1:
            return event
        named = self.document(documents[0].data)
        if named is documents[0].data:
            return event
        lines = _LINES.split(event.removeprefix(BOM))
        kept = [line for line in lines if not line.startswith(b"data")]
        return b"\n".join((*kept, *(b"data: " + line for line in named.split(b"\n"))))

    def _named(self, document: bytes) -> bytes:
        if self._ids is None:
            self._ids = CallIds(_answer_id(document))
        path = ("candidates", "content", "parts", "functionCall")
        return _changed(document, path, self._name)

    def _name(self, call: dict[str, Raw]) -> dict[str, Raw] | None:
        """A piece that goes on with a call has no name, and gets no id."""
        if self._ids is None or _text(call.get("name")) is None:
            return None
        given = _text(call.get("id"))
        chosen = self._ids.next(given)
        return None if given else {"id": Raw(encode(chosen)), **_without(call, "id")}


def name_calls(body: bytes) -> bytes:
    """A whole answer in which every function call has an id."""
    return CallNaming().document(body.lstrip(_BEFORE))


def has_made_ids(body: bytes) -> bool:
    """Whether a request may carry ids that were made here."""
    return _MADE in body


def without_made_ids(contents: bytes) -> bytes:
    """The turns of a request, without the ids that were made here; every other byte stays."""
    try:
        calls = _changed(contents, ("parts", "functionCall"), _unnamed)
        return _changed(calls, ("parts", "functionResponse"), _unnamed)
    except _UNREADABLE:
        return contents


def _unnamed(call: dict[str, Raw]) -> dict[str, Raw] | None:
    given = _text(call.get("id"))
    return _without(call, "id") if given and is_made(given) else None


def _without(members: dict[str, Raw], name: str) -> dict[str, Raw]:
    return {key: value for key, value in members.items() if key != name}


def _answer_id(document: bytes) -> str | None:
    return _text(_object.decode(document).get("responseId"))


def _text(raw: Raw | None) -> str | None:
    """A member that is text, and not empty."""
    value = msgspec.json.decode(raw) if raw is not None else None
    return value if isinstance(value, str) and value else None


def _changed(raw: bytes, path: tuple[str, ...], change: _Change) -> bytes:
    """Change the objects at the end of a path; a list on the way stands for each of its items.

    Everything else stays byte for byte, and the very same bytes come back where nothing changes.
    """
    if not raw.startswith(b"["):
        return _changed_object(raw, path, change)
    items = [bytes(item) for item in _list.decode(raw)]
    changed = [_changed_object(item, path, change) for item in items]
    same = all(new is old for new, old in zip(changed, items, strict=True))
    return raw if same else b"[" + b",".join(changed) + b"]"


def _changed_object(raw: bytes, path: tuple[str, ...], change: _Change) -> bytes:
    if not raw.startswith(b"{"):
        return raw
    members = _object.decode(raw)
    if not path:
        replaced = change(members)
        return raw if replaced is None else encode(replaced)
    name = path[0] if path[0] in members else _SNAKE.get(path[0], "")
    if name not in members:
        return raw
    before = bytes(members[name])
    after = _changed(before, path[1:], change)
    return raw if after is before else encode({**members, name: Raw(after)})
