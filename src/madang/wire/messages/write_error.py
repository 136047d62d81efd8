"""Madang's errors as Anthropic tells them: `{"type": "error", "error": {type, message, details}}`.

Source: https://platform.claude.com/docs/en/api/errors. The status decides which exception the official
client raises; `details.error_code` is the stable word that it shows beside it.
"""

from typing import Any, Final

import msgspec

from madang.errors import (
    MadangError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOverloaded,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model import Failed
from madang.wire import json
from madang.wire.contract import WriteContext

_ROWS: Final[dict[str, tuple[int, str]]] = {
    "invalid_request": (400, "invalid_request_error"),
    "context_overflow": (400, "invalid_request_error"),
    "unsupported_feature": (400, "invalid_request_error"),
    "content_filter": (400, "invalid_request_error"),
    "authentication": (401, "authentication_error"),
    "billing": (402, "billing_error"),
    "permission": (403, "permission_error"),
    "unknown_model": (404, "not_found_error"),
    "not_found": (404, "not_found_error"),
    "method_not_allowed": (405, "invalid_request_error"),
    "conflict": (409, "conflict_error"),
    "too_large": (413, "request_too_large"),
    "unprocessable": (422, "invalid_request_error"),
    "rate_limit": (429, "rate_limit_error"),
    "internal": (500, "api_error"),
    "provider_auth": (502, "api_error"),
    "provider_quota": (502, "api_error"),
    "provider_failed": (502, "api_error"),
    "unreachable": (502, "api_error"),
    "broken": (502, "api_error"),
    "store_unavailable": (503, "api_error"),
    "timeout": (504, "timeout_error"),
    "overloaded": (529, "overloaded_error"),
}
"""Status and type for every `errors.Kind`."""

_TYPE_BY_STATUS: Final = {
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    504: "timeout_error",
}
"""Of a provider's own status that is passed on; others go by their kind."""

_TELLING: Final = (ProviderRejected, ProviderLacksModel, ProviderFailed, ProviderRefusedKey)
"""Where the provider's own status says more than the kind does."""

_OWN_WORDS: Final[dict[str, str]] = {
    "provider_auth": "The provider refused this gateway's key; its operator has to renew it.",
    "provider_quota": "This gateway's account with the provider is used up.",
}
"""Instead of the provider's own, which may quote a key or an account."""


def write_error(error: MadangError) -> tuple[int, bytes]:
    """Return status and body for a caller.

    A provider's own complaint about the request is passed on as it came.
    """
    status, kind = _ROWS[error.kind]
    if isinstance(error, _TELLING):
        status = error.status
        kind = _TYPE_BY_STATUS.get(status, kind)
    elif isinstance(error, ProviderOverloaded) and error.upstream_status == error.status:
        status = error.status  # 529 is Anthropic's own word; what said 503 is passed on as that
    if isinstance(error, ProviderRejected) and error.raw is not None and _is_error(error.raw):
        return status, error.raw
    described = {"type": kind, **_words(error.kind, error.message, error.code)}
    return status, json.encode({"type": "error", "error": described})


def write_stream_error(error: MadangError, context: WriteContext) -> bytes:
    """Return the event that ends a stream which cannot go on."""
    return write_failure(Failed(error.message, error.kind, error.code), context)


def write_failure(failure: Failed, context: WriteContext) -> bytes:
    """Return the same for an error that the provider reported inside its stream."""
    _, kind = _ROWS.get(failure.kind, _ROWS["provider_failed"])
    described = {"type": kind, **_words(failure.kind, failure.message, failure.code)}
    shown = {"type": "error", "error": described, "request_id": context.request_id}
    return b"event: error\ndata: " + json.encode(shown) + b"\n\n"


def _words(kind: str, message: str, code: str | None) -> dict[str, Any]:
    """Return message and code; what went wrong behind us is told by its kind where nothing is more exact."""
    status, _ = _ROWS.get(kind, _ROWS["provider_failed"])
    if kind in _OWN_WORDS:
        message, code = _OWN_WORDS[kind], kind
    elif code is None and status >= 500:
        code = kind
    return (
        {"message": message}
        if code is None
        else {"message": message, "details": {"error_code": code}}
    )


def _is_error(raw: bytes) -> bool:
    """Tell whether a body is an error of this dialect."""
    try:
        data = json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not isinstance(data, dict) or not isinstance(data.get("error"), dict):
        return False
    return data.get("type") == "error"
