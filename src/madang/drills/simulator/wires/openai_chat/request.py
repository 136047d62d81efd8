"""OpenAI Chat Completions, the way in: the checks of api.openai.com, and the prompt.

Models of other makers are served leniently, as OpenAI-compatible servers do: members that OpenAI
does not know are let pass.
"""

from typing import Any

from madang.drills.simulator import lineup
from madang.drills.simulator.records import (
    Attachment,
    Choice,
    Json,
    Part,
    PastCall,
    Prompt,
    Refused,
    Result,
    Role,
    Tool,
    Turn,
    Words,
)
from madang.drills.simulator.wires.contract import Asked, Misfit, read_as
from madang.drills.simulator.wires.openai import (
    FILE_TOKENS,
    IMAGE_TOKENS,
    LOW_DETAIL_TOKENS,
    NO_THOUGHT,
    check_range,
    check_reasoner,
    check_strict,
    check_tool_name,
    check_window,
    deny,
    deny_misfit,
)
from madang.drills.simulator.wires.openai_chat.shapes import (
    CalledFunction,
    ChatRequest,
    ContentPart,
    Function,
    Message,
    ResponseFormat,
    StrictChatRequest,
)

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "user",
    "function": "user",
}


def read(asked: Asked) -> Prompt:
    """The prompt of a chat request, or Refused."""
    request = _decode(asked.body)
    if not request.model:
        deny("you must provide a model parameter")
    if request.messages is None:
        deny("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    if not lineup.exists(request.model):
        raise Refused("no_model")
    _check_messages(request.messages)
    _check_figures(request, request.model)
    _check_tools(request)
    return _prompt(request, request.model, request.messages)


def fit(prompt: Prompt, tokens: int) -> None:
    """Refuse what does not fit the context window."""
    check_window(prompt.model, tokens, prompt.max_tokens, responses=False)


def _decode(body: bytes) -> ChatRequest:
    """The request; api.openai.com's own models are served strictly, those of other makers leniently."""
    try:
        try:
            return read_as(body, StrictChatRequest)
        except Misfit as misfit:
            request = read_as(body, ChatRequest)
            if misfit.problem != "unknown" or lineup.is_openai_itself(request.model or ""):
                raise
            return request
    except Misfit as misfit:
        deny_misfit(misfit, "Unrecognized request argument supplied: {name}", None)


def _check_messages(messages: list[Message]) -> None:
    if not messages:
        deny(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an"
            " empty array instead.",
            "messages",
            "empty_array",
        )
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        _check_message(message, index)
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                deny(
                    "Invalid parameter: messages with role 'tool' must be a response to a"
                    " preceeding message with 'tool_calls'.",
                    f"messages.[{index}].role",
                )
            open_calls.discard(message.tool_call_id or "")
            continue
        _check_answered(open_calls, index)
        open_calls = {call.id for call in message.tool_calls or ()}
    _check_answered(open_calls, len(messages))


def _check_answered(open_calls: set[str], index: int) -> None:
    if open_calls:
        deny(
            "An assistant message with 'tool_calls' must be followed by tool messages responding"
            " to each 'tool_call_id'. The following tool_call_ids did not have response messages:"
            f" {', '.join(sorted(open_calls))}",
            f"messages.[{index}].role",
        )


def _check_message(message: Message, index: int) -> None:
    where = f"messages[{index}]"
    if not message.role:
        deny(
            f"Missing required parameter: '{where}.role'.",
            f"{where}.role",
            "missing_required_parameter",
        )
    if message.role not in _ROLES:
        deny(
            f"Invalid value: '{message.role}'. Supported values are: 'system', 'assistant',"
            " 'user', 'function', 'tool', and 'developer'.",
            f"{where}.role",
            "invalid_value",
        )
    if message.content is None and message.role != "assistant":
        deny(
            "Invalid value for 'content': expected a string, got null.",
            f"messages.[{index}].content",
        )
    if message.content is None and not (message.tool_calls or message.function_call):
        deny(
            "Invalid value for 'content': expected a string, got null.",
            f"messages.[{index}].content",
        )
    # the real DeepSeek refuses pictures; here every model takes them, so that all can be tried
    for part_index, part in enumerate(message.content if isinstance(message.content, list) else ()):
        if part.type not in {"text", "image_url", "input_audio", "file", "refusal"}:
            deny(
                f"Invalid value: '{part.type}'. Supported values are: 'text', 'image_url',"
                " 'input_audio', 'refusal', 'audio', and 'file'.",
                f"{where}.content[{part_index}].type",
                "invalid_value",
            )


def _check_figures(request: ChatRequest, model: str) -> None:
    check_range("temperature", request.temperature, 0, 2)
    check_range("top_p", request.top_p, 0, 1)
    check_range("presence_penalty", request.presence_penalty, -2, 2)
    check_range("frequency_penalty", request.frequency_penalty, -2, 2)
    check_range("n", request.n, 1, 128)
    check_range("max_tokens", request.max_tokens, 1, 1_000_000_000)
    check_range("max_completion_tokens", request.max_completion_tokens, 1, 1_000_000_000)
    check_range("top_logprobs", request.top_logprobs, 0, 20)
    check_reasoner(model, request.temperature)
    if request.max_tokens is not None and lineup.is_openai_reasoner(model):
        deny(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
            " 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    if request.top_logprobs is not None and not request.logprobs:
        deny(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
            "top_logprobs",
        )
    if request.stream_options is not None and not request.stream:
        deny(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
    if isinstance(request.stop, list) and len(request.stop) > 4:
        deny(
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an"
            f" array with length {len(request.stop)} instead.",
            "stop",
            "array_above_max_length",
        )


def _check_tools(request: ChatRequest) -> None:
    for index, tool in enumerate(request.tools or ()):
        if tool.type == "function":
            function = tool.function or Function()
            check_tool_name(function.name, f"tools[{index}].function.name")
            if function.strict and function.parameters:
                check_strict(
                    function.parameters,
                    f"function '{function.name}'",
                    f"tools[{index}].function.parameters",
                )
    if (
        request.tool_choice not in {None, "none"}
        if isinstance(request.tool_choice, str | None)
        else True
    ):
        _check_choice(request)
    shape = request.response_format
    if shape and shape.type == "json_schema":
        schema = shape.json_schema
        if schema is None:
            deny(
                "Missing required parameter: 'response_format.json_schema'.",
                "response_format.json_schema",
                "missing_required_parameter",
            )
        if schema.strict and schema.schema:
            check_strict(schema.schema, f"response_format '{schema.name}'", "response_format")
    if shape and shape.type == "json_object":
        _check_json_named(request.messages or [])


def _check_choice(request: ChatRequest) -> None:
    choice = request.tool_choice
    if not request.tools and choice != "auto":
        deny(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are"
            " specified.",
            "tool_choice",
        )
    others = not lineup.is_openai_itself(request.model or "")
    if (
        isinstance(choice, str)
        and choice not in {"auto", "required"}
        and not (others and choice == "any")
    ):
        deny(
            f"Invalid value: '{choice}'. Supported values are: 'none', 'auto', and 'required'.",
            "tool_choice",
            "invalid_value",
        )
    name = _forced(choice)
    if name and name not in {tool.function.name for tool in request.tools or () if tool.function}:
        deny(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")


def _check_json_named(messages: list[Message]) -> None:
    if not any("json" in _text_of(message.content).lower() for message in messages):
        deny(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of"
            " type 'json_object'.",
            "messages",
        )


def _text_of(content: str | list[ContentPart] | None) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.text or part.refusal or "" for part in content or ())


def _forced(choice: str | dict[str, Any] | None) -> str | None:
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def _prompt(request: ChatRequest, model: str, messages: list[Message]) -> Prompt:
    shape = request.response_format
    stop = request.stop
    forced = _forced(request.tool_choice)
    return Prompt(
        model=model,
        turns=_turns(messages),
        tools=tuple(
            Tool(
                tool.function.name, tool.function.description or "", tool.function.parameters or {}
            )
            for tool in request.tools or ()
            if tool.function
        ),
        choice=_choice(request.tool_choice, forced),
        must_call=forced,
        parallel=request.parallel_tool_calls is not False,
        schema=_schema(shape),
        json_mode=bool(shape and shape.type == "json_object"),
        max_tokens=request.limit,
        stops=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        candidates=request.n or 1,
        seed=request.seed or 0,
        think=request.reasoning_effort not in NO_THOUGHT,
        top_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        stream=bool(request.stream),
        request=request,
    )


def _choice(choice: str | dict[str, Any] | None, forced: str | None) -> Choice:
    if forced or choice in {"required", "any"}:
        return "required"
    return "none" if choice == "none" else "auto"


def _schema(shape: ResponseFormat | None) -> dict[str, Json] | None:
    return shape.json_schema.schema if shape and shape.json_schema else None


def _turns(messages: list[Message]) -> tuple[Turn, ...]:
    """The messages as turns; tool results that follow one another are one turn."""
    turns: list[Turn] = []
    for message in messages:
        if message.role in {"tool", "function"}:
            result = Result(
                message.tool_call_id or "", message.name or "", _text_of(message.content)
            )
            if turns and turns[-1].results:
                turns[-1] = Turn("user", (*turns[-1].parts, result))
            else:
                turns.append(Turn("user", (result,)))
            continue
        turns.append(Turn(_ROLES[message.role], tuple(_parts(message))))
    return tuple(turns)


def _parts(message: Message) -> list[Part]:
    parts: list[Part] = []
    if isinstance(message.content, str):
        parts.append(Words(message.content))
    else:
        parts += [_part(part) for part in message.content or ()]
    for call in message.tool_calls or ():
        function = call.function or CalledFunction()
        parts.append(PastCall(call.id, function.name, function.arguments))
    return parts


def _part(part: ContentPart) -> Part:
    if part.type == "image_url":
        image = part.image_url or {}
        tokens = LOW_DETAIL_TOKENS if image.get("detail") == "low" else IMAGE_TOKENS
        return Attachment("image", tokens, str(image.get("url", "")))
    if part.type == "input_audio":
        return Attachment("audio", FILE_TOKENS, str((part.input_audio or {}).get("data", "")))
    if part.type == "file":
        file = part.file or {}
        return Attachment(
            "document", FILE_TOKENS, str(file.get("file_data") or file.get("file_id") or "")
        )
    return Words(part.text or part.refusal or "")
