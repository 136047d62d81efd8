"""Our errors as Google tells them, so that its SDKs raise the right class.

The format is `{"error": {code, message, status, details}}` (https://google.aip.dev/193); the SDKs
go by the HTTP status.
"""

from typing import Any, NamedTuple

import msgspec

from madang.errors import (
    Kind,
    MadangError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model import Failed, Json
from madang.wire.contract import WriteContext
from madang.wire.json import decode, encode


class _Row(NamedTuple):
    """How a kind of failure is told: HTTP status and Google's word for it (google.rpc.Code)."""

    status: int
    word: str


ROWS: dict[Kind, _Row] = {
    "invalid_request": _Row(400, "INVALID_ARGUMENT"),
    "context_overflow": _Row(400, "INVALID_ARGUMENT"),
    "unsupported_feature": _Row(400, "INVALID_ARGUMENT"),
    "content_filter": _Row(400, "INVALID_ARGUMENT"),
    "authentication": _Row(401, "UNAUTHENTICATED"),
    "billing": _Row(402, "FAILED_PRECONDITION"),
    "permission": _Row(403, "PERMISSION_DENIED"),
    "unknown_model": _Row(404, "NOT_FOUND"),
    "not_found": _Row(404, "NOT_FOUND"),
    "method_not_allowed": _Row(405, "INVALID_ARGUMENT"),
    "conflict": _Row(409, "ABORTED"),
    "too_large": _Row(413, "INVALID_ARGUMENT"),
    "unprocessable": _Row(422, "INVALID_ARGUMENT"),
    "rate_limit": _Row(429, "RESOURCE_EXHAUSTED"),
    "internal": _Row(500, "INTERNAL"),
    "provider_auth": _Row(502, "INTERNAL"),
    "provider_quota": _Row(502, "INTERNAL"),
    "provider_failed": _Row(502, "INTERNAL"),
    "unreachable": _Row(502, "INTERNAL"),
    "broken": _Row(502, "INTERNAL"),
    "overloaded": _Row(503, "UNAVAILABLE"),
    "store_unavailable": _Row(503, "UNAVAILABLE"),
    "timeout": _Row(504, "DEADLINE_EXCEEDED"),
}
"""Every `errors.Kind`."""

_WORD_BY_STATUS = {409: "ABORTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
_OWN_WORDS = {
    "provider_auth": "The provider refused this gateway's key; its operator has to renew it.",
    "provider_quota": "This gateway's account with the provider is used up.",
}
"""Instead of the provider's own, which may quote a key or an account."""

_TYPE = "type.googleapis.com/google.rpc."


def write_error(error: MadangError) -> tuple[int, bytes]:
    """HTTP status and body.

    A Gemini provider's own complaint about the request passes as it came.
    """
    row = ROWS[error.kind]
    if isinstance(error, ProviderRejected) and error.raw is not None and _is_error(error.raw):
        return error.status, error.raw
    if isinstance(
        error, ProviderRejected | ProviderLacksModel | ProviderFailed | ProviderRefusedKey
    ):
        row = _Row(error.status, _WORD_BY_STATUS.get(error.status, row.word))
    failure = Failed(error.message, error.kind, error.code)
    return row.status, encode(_document(row, failure, error.retry_after_s))


def write_stream_error(error: MadangError, context: WriteContext) -> bytes:
    """The end of a stream whose first bytes are out."""
    return write_failure(
        Failed(error.message, error.kind, error.code), array=context.array, begun=True
    )


def write_failure(failure: Failed, *, array: bool, begun: bool) -> bytes:
    """The same for an error inside the stream; `begun` says whether an array has its bracket."""
    row = next((row for kind, row in ROWS.items() if kind == failure.kind), ROWS["provider_failed"])
    document = encode(_document(row, failure, None))
    if array:
        return (b",\r\n" if begun else b"[") + document + b"]"
    return b"data: " + document + b"\r\n\r\n"


def _document(row: _Row, failure: Failed, retry_after_s: float | None) -> dict[str, Json]:
    """Google's error object.

    Our stable code and the waiting time stand in its details; what went wrong behind us is told
    by its kind where nothing is more exact.
    """
    message, code = failure.message, failure.code
    if failure.kind in _OWN_WORDS:
        message, code = _OWN_WORDS[failure.kind], failure.kind
    elif code is None and row.status >= 500:
        code = failure.kind
    details: list[Json] = []
    if code:
        details.append({"@type": f"{_TYPE}ErrorInfo", "reason": code, "domain": "madang"})
    if retry_after_s is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{retry_after_s:.3f}s"})
    error: dict[str, Any] = {"code": row.status, "message": message, "status": row.word}
    return {"error": {**error, "details": details} if details else error}


def _is_error(raw: bytes) -> bool:
    """Whether a body is an error of this dialect."""
    try:
        data = decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    error = data.get("error") if isinstance(data, dict) else None
    return (
        isinstance(error, dict)
        and type(error.get("code")) is int
        and isinstance(error.get("status"), str)
    )
