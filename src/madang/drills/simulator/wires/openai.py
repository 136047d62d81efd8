"""What OpenAI's endpoints share: the shape of errors, headers, checks of fields and schemas.

Error texts and codes as recorded from api.openai.com; rate-limit headers as documented under "Rate
limits in headers".
"""

import re
from hashlib import blake2b
from typing import NoReturn

from msgspec import json

from madang.drills.simulator import lineup
from madang.drills.simulator.records import Json, Kind, Prompt, Refused, Usage
from madang.drills.simulator.wires.contract import Caller, Headers, Misfit, Refusal, sse

IMAGE_TOKENS = 765
LOW_DETAIL_TOKENS = 85
FILE_TOKENS = 1_000
NO_THOUGHT = {None, "none", "minimal"}
"""Efforts with which a model does not think."""

_INVALID, _SERVER = "invalid_request_error", "server_error"
_REFUSALS: dict[Kind, Refusal] = {
    "invalid": Refusal(400, _INVALID, "Invalid request."),
    "no_key": Refusal(
        401,
        _INVALID,
        "You didn't provide an API key. You need to provide your API key in an Authorization"
        " header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    ),
    "auth": Refusal(
        401,
        _INVALID,
        "Incorrect API key provided: {key}. You can find your API key at"
        " https://platform.openai.com/account/api-keys.",
        "invalid_api_key",
    ),
    "forbidden": Refusal(
        403,
        _INVALID,
        "Project `proj_sim` does not have access to model `{model}`.",
        "model_not_found",
    ),
    "no_model": Refusal(
        404,
        _INVALID,
        "The model `{model}` does not exist or you do not have access to it.",
        "model_not_found",
    ),
    "not_found": Refusal(404, _INVALID, "Invalid URL.", "unknown_url"),
    "method": Refusal(
        405, _INVALID, "Not allowed to use this method on this URL.", "method_not_supported"
    ),
    "too_large": Refusal(413, _INVALID, "Request body is too large.", "request_too_large"),
    "rate_limit": Refusal(
        429,
        "requests",
        "Rate limit reached for {model} in organization org-sim on requests per min (RPM): Limit"
        " 500, Used 500, Requested 1. Please try again in 1s.",
        "rate_limit_exceeded",
    ),
    "quota": Refusal(
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details. For more"
        " information on this error, read the docs:"
        " https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
    ),
    "overflow": Refusal(
        400,
        _INVALID,
        "This model's maximum context length is {window} tokens. However, your messages resulted"
        " in {over} tokens. Please reduce the length of the messages.",
        "context_length_exceeded",
    ),
    "server": Refusal(
        500, _SERVER, "The server had an error while processing your request. Sorry about that!"
    ),
    "overloaded": Refusal(
        503, _SERVER, "The engine is currently overloaded, please try again later."
    ),
    "timeout": Refusal(504, _SERVER, "The request timed out."),
}
_NOUNS = {
    "str": "a string",
    "int": "an integer",
    "float": "a decimal",
    "bool": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_SCHEMA_DEPTH = 40


def refuse(refused: Refused, caller: Caller) -> tuple[int, bytes]:
    """Status and body of a refusal. The key appears as OpenAI shows it: its first and last characters."""
    row = _REFUSALS[refused.kind]
    key, window = caller.api_key, lineup.window(caller.model)
    shown = f"{key[:8]}*****{key[-4:]}" if len(key) > 12 else "*" * len(key)
    usual = row.message.format(model=caller.model, key=shown, window=window, over=window + 1)
    error = {
        "message": refused.message or usual,
        "type": row.word,
        "param": refused.param,
        "code": refused.code or row.code,
    }
    return refused.status or row.status, json.encode({"error": error})


def error_event(refused: Refused, _prompt: Prompt) -> bytes:
    """An error inside a chat stream: a data event with an error object."""
    return sse(None, refuse(refused, Caller())[1])


def headers(key: str, usage: Usage | None, _now_s: int) -> Headers:
    """Headers of every answer; the token figures shrink with the prompt."""
    tokens = usage.input if usage else 0
    return [
        (b"x-request-id", b"req_" + key.encode()),
        (b"openai-organization", b"org-sim"),
        (b"openai-processing-ms", b"12"),
        (b"openai-version", b"2020-10-01"),
        (b"x-ratelimit-limit-requests", b"10000"),
        (b"x-ratelimit-limit-tokens", b"30000000"),
        (b"x-ratelimit-remaining-requests", b"9999"),
        (b"x-ratelimit-remaining-tokens", b"%d" % max(0, 30_000_000 - tokens)),
        (b"x-ratelimit-reset-requests", b"6ms"),
        (b"x-ratelimit-reset-tokens", b"0s"),
    ]


def fingerprint(model: str, seed: int | None) -> str:
    """The system fingerprint: the same for the same model and seed."""
    return f"fp_{hash_hex(f'{model}:{seed}')}"


def hash_hex(text: str) -> str:
    """Ten hexadecimal digits that stand for a text."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=5).hexdigest()


def deny(message: str, param: str | None = None, code: str | None = None) -> NoReturn:
    """Refuse a request as invalid."""
    raise Refused("invalid", message, param=param, code=code)


def deny_misfit(misfit: Misfit, unknown: str, unknown_code: str | None) -> NoReturn:
    """Refuse a body of the wrong shape; `unknown` is the endpoint's sentence for an unknown parameter."""
    where = misfit.indexed
    if misfit.problem == "syntax":
        deny(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't"
            " using your HTTP library correctly. The OpenAI API expects a JSON payload, but what"
            " was sent was not valid JSON.)"
        )
    if misfit.problem == "unknown":
        deny(unknown.format(name=where), where if unknown_code else None, unknown_code)
    expected, got = (
        _NOUNS.get(misfit.expected, "another value"),
        _NOUNS.get(misfit.got, "another value"),
    )
    instead = got if got == "null" else f"{got} instead"
    deny(
        f"Invalid type for '{where}': expected {expected}, but got {instead}.",
        where or None,
        "invalid_type",
    )


def check_range(name: str, value: float | None, low: float, high: float) -> None:
    """Refuse a number outside of its bounds, as OpenAI words it."""
    if value is None or low <= value <= high:
        return
    kind = "integer" if isinstance(low, int) and isinstance(value, int) else "decimal"
    side, bound, sign = (
        ("below minimum", low, ">=") if value < low else ("above maximum", high, "<=")
    )
    code = f"{kind}_{side.split()[0]}_{'min' if value < low else 'max'}_value"
    deny(
        f"Invalid '{name}': {kind} {side} value. Expected a value {sign} {bound}, but got {value}"
        " instead.",
        name,
        code,
    )


def check_reasoner(model: str, temperature: float | None) -> None:
    """Refuse a temperature where the model has none."""
    fixed = lineup.is_openai_reasoner(model) and not lineup.bare(model).startswith("gpt-5.")
    if fixed and temperature not in {None, 1}:
        deny(
            f"Unsupported value: 'temperature' does not support {temperature} with this model."
            " Only the default (1) value is supported.",
            "temperature",
            "unsupported_value",
        )


def check_tool_name(name: str, where: str) -> None:
    """Refuse a function name with other characters than letters, digits, dashes and underscores."""
    if not name or len(name) > 64 or not _TOOL_NAME.fullmatch(name):
        deny(
            f"Invalid '{where}': string does not match pattern. Expected a string that matches the"
            " pattern '^[a-zA-Z0-9_-]+$'.",
            where,
            "invalid_value",
        )


def check_strict(schema: Json, what: str, param: str) -> None:
    """Refuse a schema that strict mode does not take: all members required, and no others allowed."""
    fault = _strict_fault(schema, (), 0)
    if fault:
        context, problem = fault
        told = (
            "("
            + ", ".join(f"'{step}'" for step in context)
            + ("," if len(context) == 1 else "")
            + ")"
        )
        deny(
            f"Invalid schema for {what}: In context={told}, {problem}", param, "invalid_json_schema"
        )


def _strict_fault(
    node: Json, context: tuple[str, ...], depth: int
) -> tuple[tuple[str, ...], str] | None:
    if not isinstance(node, dict) or depth > _SCHEMA_DEPTH:
        return None
    members = node.get("properties")
    if isinstance(members, dict):
        if node.get("additionalProperties") is not False:
            return context, "'additionalProperties' is required to be supplied and to be false."
        required = node.get("required") or []
        for name in members:
            if name not in required:
                return context, (
                    "'required' is required to be supplied and to be an array including every key"
                    f" in properties. Missing '{name}'."
                )
    for keyword in ("properties", "$defs", "definitions"):
        inner = node.get(keyword)
        for name, child in inner.items() if isinstance(inner, dict) else ():
            if fault := _strict_fault(child, (*context, keyword, name), depth + 1):
                return fault
    for keyword in ("anyOf", "allOf", "oneOf"):
        options = node.get(keyword)
        for index, child in enumerate(options if isinstance(options, list) else ()):
            if fault := _strict_fault(child, (*context, keyword, str(index)), depth + 1):
                return fault
    return _strict_fault(node.get("items"), (*context, "items"), depth + 1)


def check_window(model: str, tokens: int, max_tokens: int | None, *, responses: bool) -> None:
    """Refuse a prompt that exceeds the window; on chat also one that leaves too little for the answer."""
    window = lineup.window(model)
    if responses and tokens > window:
        raise Refused(
            "overflow",
            "Your input exceeds the context window of this model. Please adjust your input and try"
            " again.",
            param="input",
        )
    opening = f"This model's maximum context length is {window} tokens. However, "
    if tokens > window:
        raise Refused(
            "overflow",
            f"{opening}your messages resulted in {tokens} tokens. Please reduce the length of the"
            " messages.",
            param="messages",
        )
    if not responses and max_tokens is not None and tokens + max_tokens > window:
        raise Refused(
            "overflow",
            f"{opening}you requested {tokens + max_tokens} tokens ({tokens} in the messages,"
            f" {max_tokens} in the completion). Please reduce the length of the messages or"
            " completion.",
            param="messages",
        )


def token_logprob(token: str, alternatives: int) -> dict[str, Json]:
    """A plausible log-probability: near zero for the token, ever lower for the others."""
    logprob = -(len(token) * 37 % 100) / 1_000
    others = [token, *(f"{token}{index}" for index in range(1, alternatives))][:alternatives]
    top = [
        _with_bytes(other, round(logprob - 2.5 * index, 4)) for index, other in enumerate(others)
    ]
    return {**_with_bytes(token, logprob), "top_logprobs": top}


def _with_bytes(token: str, logprob: float) -> dict[str, Json]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode("utf-8", "replace"))}
