"""OpenAI Responses, the way in: the checks of api.openai.com, and the prompt.

Earlier responses are looked up through an argument, so that this module holds no state.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import json

from madang.drills.simulator import lineup
from madang.drills.simulator.records import (
    Attachment,
    Choice,
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
from madang.drills.simulator.signatures import genuine
from madang.drills.simulator.wires.contract import Asked, Misfit, convert_as, read_as
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
from madang.drills.simulator.wires.openai_responses.shapes import (
    ContentPart,
    Item,
    ResponsesRequest,
    StrictResponsesRequest,
    ToolDefinition,
)

SEAL_PREFIX = "gAAAAAB"

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_PLAYED_ITEMS = frozenset({"message", "function_call", "function_call_output", "reasoning"})
_LEAST_OUTPUT = 16

Recall = Callable[[str], tuple[Turn, ...] | None]


def read(asked: Asked, recall: Recall) -> Prompt:
    """The prompt of a request, or Refused. `recall` gives the turns that an earlier response stands for."""
    request = _decode(asked.body)
    if not request.model:
        deny("Missing required parameter: 'model'.", "model", "missing_required_parameter")
    if request.input is None and request.previous_response_id is None:
        deny("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if not lineup.exists(request.model):
        raise Refused(
            "no_model", f"The requested model '{request.model}' does not exist.", param="model"
        )
    _check_figures(request, request.model)
    earlier = _earlier(request, recall)
    try:
        tools = _tools(request.tools or [])
        turns = earlier + _turns(request.input or "", _unanswered(earlier))
    except Misfit as misfit:
        deny_misfit(misfit, "", None)
    return _prompt(request, request.model, tools, turns)


def fit(prompt: Prompt, tokens: int) -> None:
    """Refuse what does not fit the context window."""
    check_window(prompt.model, tokens, None, responses=True)


def _decode(body: bytes) -> ResponsesRequest:
    """The request; api.openai.com's own models are served strictly, those of other makers leniently."""
    try:
        try:
            return read_as(body, StrictResponsesRequest)
        except Misfit as misfit:
            request = read_as(body, ResponsesRequest)
            if misfit.problem != "unknown" or lineup.is_openai_itself(request.model or ""):
                raise
            return request
    except Misfit as misfit:
        deny_misfit(misfit, "Unknown parameter: '{name}'.", "unknown_parameter")


def _check_figures(request: ResponsesRequest, model: str) -> None:
    check_range("temperature", request.temperature, 0, 2)
    check_range("top_p", request.top_p, 0, 1)
    check_range("max_output_tokens", request.max_output_tokens, _LEAST_OUTPUT, 1_000_000_000)
    check_range("top_logprobs", request.top_logprobs, 0, 20)
    check_reasoner(model, request.temperature)
    form = request.text.format if request.text else None
    if form and form.type == "json_schema" and form.strict is not False and form.schema:
        check_strict(form.schema, f"response_format '{form.name}'", "text.format.schema")


def _earlier(request: ResponsesRequest, recall: Recall) -> tuple[Turn, ...]:
    if request.previous_response_id is None:
        return ()
    turns = recall(request.previous_response_id)
    if turns is None:
        deny(
            f"Previous response with id '{request.previous_response_id}' not found.",
            "previous_response_id",
            "previous_response_not_found",
        )
    return turns


def _tools(definitions: list[dict[str, Any]]) -> tuple[Tool, ...]:
    tools = []
    for index, definition in enumerate(definitions):
        if definition.get("type") != "function":
            continue
        tool = convert_as(definition, ToolDefinition, ("tools", index))
        check_tool_name(tool.name or "", f"tools[{index}].name")
        # here, unlike on chat, strict is the default; a schema that cannot be strict is then taken
        # as it is
        if tool.strict and tool.parameters:
            check_strict(tool.parameters, f"function '{tool.name}'", f"tools[{index}].parameters")
        tools.append(Tool(tool.name or "", tool.description or "", tool.parameters or {}))
    return tuple(tools)


def _unanswered(turns: tuple[Turn, ...]) -> list[str]:
    """Ids of the calls in earlier turns whose output is still to come."""
    calls = [part.id for turn in turns for part in turn.parts if isinstance(part, PastCall)]
    answered = {result.id for turn in turns for result in turn.results}
    return [call for call in calls if call not in answered]


def _turns(given: str | list[dict[str, Any]], called: list[str]) -> tuple[Turn, ...]:
    """The input as turns. `called` are the ids of calls that wait for their output since before."""
    if isinstance(given, str):
        return (Turn("user", (Words(given),)),) if given else ()
    turns: list[Turn] = []
    waiting: dict[str, None] = dict.fromkeys(called)
    for index, raw in enumerate(given):
        kind = raw.get("type") or "message"
        if kind not in _PLAYED_ITEMS:
            continue
        item = convert_as(raw, Item, ("input", index))
        if kind == "message":
            turns.append(_message(item, index))
        elif kind == "function_call":
            waiting[item.call_id or ""] = None
            _append(
                turns,
                "assistant",
                PastCall(item.call_id or "", item.name or "", item.arguments or ""),
            )
        elif kind == "function_call_output":
            if item.call_id not in waiting:
                deny(
                    f"No tool call found for function call output with call_id {item.call_id}.",
                    "input",
                )
            waiting.pop(item.call_id or "")
            _append(turns, "user", Result(item.call_id or "", "", _output_text(item.output)))
        elif kind == "reasoning":
            _check_sealed(item)
    if waiting:
        deny(f"No tool output found for function call {next(iter(waiting))}.", "input")
    return tuple(turns)


