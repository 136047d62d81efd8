"""A neutral Request as a Responses body, for one model.

One rule: what the caller said in this dialect goes out again as it came; what another dialect's
caller said goes out in words that the model accepts, kept by nobody (`store: false`), and what
those cannot say is named as a loss.
"""

from typing import Any, Final

from madang.errors import InvalidRequest
from madang.model import Format, Json, Request
from madang.wire import json
from madang.wire.contract import Rendered
from madang.wire.losses import Losses
from madang.wire.responses.generations import PERMISSIVE, Generation, generation_of
from madang.wire.responses.read_request import LOGPROBS
from madang.wire.responses.reasoning import ENCRYPTED, may_sample, write_reasoning_wish
from madang.wire.responses.strictness import can_be_strict
from madang.wire.responses.tools import write_tools
from madang.wire.responses.write_content import ContentWriter
from madang.wire.responses.write_items import ItemWriter

_OPENAI: Final = frozenset(("chat", "responses"))
"""Dialects whose callers know OpenAI's own rules and words."""

_JSON_ONLY: Final = "Answer with one valid JSON object and nothing else."

_LEAST_TOKENS: Final = 16
"""What `max_output_tokens` must be at least."""

_LONGEST_USER: Final = 64
"""Characters of `user`."""

_TIERS: Final = {"standard_only": "default"}
"""Anthropic's service tiers in OpenAI's words."""

_NESTED: Final = frozenset(("text", "reasoning"))
"""Fields whose unknown members `read_request` keeps under a dotted name."""

_CONTEXTS: Final = frozenset(("prompt", "conversation"))
"""Fields that can stand in for `input`."""

