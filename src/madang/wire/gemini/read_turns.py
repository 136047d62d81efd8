"""The turns of a caller's request: `contents` and `systemInstruction`.

Gemini's calls need no ids, and its responses may name the function only. Calls without an id get
one by position, responses find theirs by id or, failing that, by name in the order of the calls.
"""

from typing import Any

from madang.errors import InvalidRequest
from madang.model import Json, Message, Part, Role, Text, ToolResult
from madang.wire.gemini.call_ids import CallIds
from madang.wire.gemini.calls import read_call
from madang.wire.gemini.members import camel, inner
from madang.wire.gemini.parts import read_part, signature_of
from madang.wire.gemini.results import result_text
from madang.wire.json import field

_ROLES: dict[str, Role] = {"user": "user", "function": "user", "model": "assistant"}
_SHAPES: dict[str, dict[str, type]] = {
    "inlineData": {"mimeType": str, "data": str, "displayName": str},
    "fileData": {"mimeType": str, "fileUri": str},
    "functionCall": {"id": str, "name": str, "args": dict},
    "functionResponse": {"id": str, "name": str, "response": dict, "parts": list},
}
_PLAIN: dict[str, type] = {"text": str, "thought": bool, "thoughtSignature": str}
_NAMED = ("functionCall", "functionResponse")


class _Calls:
    """The calls that have been seen and not been answered, oldest first."""

    def __init__(self) -> None:
        self.ids = CallIds()
        self._waiting: list[tuple[str, str]] = []

    def made(self, name: str, call_id: str) -> None:
        self._waiting.append((name, call_id))

    def answered(self, name: str, given: str | None) -> str:
        """The id of the call that a response answers."""
        for position, (called, call_id) in enumerate(self._waiting):
            if call_id == given or (not given and called == name):
                del self._waiting[position]
                return call_id
        return given or self.ids.next(None)


def read_contents(data: dict[str, Any]) -> tuple[Message, ...]:
    """All turns that say something.

    A single turn or bare text stands for a list of one, as older SDKs send it. Chats of
    Google's SDK keep a turn per event of a stream, the last of them often empty.
    """
    found = data.get("contents")
    turns = [found] if isinstance(found, dict | str) else field(data, "contents", list) or []
    calls = _Calls()
    read = [_read_turn(turn, f"contents[{index}]", calls) for index, turn in enumerate(turns)]
    return tuple(message for message in read if message.parts)


def read_system(data: dict[str, Any]) -> tuple[Part, ...]:
    """The system instruction: a turn of any role, or bare text; empty text says nothing."""
    found = data.get("systemInstruction")
    if found is None:
        return ()
    return _read_turn(found, "systemInstruction", _Calls()).parts


def _read_turn(turn: Json, where: str, calls: _Calls) -> Message:
    if isinstance(turn, str):
        return Message("user", (Text(turn),) if turn else ())
    if not isinstance(turn, dict):
        raise InvalidRequest(f"`{where}` must be an object.", param=where, code="invalid_type")
    turn = camel(turn)
    said = field(turn, "role", str, where) or "user"
    role = _ROLES.get(said, "user" if where == "systemInstruction" else None)
    if role is None:
        path = f"{where}.role"
        raise InvalidRequest(f"`{path}` must be `user` or `model`, not `{said}`.", param=path)
    found = turn.get("parts")
    parts = [found] if isinstance(found, dict | str) else field(turn, "parts", list, where) or []
    read: list[Part] = []
    for index, part in enumerate(parts):
        read += _read_part(part, f"{where}.parts[{index}]", calls)
    return Message(role, _said_once(read))


def _said_once(parts: list[Part]) -> tuple[Part, ...]:
    """The parts without results that stand there twice, as Gemini CLI has them when it resumes a session.

    No other dialect takes two results of one call.
    """
    results: dict[str, ToolResult] = {}
    once: list[Part] = []
    for part in parts:
        if isinstance(part, ToolResult):
            if results.get(part.id) == part:
                continue
            results[part.id] = part
        once.append(part)
    return tuple(once)


def _read_part(part: Json, where: str, calls: _Calls) -> list[Part]:
    if isinstance(part, str):
        return [Text(part)] if part else []
    checked = _checked(part, where)
    if "functionCall" in checked:
        call = read_call(checked["functionCall"], calls.ids, signature_of(checked))
        calls.made(call.name, call.id)
        return [call]
    if "functionResponse" in checked:
        return [_read_result(checked["functionResponse"], f"{where}.functionResponse", calls)]
    return [read for read in read_part(checked) if read != Text("")]


def _checked(part: Json, where: str) -> dict[str, Any]:
    """A part in lowerCamelCase down to the members that are read, every one of the right type."""
    if not isinstance(part, dict):
        raise InvalidRequest(f"`{where}` must be an object.", param=where, code="invalid_type")
    said: dict[str, Any] = {name: value for name, value in camel(part).items() if value is not None}
    for name, kind in _PLAIN.items():
        field(said, name, kind, where)
    for name, shape in _SHAPES.items():
        if name not in said:
            continue
        path = f"{where}.{name}"
        said[name] = inner(said, name, where)
        for member, kind in shape.items():
            field(said[name], member, kind, path)
        if name in _NAMED and not said[name].get("name"):
            raise InvalidRequest(f"`{path}.name` is missing.", param=f"{path}.name")
    return said


def _read_result(response: dict[str, Any], where: str, calls: _Calls) -> ToolResult:
    name: str = response["name"]
    said = response.get("response")
    words, is_error = (None, False) if said is None else result_text(said)
    parts: list[Part] = [] if words is None else [Text(words)]
    for index, part in enumerate(response.get("parts") or ()):
        parts += _read_part(part, f"{where}.parts[{index}]", calls)
    call_id = calls.answered(name, response.get("id"))
    return ToolResult(id=call_id, parts=tuple(parts), name=name, is_error=is_error)
