"""A provider's refusal as the right ProviderError.

One rule: status, code, type and structure decide; words never do. The one number that is read out
of a message is a pair of them: vLLM, DeepSeek and others say "context too long" only as `<limit> …
<asked> tokens` in a plain 400.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from madang.errors import (
    ContentFiltered,
    ContextOverflow,
    ProviderError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model import Failed, Json
from madang.wire import json
from madang.wire.openai_errors.retry_after import retry_after

_LONGEST_MESSAGE: Final = 4096
_PLAIN_TEXT: Final = 300
"""A body that is no JSON is only repeated when it is this short and no web page."""

_LIMIT_AND_ASKED: Final = re.compile(
    r"(\d[\d,]{2,15})\D{1,100}(\d[\d,]{2,15})(?: \w{1,20})? tokens"
)
_SCANNED: Final = 2000

_OTHER_NAMES: Final = ("msg", "Message", "error_msg", "error_message")
"""What a message is called where it is neither `message` nor FastAPI's `detail`."""

_WORDS: Final[dict[str, type[ProviderError]]] = {
    # OpenAI, Azure, Groq, Cerebras
    "context_length_exceeded": ContextOverflow,
    "insufficient_quota": ProviderOutOfQuota,
    "billing_hard_limit_reached": ProviderOutOfQuota,
    "billing_not_active": ProviderOutOfQuota,
    "content_filter": ContentFiltered,
    "content_policy_violation": ContentFiltered,
    "responsibleaipolicyviolation": ContentFiltered,
    "model_not_found": ProviderLacksModel,
    "deploymentnotfound": ProviderLacksModel,
    "invalid_api_key": ProviderRefusedKey,
    "account_deactivated": ProviderRefusedKey,
    "rate_limit_exceeded": ProviderRateLimited,
    "rate_limit_error": ProviderRateLimited,
    "authentication_error": ProviderRefusedKey,
    "overloaded_error": ProviderOverloaded,
    # what a response that failed or a stream of the Responses API says
    "too_many_requests": ProviderRateLimited,
    "server_is_overloaded": ProviderOverloaded,
    "slow_down": ProviderOverloaded,
    "invalid_prompt": ProviderRejected,
    "bio_policy": ContentFiltered,
    "cyber_policy": ContentFiltered,
    "misalignment_policy_violation": ContentFiltered,
    "image_content_policy_violation": ContentFiltered,
    "invalid_image": ProviderRejected,
    "invalid_image_format": ProviderRejected,
    "invalid_base64_image": ProviderRejected,
    "invalid_image_url": ProviderRejected,
    "image_too_large": ProviderRejected,
    "image_too_small": ProviderRejected,
    "image_parse_error": ProviderRejected,
    "invalid_image_mode": ProviderRejected,
    "image_file_too_large": ProviderRejected,
    "unsupported_image_media_type": ProviderRejected,
    "empty_image_file": ProviderRejected,
    "failed_to_download_image": ProviderRejected,
    "image_file_not_found": ProviderRejected,
    # GitHub Models and Copilot
    "tokens_limit_reached": ContextOverflow,
    "model_max_prompt_tokens_exceeded": ContextOverflow,
    # Perplexity
    "too_many_prompt_tokens": ContextOverflow,
    # llama.cpp
    "exceed_context_size_error": ContextOverflow,
    # Mistral
    "3051": ContextOverflow,
    # Moonshot
    "exceeded_current_quota_error": ProviderOutOfQuota,
    "engine_overloaded_error": ProviderOverloaded,
    "rate_limit_reached_error": ProviderRateLimited,
    # Z.ai
    "1113": ProviderOutOfQuota,
    "1211": ProviderLacksModel,
    "1261": ContextOverflow,
    "1301": ContentFiltered,
    "1302": ProviderRateLimited,
    "1305": ProviderRateLimited,
}
"""Codes and types that mean the same at every provider that uses them, whatever status they come with."""

_STATUSES: Final[dict[int, type[ProviderError]]] = {
    401: ProviderRefusedKey,
    402: ProviderOutOfQuota,
    403: ProviderRefusedKey,
    404: ProviderLacksModel,
    408: ProviderFailed,
    410: ProviderLacksModel,
    429: ProviderRateLimited,
    503: ProviderOverloaded,
    529: ProviderOverloaded,
}


class _Said(Struct, frozen=True):
    """What a provider's error body says, wherever it says it."""

    message: str | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None
    entry: dict[str, Any] = {}


