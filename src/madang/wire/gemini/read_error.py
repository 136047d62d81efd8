"""A Gemini provider's error answer as the right ProviderError.

One rule: an error is judged by HTTP status and by the structure of its details
(`google.rpc.ErrorInfo`, `RetryInfo`, `QuotaFailure`: https://google.aip.dev/193), never by the
words of its message.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.errors import (
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
from madang.model import Json
from madang.wire.gemini.members import dicts
from madang.wire.json import decode

_STATUS_BY_WORD = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"})
_BILLING_REASONS = frozenset({"BILLING_DISABLED", "BILLING_NOT_ACTIVE"})
_TYPE = "type.googleapis.com/google.rpc."
_EXCEEDS = re.compile(r"\((\d{3,12})\)\D{1,80}\((\d{3,12})\)")
_TELLING = (500, 504)  # of a provider's failures, those that say more than 502
_LONGEST_MESSAGE = 4096
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d+)?)s?")


def read_error(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderError:
    """A provider's error answer, whatever its body is."""
    try:
        document = decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        document = None
    error = error_of(document) or {}
    retry_after_s = _seconds(headers.get(b"retry-after", b"").decode("latin-1"))
    return provider_error(status, error, raw=body, retry_after_s=retry_after_s)


def error_of(document: Json) -> dict[str, Any] | None:
    """The error object of a decoded document, which may be wrapped in a list; None without one."""
    if isinstance(document, list) and document:
        document = document[0]
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else None


def provider_error(
    status: int,
    error: dict[str, Any],
    *,
    raw: bytes | None = None,
    retry_after_s: float | None = None,
) -> ProviderError:
    """An error object as the right ProviderError.

    A status below 400 means an error inside a 200: it says its own.
    """
    upstream = status
    if status < 400:
        status = _own_status(error)
    details = dicts(error.get("details"))
    message = error.get("message")
    message = message if isinstance(message, str) and message else f"the provider answered {status}"
    word, reason = error.get("status"), _reason(details)
    wait_s = _retry_delay(details)
    found = _class(status, message, reason, details)(
        message[:_LONGEST_MESSAGE],
        code=reason or (word if isinstance(word, str) else None),
        retry_after_s=retry_after_s if wait_s is None else wait_s,
        upstream_status=upstream,
        raw=raw,
    )
    if isinstance(found, ProviderRejected) or status in _TELLING or _is_bad_key(found, status):
        found.status = status
    return found


def _is_bad_key(found: ProviderError, status: int) -> bool:
    """Whether our key is refused with a 400: it stays one, for no client shall try that again."""
    return isinstance(found, ProviderRefusedKey) and status == 400


def _own_status(error: dict[str, Any]) -> int:
    code = error.get("code")
    if type(code) is int and 400 <= code < 600:
        return code
    word = error.get("status")
    return _STATUS_BY_WORD.get(word, 500) if isinstance(word, str) else 500


def _class(
    status: int, message: str, reason: str | None, details: list[dict[str, Any]]
) -> type[ProviderError]:
    if reason in _BILLING_REASONS or status == 402:
        return ProviderOutOfQuota
    if status in (401, 403) or reason in _KEY_REASONS:
        return ProviderRefusedKey
    if status in (404, 410):
        return ProviderLacksModel
    if status == 429:
        return ProviderOutOfQuota if _is_spent_for_today(details) else ProviderRateLimited
    if status in (503, 529):
        return ProviderOverloaded
    if status >= 500 or status in (408, 499):
        return ProviderFailed
    return ContextOverflow if status == 400 and _exceeds(message) else ProviderRejected


def _reason(details: list[dict[str, Any]]) -> str | None:
    for detail in details:
        reason = detail.get("reason")
        if detail.get("@type") == f"{_TYPE}ErrorInfo" and isinstance(reason, str):
            return reason
    return None


def _is_spent_for_today(details: list[dict[str, Any]]) -> bool:
    """Whether a quota per day is used up: the seconds that RetryInfo offers do not help then."""
    quotas = [
        violation.get("quotaId")
        for detail in details
        if detail.get("@type") == f"{_TYPE}QuotaFailure"
        for violation in dicts(detail.get("violations"))
    ]
    return any(isinstance(quota, str) and "PerDay" in quota for quota in quotas)


def _retry_delay(details: list[dict[str, Any]]) -> float | None:
    for detail in details:
        if detail.get("@type") == f"{_TYPE}RetryInfo" and isinstance(detail.get("retryDelay"), str):
            return _seconds(detail["retryDelay"])
    return None


def _seconds(said: str) -> float | None:
    match = _SECONDS.fullmatch(said.strip())
    return float(match[1]) if match else None


def _exceeds(message: str) -> bool:
    """Whether the message has the figures of an overflow: `(N) … (M)` with N above M.

    Google has no code of its own for it.
    """
    match = _EXCEEDS.search(message)
    return match is not None and int(match[1]) > int(match[2])
