"""Madang's errors in OpenAI's shape.

`{"error": {message, type, param, code}}` with the status by which the official SDK chooses its
exception: 400 BadRequestError, 401 AuthenticationError, 403 PermissionDeniedError, 404
NotFoundError, 409 ConflictError, 422 UnprocessableEntityError, 429 RateLimitError, 500 and above
InternalServerError.
"""

from typing import Any, Final, NamedTuple

from madang.errors import (
    MadangError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.wire import json


class _Row(NamedTuple):
    """How one kind is written. `fixed`: our own code (and message) stand, whatever the provider's were."""

    status: int
    type: str
    code: str | None
    fixed: bool = False
    message: str | None = None


_TABLE: Final[dict[str, _Row]] = {
    "invalid_request": _Row(400, "invalid_request_error", None),
    "authentication": _Row(401, "authentication_error", "invalid_api_key"),
    "billing": _Row(402, "insufficient_quota", "insufficient_quota"),
    "permission": _Row(403, "permission_error", "permission_denied"),
    "unknown_model": _Row(404, "invalid_request_error", "model_not_found", fixed=True),
    "not_found": _Row(404, "invalid_request_error", "not_found"),
    "method_not_allowed": _Row(405, "invalid_request_error", "method_not_allowed"),
    "conflict": _Row(409, "invalid_request_error", "conflict"),
    "too_large": _Row(413, "invalid_request_error", "request_too_large"),
    "unprocessable": _Row(422, "invalid_request_error", "unprocessable"),
    "rate_limit": _Row(429, "rate_limit_error", "rate_limit_exceeded"),
    "context_overflow": _Row(400, "invalid_request_error", "context_length_exceeded", fixed=True),
    "unsupported_feature": _Row(400, "invalid_request_error", "unsupported_feature", fixed=True),
    "content_filter": _Row(400, "invalid_request_error", "content_filter", fixed=True),
    "provider_auth": _Row(
        502,
        "server_error",
        "provider_auth_failed",
        fixed=True,
        # the provider's own words may quote the key
        message="The provider did not accept this gateway's credentials; its operator has to renew them.",
    ),
    "provider_quota": _Row(
        502,
        "server_error",
        "provider_quota",
        fixed=True,
        message="This gateway's account with the provider is out of quota; another model may still answer.",
    ),
    "overloaded": _Row(503, "overloaded_error", "overloaded"),
    "provider_failed": _Row(502, "server_error", "provider_failed"),
    "unreachable": _Row(502, "server_error", "provider_unreachable"),
    "timeout": _Row(504, "timeout_error", "timeout"),
    "broken": _Row(502, "server_error", "provider_broken"),
    "store_unavailable": _Row(503, "server_error", "store_unavailable"),
    "internal": _Row(500, "server_error", "internal_error"),
}

"""A row for every `errors.Kind`; a word that is none of them is written as provider_failed."""

_TELLING = (ProviderRejected, ProviderLacksModel, ProviderFailed, ProviderRefusedKey)
"""Where the provider's own status says more than the kind does."""


def write_error(error: MadangError) -> tuple[int, bytes]:
    """(status, body). A provider's own status stays where it says more."""
    row = _TABLE[error.kind]
    status = row.status
    if isinstance(error, _TELLING):
        status = error.status
    body = error_body(error.message, error.kind, error.code, error.param)
    return status, json.encode(body)


def error_body(
    message: str, kind: str, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """The error object, for an answer or for a chunk of a stream."""
    row = _TABLE.get(kind, _TABLE["provider_failed"])
    return {
        "error": {
            "message": row.message or message,
            "type": row.type,
            "param": param,
            "code": row.code if row.fixed else code or row.code,
        }
    }
