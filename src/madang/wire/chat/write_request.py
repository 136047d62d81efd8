"""A neutral Request as a Chat Completions body.

One rule: what the caller said in this dialect goes out again as it came; what another dialect's
caller said goes out in OpenAI's own words, and what those cannot say is named as a loss. The bound
on the answer is always `max_completion_tokens`, OpenAI's name; for providers that only know the
older one, `rename_max_tokens` changes it afterwards.
"""

from typing import Any, Final

from madang.model import Format, Json, Request
from madang.wire import json
from madang.wire.chat.reasoning import write_reasoning
from madang.wire.chat.tools import write_tools
from madang.wire.chat.write_content import ContentWriter
from madang.wire.chat.write_messages import write_messages
from madang.wire.contract import Rendered
from madang.wire.losses import Losses

_OPENAI_ONLY: Final = ("user", "metadata", "service_tier")
"""Fields whose values only mean something within OpenAI's own dialects: a tier's name, a user id of
at most 64 characters, metadata for OpenAI's own dashboard.
"""


def write_request(request: Request, model: str) -> Rendered:
    """Render a request of any dialect for `model`, with usage asked for where it streams."""
    losses = Losses()
    writer = ContentWriter(request, losses)
    body: dict[str, Json] = {"model": model, "messages": write_messages(request, writer, losses)}
    body |= write_tools(request, writer, losses)
    body |= _sampling(request, losses)
    body |= write_reasoning(request)
    if request.format is not None:
        body["response_format"] = _write_format(request.format)
    if request.modalities and request.modalities != ("text",):
        body["modalities"] = list(request.modalities)
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    _add_extra(body, request, losses)
    return Rendered(json.encode(body), losses.names())


def _common(request: Request) -> dict[str, Json]:
    """Fields that mean the same whatever dialect they came in."""
    return {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "n": request.n,
        "seed": request.seed,
        "frequency_penalty": request.frequency_penalty,
        "presence_penalty": request.presence_penalty,
        "logit_bias": request.logit_bias,
        "logprobs": request.logprobs,
        "top_logprobs": request.top_logprobs,
    }


def _sampling(request: Request, losses: Losses) -> dict[str, Json]:
    members: dict[str, Json] = {}
    if request.max_tokens is not None:
        members["max_completion_tokens"] = request.max_tokens
    if request.stop:
        members["stop"] = list(request.stop)
    members |= {name: said for name, said in _common(request).items() if said is not None}
    if request.top_k is not None and request.dialect == "chat":
        # an extension of vLLM, OpenRouter and others, in the caller's own words
        members["top_k"] = request.top_k
    elif request.top_k is not None:
        losses.add("top_k")
    for name in _OPENAI_ONLY:
        if (value := getattr(request, name)) is None:
            continue
        if request.dialect in {"chat", "responses", "completions"}:
            members[name] = value
        else:
            losses.add(name)
    if request.previous_response_id is not None:
        losses.add("previous_response_id")
    return members


def _write_format(form: Format) -> dict[str, Any]:
    if form.kind == "json":
        return {"type": "json_object"}
    holder: dict[str, Any] = {"name": form.name or "response"}
    if form.description is not None:
        holder["description"] = form.description
    if form.schema is not None:
        holder["schema"] = form.schema
    if form.strict is not None:
        holder["strict"] = form.strict
    return {"type": "json_schema", "json_schema": holder}


def _add_extra(body: dict[str, Json], request: Request, losses: Losses) -> None:
    """The caller's unknown fields: kept within this dialect (never over a known one), lost from another."""
    for name, value in request.extra.items():
        if request.dialect == "chat":
            body.setdefault(name, value)
        else:
            losses.add(name)
