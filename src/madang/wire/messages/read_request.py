"""A Messages request into the neutral model.

Fields that the neutral model does not know go to `extra`, nested ones under a dotted name such as
`output_config.task_budget` or `tools.defer_loading` (there by tool name), so that another dialect
declares them as lost and this one writes them back.
"""

from typing import Any, Final

from msgspec.structs import replace

from madang.errors import InvalidRequest
from madang.model import (
    Format,
    Json,
    Message,
    Part,
    Reasoning,
    Request,
    Role,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from madang.wire.json import field, request_object
from madang.wire.messages.read_blocks import cache_mark, missing, read_content
from madang.wire.signed_calls import signed_calls

_ROLES: Final[dict[str, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}
_KNOWN: Final = frozenset(
    [
        "model",
        "messages",
        "max_tokens",
        "system",
        "tools",
        "tool_choice",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "metadata",
        "service_tier",
        "thinking",
        "output_config",
        "output_format",
        "stream",
    ]
)
_KNOWN_OF_TOOL: Final = frozenset(
    ("type", "name", "description", "input_schema", "strict", "cache_control")
)


def read_request(body: bytes, _path_model: str | None, _path_stream: bool) -> Request:  # noqa: FBT001
    """Read a generation request. Raises InvalidRequest that names the place."""
    data = request_object(body)
    max_tokens = _whole(data, "max_tokens")
    if max_tokens is None:
        raise missing("max_tokens")
    return _read(data, max_tokens)


def read_count_request(body: bytes) -> Request:
    """Read a `count_tokens` request: a generation request without `max_tokens`."""
    return _read(request_object(body), None)


def _read(data: dict[str, Any], max_tokens: int | None) -> Request:
    model = field(data, "model", str)
    if model is None:
        raise missing("model")
    if max_tokens is not None and max_tokens < 0:
        raise InvalidRequest("`max_tokens` must not be negative.", param="max_tokens")
    extra = {name: value for name, value in data.items() if name not in _KNOWN}
    system, messages = _messages(data)
    tool_choice, parallel = _tool_choice(data)
    return Request(
        dialect="messages",
        model=model,
        messages=messages,
        system=system,
        stream=field(data, "stream", bool) or False,
        include_usage=True,
        tools=_tools(data, extra),
        tool_choice=tool_choice,
        parallel_tools=parallel,
        max_tokens=max_tokens,
        temperature=field(data, "temperature", float),
        top_p=field(data, "top_p", float),
        top_k=_whole(data, "top_k"),
        stop=_strings(data, "stop_sequences"),
        format=_format(data),
        reasoning=_reasoning(data, extra),
        user=_user(data, extra),
        service_tier=field(data, "service_tier", str),
        extra=extra,
    )


def _messages(data: dict[str, Any]) -> tuple[tuple[Part, ...], tuple[Message, ...]]:
    """Read the system prompt and the turns.

    Results learn the name of their tool from the call before them.
    """
    system = data.get("system")
    prompt = () if system is None else read_content(system, "system")
    turns = field(data, "messages", list)
    if turns is None:
        raise missing("messages")
    messages: list[Message] = []
    for i, turn in enumerate(turns):
        message = _message(turn, f"messages.{i}")
        if message.role == "system" and not messages:
            prompt += message.parts
        else:
            messages.append(message)
    return prompt, _with_tool_names(messages)


def _message(turn: Json, where: str) -> Message:
    if not isinstance(turn, dict):
        raise InvalidRequest(f"`{where}` must be an object.", param=where, code="invalid_type")
    role = _ROLES.get(field(turn, "role", str, where) or "")
    if role is None:
        path = f"{where}.role"
        raise InvalidRequest(f"`{path}` must be 'user', 'assistant' or 'system'.", param=path)
    if turn.get("content") is None:
        raise missing(f"{where}.content")
    return Message(role, signed_calls(read_content(turn["content"], f"{where}.content")))


def _with_tool_names(messages: list[Message]) -> tuple[Message, ...]:
    names: dict[str, str] = {}
    named = []
    for message in messages:
        names.update((part.id, part.name) for part in message.parts if isinstance(part, ToolCall))
        parts = tuple(
            replace(part, name=names.get(part.id)) if isinstance(part, ToolResult) else part
            for part in message.parts
        )
        named.append(Message(message.role, parts))
    return tuple(named)


def _whole(data: dict[str, Any], name: str, where: str = "") -> int | None:
    """Return an integer; JSON does not tell 40.0 from 40."""
    value = data.get(name)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return field(data, name, int, where)


def _strings(data: dict[str, Any], name: str) -> tuple[str, ...]:
    values = field(data, name, list) or []
    for i, value in enumerate(values):
        if not isinstance(value, str):
            path = f"{name}.{i}"
            raise InvalidRequest(f"`{path}` must be a string.", param=path, code="invalid_type")
    return tuple(values)


def _tools(data: dict[str, Any], extra: dict[str, Json]) -> tuple[Tool, ...]:
    tools = []
    for i, raw in enumerate(field(data, "tools", list) or []):
        where = f"tools.{i}"
        if not isinstance(raw, dict):
            raise InvalidRequest(f"`{where}` must be an object.", param=where, code="invalid_type")
        tool = _tool(raw, where)
        if tool.builtin is None:
            for name in raw.keys() - _KNOWN_OF_TOOL:
                extra.setdefault(f"tools.{name}", {})[tool.name] = raw[name]
        tools.append(tool)
    return tuple(tools)


def _tool(raw: dict[str, Any], where: str) -> Tool:
    """Read a tool of the caller's, or with any `type` but `custom` one that the provider runs."""
    kind = field(raw, "type", str, where)
    name = field(raw, "name", str, where)
    if kind not in {None, "custom"}:
        return Tool(name=name or kind or "", origin="messages", builtin=raw)
    if name is None:
        raise missing(f"{where}.name")
    return Tool(
        name=name,
        description=field(raw, "description", str, where),
        schema=field(raw, "input_schema", dict, where),
        strict=field(raw, "strict", bool, where),
        cache=cache_mark(raw, where),
    )


def _tool_choice(data: dict[str, Any]) -> tuple[ToolChoice | None, bool | None]:
    """Read the choice, and whether several calls at once are allowed (None: not said)."""
    raw = field(data, "tool_choice", dict)
    if raw is None:
        return None, None
    single = field(raw, "disable_parallel_tool_use", bool, "tool_choice")
    parallel = None if single is None else not single
    kind = field(raw, "type", str, "tool_choice")
    name = field(raw, "name", str, "tool_choice")
    match kind:
        case None:
            raise missing("tool_choice.type")
        case "auto" | "none":
            return ToolChoice(kind), parallel
        case "any":
            return ToolChoice("required"), parallel
        case "tool":
            if name is None:
                raise missing("tool_choice.name")
            return ToolChoice("named", names=(name,)), parallel
    return ToolChoice("auto", origin="messages", raw=raw), parallel


def _format(data: dict[str, Any]) -> Format | None:
    """Read `output_config.format`, or `output_format` as it was called in its beta."""
    config = field(data, "output_config", dict) or {}
    raw = field(config, "format", dict, "output_config")
    where = "output_config.format"
    if raw is None:
        raw, where = field(data, "output_format", dict), "output_format"
    if raw is None:
        return None
    if raw.get("type") != "json_schema":
        raise InvalidRequest(f"`{where}.type` must be 'json_schema'.", param=f"{where}.type")
    return Format("json_schema", schema=field(raw, "schema", dict, where) or {})


def _reasoning(data: dict[str, Any], extra: dict[str, Json]) -> Reasoning | None:
    """Read `thinking` and `output_config.effort` as one."""
    config = field(data, "output_config", dict) or {}
    for name in config.keys() - {"format", "effort"}:
        extra[f"output_config.{name}"] = config[name]
    effort = field(config, "effort", str, "output_config")
    plain = Reasoning(effort=effort) if effort is not None else None
    thinking = field(data, "thinking", dict)
    if thinking is None:
        return plain
    display = field(thinking, "display", str, "thinking")
    show = None if display is None else display != "omitted"
    match thinking.get("type"):
        case "disabled":
            return Reasoning(effort=effort, off=True)
        case "adaptive":
            return Reasoning(effort=effort, adaptive=True, show=show)
        case "enabled":
            budget = _whole(thinking, "budget_tokens", "thinking")
            if budget is None:
                raise missing("thinking.budget_tokens")
            return Reasoning(effort=effort, budget_tokens=budget, show=show)
    extra["thinking"] = thinking
    return plain


def _user(data: dict[str, Any], extra: dict[str, Json]) -> str | None:
    metadata = field(data, "metadata", dict) or {}
    for name in metadata.keys() - {"user_id"}:
        extra[f"metadata.{name}"] = metadata[name]
    return field(metadata, "user_id", str, "metadata")