def _append(turns: list[Turn], role: Role, part: PastCall | Result) -> None:
    """Calls that follow one another are one turn, and so are results."""
    if turns and turns[-1].role == role and _all_tooling(turns[-1]):
        turns[-1] = Turn(role, (*turns[-1].parts, part))
    else:
        turns.append(Turn(role, (part,)))


def _all_tooling(turn: Turn) -> bool:
    return all(isinstance(part, PastCall | Result) for part in turn.parts)


def _message(item: Item, index: int) -> Turn:
    if item.role not in _ROLES:
        deny(
            f"Invalid value: '{item.role}'. Supported values are: 'assistant', 'system',"
            " 'developer', and 'user'.",
            f"input[{index}].role",
            "invalid_value",
        )
    if item.content is None:
        deny(
            f"Missing required parameter: 'input[{index}].content'.",
            f"input[{index}].content",
            "missing_required_parameter",
        )
    role = _ROLES[item.role]
    if isinstance(item.content, str):
        return Turn(role, (Words(item.content),))
    for part_index, part in enumerate(item.content):
        wanted = "output_text" if role == "assistant" else "input_text"
        if part.type in {"text", "input_text", "output_text"} and part.type != wanted:
            supported = (
                "'output_text' and 'refusal'"
                if role == "assistant"
                else "'input_text', 'input_image', and 'input_file'"
            )
            deny(
                f"Invalid value: '{part.type}'. Supported values are: {supported}.",
                f"input[{index}].content[{part_index}]",
                "invalid_value",
            )
    return Turn(role, tuple(_part(part) for part in item.content))


def _part(part: ContentPart) -> Part:
    if part.type == "input_image":
        tokens = LOW_DETAIL_TOKENS if part.detail == "low" else IMAGE_TOKENS
        return Attachment("image", tokens, part.image_url or part.file_id or "")
    if part.type == "input_file":
        return Attachment(
            "document", FILE_TOKENS, part.file_data or part.file_url or part.file_id or ""
        )
    return Words(part.text or part.refusal or "")


def _output_text(output: str | list[ContentPart] | None) -> str:
    if isinstance(output, str) or output is None:
        return output or ""
    return "\n".join(part.text or f"[{part.type}]" for part in output)


def _check_sealed(item: Item) -> None:
    """Refuse reasoning that another provider, or another hand, has sealed."""
    sealed = item.encrypted_content
    if sealed is None:
        return
    if not (sealed.startswith(SEAL_PREFIX) and genuine("openai", unwrap(sealed))):
        deny(
            f"The encrypted content {sealed[:8]}... could not be verified. Reason: Encrypted"
            " content could not be decrypted or parsed.",
            code="invalid_encrypted_content",
        )


def unwrap(sealed: str) -> str:
    """The seal inside of an encrypted content."""
    return sealed.removeprefix(SEAL_PREFIX).replace("-", "+").replace("_", "/")


def _prompt(
    request: ResponsesRequest, model: str, tools: tuple[Tool, ...], turns: tuple[Turn, ...]
) -> Prompt:
    form = request.text.format if request.text else None
    choice, forced = _choice(request.tool_choice)
    if forced and forced not in {tool.name for tool in tools}:
        deny(f"Tool choice 'function' not found in 'tools' parameter: '{forced}'.", "tool_choice")
    logprobs = (
        "message.output_text.logprobs" in (request.include or ())
        or request.top_logprobs is not None
    )
    prompt = Prompt(
        model=model,
        turns=turns,
        tools=tools,
        choice=choice,
        must_call=forced,
        parallel=request.parallel_tool_calls is not False,
        schema=form.schema if form and form.type == "json_schema" else None,
        json_mode=bool(form and form.type == "json_object"),
        max_tokens=request.max_output_tokens,
        think=bool(request.reasoning and request.reasoning.effort not in NO_THOUGHT),
        top_logprobs=(request.top_logprobs or 0) if logprobs else None,
        stream=bool(request.stream),
        request=request,
    )
    if not request.instructions:
        return prompt
    return replace(prompt, turns=(Turn("system", (Words(request.instructions),)), *turns))


def _choice(choice: str | dict[str, Any] | None) -> tuple[Choice, str | None]:
    if isinstance(choice, dict):
        name = choice.get("name")
        if choice.get("type") == "function" and isinstance(name, str):
            return "required", name
        return ("required" if choice.get("mode") == "required" else "auto"), None
    if choice in {"none", "required"}:
        return ("none" if choice == "none" else "required"), None
    return "auto", None


def raw_tools(request: ResponsesRequest) -> list[dict[str, Any]]:
    """The tools as the answer repeats them: with `strict`, and with its schema closed."""
    out = []
    for given in request.tools or []:
        tool = given
        if given.get("type") == "function":
            tool = {
                "type": "function",
                "description": None,
                "parameters": None,
                "strict": True,
                **given,
            }
        out.append(tool)
    return json.decode(json.encode(out), type=list[dict[str, Any]])