_LIKE_CHAT: Final = frozenset(
    ("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "safety_identifier")
)
"""Fields that Chat Completions has under the same name."""


def write_request(request: Request, model: str) -> Rendered:
    """Render a request of any dialect for `model`.

    Raises InvalidRequest where nothing is left to send.
    """
    losses = Losses()
    body: dict[str, Any] = {"model": model} | _conversation(request, losses)
    body |= _settings(request, generation_of(model), losses)
    if request.stream:
        body["stream"] = True
    if request.dialect == "responses":
        _finish_own(body, request)
    else:
        body["store"] = False
        _finish_foreign(body, request, losses)
    return Rendered(json.encode(body), losses.names())


def own_settings(request: Request) -> dict[str, Any]:
    """Return what a request of this dialect says besides its conversation, as it said it."""
    body = _settings(request, PERMISSIVE, Losses())
    _finish_own(body, request)
    return body


def _settings(request: Request, generation: Generation, losses: Losses) -> dict[str, Any]:
    body = write_tools(request, losses)
    reasoning = write_reasoning_wish(request, generation, losses)
    if reasoning:
        body["reasoning"] = reasoning
    body |= _sampling(request, generation, reasoning, losses)
    body |= _text(request, losses)
    body |= _identity(request, losses)
    include = _include(request, generation)
    if include:
        body["include"] = include
    return body


def _conversation(request: Request, losses: Losses) -> dict[str, Any]:
    """Return `instructions` and `input`. An own caller's system messages stay messages."""
    writer = ContentWriter(request, losses)
    items = ItemWriter(request, writer, losses)
    conversation = items.items()
    system = request.system
    if writer.own:
        instructions = request.kept.get("instructions")
        system = system[1:] if instructions else system
    else:
        # OpenAI wants at least one item, and instructions are nothing but text
        instructions = writer.plain(system) if conversation else None
        if _must_name_json(request, conversation) and "json" in (instructions or "").lower():
            instructions = None  # OpenAI looks for the word in the input only
        system = () if instructions is not None else system
    conversation = items.system(system) + conversation
    if conversation and _must_name_json(request, conversation):
        conversation = [{"type": "message", "role": "system", "content": _JSON_ONLY}, *conversation]
    if not conversation and not (writer.own and _has_context(request)):
        raise InvalidRequest("The request holds nothing that can be sent.", param="input")
    members: dict[str, Any] = {"instructions": instructions} if instructions else {}
    return {**members, "input": conversation} if conversation else members


def _must_name_json(request: Request, conversation: list[dict[str, Any]]) -> bool:
    """Whether JSON mode would be refused: OpenAI wants to read the word in the input."""
    if request.dialect in _OPENAI or request.format is None or request.format.kind != "json":
        return False
    return "json" not in json.text(conversation).lower()


def _has_context(request: Request) -> bool:
    """Whether the provider itself holds what to answer."""
    return request.previous_response_id is not None or bool(request.extra.keys() & _CONTEXTS)


def _sampling(
    request: Request, generation: Generation, reasoning: dict[str, Json], losses: Losses
) -> dict[str, Any]:
    """Return the bound on the answer, temperature, top_p and log probabilities."""
    own = request.dialect == "responses"
    members: dict[str, Any] = {}
    if request.max_tokens is not None:
        members["max_output_tokens"] = request.max_tokens
        if not own and request.max_tokens < _LEAST_TOKENS:
            losses.add("max_tokens")
            members["max_output_tokens"] = _LEAST_TOKENS
    for name in ("temperature", "top_p"):
        value = getattr(request, name)
        if value is None:
            continue
        if own or value == 1 or may_sample(generation, reasoning):
            members[name] = value
        else:
            losses.add(name)
    if request.top_logprobs is not None:
        members["top_logprobs"] = request.top_logprobs
    return members


def _text(request: Request, losses: Losses) -> dict[str, Any]:
    """Return `text`: the format and how wordy the answer shall be."""
    text: dict[str, Any] = {}
    form = request.format
    if form is not None:
        own = request.dialect == "responses"
        text["format"] = _format(form, form.strict if own else _strict(request, form, losses))
    if request.dialect == "chat" and "verbosity" in request.extra:
        text["verbosity"] = request.extra["verbosity"]
    return {"text": text} if text else {}


def _strict(request: Request, form: Format, losses: Losses) -> bool:
    """Whether the model is held to the schema, as it is in other dialects where nobody says."""
    if form.strict is not None or request.dialect == "chat":
        return bool(form.strict)
    strict = can_be_strict(form.schema)
    if form.kind == "json_schema" and not strict:
        losses.add("format.strict")
    return strict


def _format(form: Format, strict: bool | None) -> dict[str, Any]:  # noqa: FBT001 - the field itself
    if form.kind == "json":
        return {"type": "json_object"}
    written = {
        "type": "json_schema",
        "name": form.name or "response",
        "schema": form.schema,
        "description": form.description,
        "strict": strict,
    }
    return {name: value for name, value in written.items() if value is not None}


def _identity(request: Request, losses: Losses) -> dict[str, Any]:
    """Return who asks, at which tier, with what notes. An own caller's `user` is in `kept`."""
    members: dict[str, Any] = {}
    openai = request.dialect in _OPENAI
    if request.user is not None and request.dialect != "responses":
        if len(request.user) <= _LONGEST_USER:
            members["user"] = request.user
        else:
            losses.add("user")
    tier = request.service_tier
    if tier is not None and (openai or tier in _TIERS):
        members["service_tier"] = _TIERS.get(tier, tier)
    elif tier not in {None, "auto"}:
        losses.add("service_tier")
    if request.metadata is not None and openai:
        members["metadata"] = request.metadata
    elif request.metadata:
        losses.add("metadata")
    return members


def _include(request: Request, generation: Generation) -> list[str]:
    """Return what to ask for besides the answer.

    A caller of another dialect gets reasoning encrypted, so that it can be sent back; but only from
    a model that does so: the others refuse.
    """
    if request.dialect == "responses":
        wanted: list[str] = request.kept.get("include") or []
        return wanted
    include = [ENCRYPTED] if generation.encrypts else []
    return [*include, LOGPROBS] if request.logprobs or request.top_logprobs else include


def _finish_own(body: dict[str, Any], request: Request) -> None:
    """Write back what only this dialect knows (see `read_request`)."""
    if request.previous_response_id is not None:
        body["previous_response_id"] = request.previous_response_id
    for path, value in request.extra.items():
        field, _, member = path.partition(".")
        if not member:
            body.setdefault(path, value)
        elif field in _NESTED:
            body.setdefault(field, {}).setdefault(member, value)
    for name, value in request.kept.items():
        if "." not in name:
            body.setdefault(name, value)


def _finish_foreign(body: dict[str, Any], request: Request, losses: Losses) -> None:
    """Name what this dialect has no word for, where it would have made a difference."""
    chat = request.dialect == "chat"
    for name, value in request.extra.items():
        if chat and name in _LIKE_CHAT:
            body.setdefault(name, value)
        elif not (chat and (name == "verbosity" or (name == "store" and not value))):
            losses.add(name)
    unsayable = {
        "n": request.n is not None and request.n > 1,
        "stop": bool(request.stop),
        "top_k": request.top_k is not None,
        "seed": request.seed is not None,
        "frequency_penalty": bool(request.frequency_penalty),
        "presence_penalty": bool(request.presence_penalty),
        "logit_bias": bool(request.logit_bias),
        "modalities": any(kind != "text" for kind in request.modalities),
        "previous_response_id": request.previous_response_id is not None,
    }
    for name, said in unsayable.items():
        if said:
            losses.add(name)