def read_error(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderError:
    """The error behind an answer of `status` ≥ 400. `headers` have lower-case names."""
    try:
        value = json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = _Said(message=_plain_text(body))
    else:
        said = _said(value)
    return _error(status, said, retry_after(headers), body)


def error_inside(answer: dict[str, Any], body: bytes) -> ProviderError | None:
    """The error that a 200 carries instead of an answer; None when it carries none."""
    if not carries_error(answer):
        return None
    return _error(_status_inside(answer), _said(answer), None, body)


def failed_event(value: Json) -> Failed:
    """A stream's error chunk as an event."""
    error = _error(_status_inside(value), _said(value), None, None)
    return Failed(error.message, error.kind, error.code)


def carries_error(answer: dict[str, Any]) -> bool:
    """Whether an object is an error: it has one, or (vLLM's old form) says that it is one."""
    return (
        bool(answer.get("error")) or bool(answer.get("errors")) or answer.get("object") == "error"
    )


def _error(
    status: int, said: _Said, retry_after_s: float | None, raw: bytes | None
) -> ProviderError:
    kind = _class_of(status, said)
    error = kind(
        (said.message or f"The provider answered {status} and gave no reason.")[:_LONGEST_MESSAGE],
        code=None if said.code == str(status) else said.code,
        param=said.param,
        retry_after_s=retry_after_s
        if issubclass(kind, ProviderRateLimited | ProviderOverloaded)
        else None,
        upstream_status=status,
        raw=raw,
    )
    own = isinstance(error, ProviderRejected | ProviderLacksModel)
    if own and 400 <= status < 500 and status not in _STATUSES:
        error.status = status
    elif isinstance(error, ProviderFailed) and status in {408, 500, 504}:
        # a time-out stays one for the caller, and a plain 500 a 500
        error.status = 504 if status == 408 else status
    return error


def _class_of(status: int, said: _Said) -> type[ProviderError]:
    for word in _words(said):
        if word in _WORDS:
            return _at_status(_WORDS[word], status)
    if said.code == "string_above_max_length" and (said.param or "").startswith(
        ("messages", "input")
    ):
        return ContextOverflow
    if status in {400, 413, 422} and _overflows(said):
        return ContextOverflow
    if status == 403 and "flagged_input" in _object(said.entry, "metadata"):
        return ContentFiltered  # OpenRouter's moderation
    if status in _STATUSES:
        return _STATUSES[status]
    return ProviderFailed if status >= 500 or status < 400 else ProviderRejected


def _at_status(kind: type[ProviderError], status: int) -> type[ProviderError]:
    """The class a word stands for, corrected where the status says more."""
    if kind is ProviderRateLimited and status == 413:
        return ContextOverflow  # Groq: one request exceeds all of a minute's tokens, so waiting is no help
    if status >= 500 and issubclass(kind, ProviderRejected):
        return ProviderFailed
    return kind


def _words(said: _Said) -> list[str]:
    inner = _object(said.entry, "innererror").get("code") or _object(said.entry, "inner_error").get(
        "code"
    )
    return [word.lower() for word in (said.code, inner, said.type) if isinstance(word, str)]


def _overflows(said: _Said) -> bool:
    """Whether the numbers say that more was asked for than fits: llama.cpp's members, or a pair in the message."""
    asked, limit = said.entry.get("n_prompt_tokens"), said.entry.get("n_ctx")
    if isinstance(asked, int) and isinstance(limit, int):
        return asked >= limit
    pair = _LIMIT_AND_ASKED.search((said.message or "")[:_SCANNED])
    if pair is None:
        return False
    first, second = (int(number.replace(",", "")) for number in pair.groups())
    return second > first


def _said(value: Json) -> _Said:
    """Find message, code, type and param in any of the shapes that providers use."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return _Said()
    entry = value.get("error") or value.get("errors") or value
    if isinstance(entry, list):
        entry = entry[0] if entry else None
    if isinstance(entry, str):
        # xAI and Ollama: the error is the message, its code stands beside it
        return _Said(entry, _word(value.get("code")), _word(value.get("type")))
    if entry is True:
        entry = value
    if not isinstance(entry, dict):
        return _Said()
    message = entry.get("message")
    if not isinstance(message, str):
        message = _detail(entry.get("detail"), message) or _named_otherwise(entry)
    return _Said(
        message,
        _word(entry.get("code")),
        _word(entry.get("type")) or _word(entry.get("status")),
        _word(entry.get("param")),
        entry,
    )


def _detail(detail: Json, message: Json) -> str | None:
    """FastAPI's `detail`: a string, or a list of what is wrong where."""
    value = message if detail is None else detail
    if value is None or isinstance(value, str):
        return value
    return json.text(value)


def _named_otherwise(entry: dict[str, Any]) -> str | None:
    return next((_word(entry[name]) for name in _OTHER_NAMES if entry.get(name)), None)


def _word(value: Json) -> str | None:
    if isinstance(value, bool):
        return None
    return str(value) if isinstance(value, str | int) else None


def _object(entry: dict[str, Any], name: str) -> dict[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def _status_inside(value: Json) -> int:
    """The status that an error object names as its code; 200, its own, where it names none."""
    code = _said(value).code
    if code is not None and code.isdigit() and len(code) == 3 and 400 <= int(code) <= 599:
        return int(code)
    return 400 if _said(value).type == "invalid_request_error" else 200


def _plain_text(body: bytes) -> str | None:
    text = body[: _PLAIN_TEXT + 1].decode("utf-8", "replace").strip()
    return text if text and len(body) <= _PLAIN_TEXT and "<" not in text else None
