"""The `input` of a caller's request: the leading system prompt, and the conversation behind it.

Everything that the model said between two turns of the caller (reasoning, messages, calls) is one
turn here, as every other dialect has it; so are the results of its calls. Members of items that
only this dialect knows are collected in `kept`, under the type of the item: of calls and results by
`call_id`, of messages in the order of the assistant's texts.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

from msgspec.structs import replace

from madang.errors import InvalidRequest
from madang.model import (
    Json,
    Message,
    Opaque,
    Part,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from madang.wire.json import field
from madang.wire.responses.read_content import missing, read_content
from madang.wire.responses.thinking import read_history
from madang.wire.signed_calls import signed_calls

PHASES: Final = "message.phase"
"""Where `kept` has the phase of each of the assistant's texts: a list with null for those without."""

_ROLES: Final[dict[str, Role]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}
_CALL_MEMBERS: Final = frozenset(("type", "id", "call_id", "name", "arguments", "input", "status"))
_RESULT_MEMBERS: Final = frozenset(("type", "id", "call_id", "output", "status"))
_OF_CALLER: Final = frozenset(("mcp_approval_response", "additional_tools"))
"""Items that the caller makes, besides those whose type ends in `_output`."""

_Data = dict[str, Any]


def read_input(value: Json) -> "Conversation":
    """Read `input`: a string, or items. Raises InvalidRequest that names the place."""
    conversation = Conversation()
    if isinstance(value, str):
        value = [{"role": "user", "content": value}]
    if not isinstance(value, list):
        raise InvalidRequest(
            "`input` must be a string or an array of items.", param="input", code="invalid_type"
        )
    for i, item in enumerate(value):
        conversation.add(item, f"input[{i}]")
    conversation.close_turn()
    return conversation


class Conversation:
    """Collects the items of one request into `system`, `messages` and `kept`."""

    def __init__(self) -> None:
        self.system: list[Part] = []
        self.messages: list[Message] = []
        self.kept: dict[str, Json] = {}
        self._turn: list[Part] = []
        self._side: Literal["assistant", "user"] = "assistant"
        self._calls: dict[str, ToolCall] = {}
        self._phases: list[str | None] = []

    def lead(self, instructions: str) -> None:
        """Put `instructions` before the system prompt."""
        self.system.insert(0, Text(instructions))

    def add(self, item: Json, where: str) -> None:
        """Add one item."""
        if not isinstance(item, dict):
            raise InvalidRequest(f"`{where}` must be an object.", param=where, code="invalid_type")
        kind = field(item, "type", str, where)
        if kind is None:
            kind = "item_reference" if item.keys() == {"id"} else "message"
        reader = _READERS.get(kind)
        if reader is not None:
            reader(self, item, where)
        else:
            of_caller = kind.endswith("_output") or kind in _OF_CALLER
            self._extend("user" if of_caller else "assistant", [Opaque("responses", kind, item)])

    def close_turn(self) -> None:
        """Make a message of what was said since the last one."""
        if self._turn:
            parts = tuple(self._turn)
            if self._side == "assistant":
                parts = signed_calls(parts)
            self.messages.append(Message(self._side, parts))
            self._turn = []
        if any(self._phases):
            self.kept[PHASES] = self._phases

    def _extend(self, side: Literal["assistant", "user"], parts: list[Part]) -> None:
        if self._side != side:
            self.close_turn()
            self._side = side
        self._turn += parts

    def _message(self, item: _Data, where: str) -> None:
        role = _ROLES.get(field(item, "role", str, where) or "")
        if role is None:
            raise InvalidRequest(
                f"`{where}.role` must be user, assistant, system or developer.",
                param=f"{where}.role",
                code="invalid_value",
            )
        parts = read_content(item.get("content"), f"{where}.content")
        if role == "assistant":
            phase = field(item, "phase", str, where)
            self._phases += [phase for part in parts if isinstance(part, Text | Refusal)]
            self._extend("assistant", parts)
            return
        self.close_turn()
        if role == "system" and not self.messages:
            self.system += parts
        elif parts:
            self.messages.append(Message(role, tuple(parts)))

    def _reasoning(self, item: _Data, _where: str) -> None:
        self._extend("assistant", [*read_history(item)])

    def _function_call(self, item: _Data, where: str) -> None:
        self._call(item, where, field(item, "arguments", str, where) or "", custom=False)

    def _custom_call(self, item: _Data, where: str) -> None:
        self._call(item, where, field(item, "input", str, where) or "", custom=True)

    def _call(self, item: _Data, where: str, arguments: str, *, custom: bool) -> None:
        name = field(item, "name", str, where)
        identity = field(item, "call_id", str, where)
        if not name or not identity:
            raise missing(f"{where}.{'call_id' if name else 'name'}")
        call = ToolCall(identity, name, arguments, custom=custom)
        self._calls[identity] = call
        self._keep(item, identity, _CALL_MEMBERS)
        self._extend("assistant", [call])

    def _result(self, item: _Data, where: str) -> None:
        identity = field(item, "call_id", str, where)
        if not identity:
            raise missing(f"{where}.call_id")
        call = self._calls.get(identity)
        self._keep(item, identity, _RESULT_MEMBERS)
        result = ToolResult(
            identity,
            tuple(read_content(item.get("output"), f"{where}.output")),
            name=field(item, "name", str, where) if call is None else call.name,
            custom=item["type"] == "custom_tool_call_output",
        )
        self._extend("user", [_marked(result)])

    def _keep(self, item: _Data, identity: str, known: frozenset[str]) -> None:
        for name in item.keys() - known:
            if item[name] is not None:
                self.kept.setdefault(f"{item['type']}.{name}", {})[identity] = item[name]


def _marked(result: ToolResult) -> ToolResult:
    """A breakpoint on the last text of a result is one on the whole result."""
    if not result.parts or not isinstance(last := result.parts[-1], Text) or last.cache is None:
        return result
    return replace(result, parts=(*result.parts[:-1], replace(last, cache=None)), cache=last.cache)


_READERS: Final[dict[str, Callable[[Conversation, _Data, str], None]]] = {
    "message": Conversation._message,
    "reasoning": Conversation._reasoning,
    "function_call": Conversation._function_call,
    "custom_tool_call": Conversation._custom_call,
    "function_call_output": Conversation._result,
    "custom_tool_call_output": Conversation._result,
}
"""Any other item is kept as it is: server tools and their results, references, compactions."""
