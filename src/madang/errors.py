"""Every failure that Madang can report, as one tree.

    MadangError
    ├── CallerError              the caller has to change something; never retried
    │   ├── InvalidRequest       400  bad JSON, a wrong type, an impossible combination
    │   ├── Unauthenticated      401  no key, a wrong, revoked or expired key
    │   ├── OutOfCredit          402  the budget or the credit is used up
    │   ├── Forbidden            403  the key may not do this
    │   ├── UnknownModel         404  no such model; names the nearest ones
    │   ├── NotFound             404  no such path or record
    │   ├── MethodNotAllowed     405
    │   ├── Conflict             409
    │   ├── BodyTooLarge         413
    │   ├── CacheMiss            404  only an answer from the cache was wanted, and there is none
    │   ├── KeyReused            422  an Idempotency-Key came with another request before
    │   └── RateLimited          429  one of the caller's own limits
    ├── ProviderError            an upstream failed; another candidate may do better
    │   ├── ProviderRejected     4xx  the request itself is at fault; not retried
    │   │   ├── ContextOverflow  400  the prompt exceeds the model's window; a larger window may serve it
    │   │   ├── UnsupportedFeature 400  the model cannot do what is asked; another may
    │   │   └── ContentFiltered  400  refused by the provider's policy
    │   ├── ProviderRefusedKey   502  a 401 or 403 towards *our* key (a 400 stays one)
    │   ├── ProviderOutOfQuota   502  our account there is out of money or quota
    │   ├── ProviderLacksModel   404  the provider does not (or no longer) serve the model
    │   ├── ProviderRateLimited  429
    │   │   └── ProviderPaced    429  our own pacing toward it has no room in time; it was not asked
    │   ├── ProviderOverloaded   503
    │   ├── ProviderFailed       502  any other 5xx
    │   ├── ProviderUnreachable  502  DNS, refused, reset, TLS
    │   ├── ProviderTimedOut     504  connect, first byte, idle, total: see `phase`
    │   └── ProviderBroken       502  malformed, cut off, or wrong about its own length
    ├── Draining                 503  this process is shutting down
    ├── Overloaded               503  this process is at its own bounds
    ├── StoreUnavailable         503  the store or the journal cannot be read or written
    └── InternalError            500  a defect of ours

One rule: an error carries facts (status, kind, retryable), and each dialect has a table that turns
`kind` into its own shape. Nothing ever decides by the text of a message.
"""

from typing import ClassVar, Literal

Kind = Literal[
    "invalid_request",
    "authentication",
    "billing",
    "permission",
    "unknown_model",
    "not_found",
    "method_not_allowed",
    "conflict",
    "too_large",
    "unprocessable",
    "rate_limit",
    "context_overflow",
    "unsupported_feature",
    "content_filter",
    "provider_auth",
    "provider_quota",
    "overloaded",
    "provider_failed",
    "unreachable",
    "timeout",
    "broken",
    "store_unavailable",
    "internal",
]

Phase = Literal["connect", "first_byte", "first_token", "idle", "total"]


class MadangError(Exception):
    """A failure with the facts that every layer needs to act on it.

    `status` is the HTTP status for a caller (a dialect may map it to another), `retryable` says
    whether another candidate may be tried, `code` is a stable machine-readable word, `param` names
    the field at fault, and `retry_after_s` is how long to wait where that is known.
    """

    status: int = 500
    kind: ClassVar[Kind] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s


class CallerError(MadangError):
    """The caller has to change something."""


class InvalidRequest(CallerError):
    """400: bad JSON, a wrong type, an impossible combination."""

    status = 400
    kind = "invalid_request"


class Unauthenticated(CallerError):
    """401: no key, or one that is wrong, revoked or expired."""

    status = 401
    kind = "authentication"


class OutOfCredit(CallerError):
    """402: the budget or the credit of this caller is used up."""

    status = 402
    kind = "billing"


class Forbidden(CallerError):
    """403: the key may not do this."""

    status = 403
    kind = "permission"


class UnknownModel(CallerError):
    """404: no such model; the message names the nearest ones."""

    status = 404
    kind = "unknown_model"


class NotFound(CallerError):
    """404: no such path or record."""

    status = 404
    kind = "not_found"


class MethodNotAllowed(CallerError):
    """405: the path exists, this method on it does not."""

    status = 405
    kind = "method_not_allowed"


class Conflict(CallerError):
    """409: the record is in another state than the request assumes."""

    status = 409
    kind = "conflict"


class BodyTooLarge(CallerError):
    """413: the request body exceeds the configured bound."""

    status = 413
    kind = "too_large"


class CacheMiss(CallerError):
    """404: only an answer from the cache was wanted, and there is none."""

    status = 404
    kind = "not_found"


class KeyReused(CallerError):
    """422: an Idempotency-Key came with another request before."""

    status = 422
    kind = "unprocessable"


class RateLimited(CallerError):
    """429: one of the caller's own limits; `retry_after_s` is exact."""

    status = 429
    kind = "rate_limit"


class ProviderError(MadangError):
    """An upstream failed.

    `upstream_status` is the provider's HTTP status (None when no answer came), `raw` the provider's
    own error body, which a caller of the same dialect is given unchanged when the mistake is the
    caller's.
    """

    status = 502
    kind: ClassVar[Kind] = "provider_failed"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
        upstream_status: int | None = None,
        raw: bytes | None = None,
    ) -> None:
        super().__init__(message, code=code, param=param, retry_after_s=retry_after_s)
        self.upstream_status = upstream_status
        self.raw = raw


class ProviderRejected(ProviderError):
    """4xx: the request itself is at fault. `status` is the provider's own."""

    status = 400
    kind: ClassVar[Kind] = "invalid_request"
    retryable = False


class ContextOverflow(ProviderRejected):
    """400: the prompt exceeds the model's context window; a larger window may serve it."""

    kind = "context_overflow"
    retryable = True


class UnsupportedFeature(ProviderRejected):
    """400: the model is known to be unable to do what the request needs; it was not asked.

    `may_be_lost`: it can still be asked without that, once no other target is left. `param` names
    the feature.
    """

    kind = "unsupported_feature"
    retryable = True

    def __init__(
        self, message: str, *, param: str | None = None, may_be_lost: bool = False
    ) -> None:
        super().__init__(message, code="unsupported_feature", param=param)
        self.may_be_lost = may_be_lost


class ContentFiltered(ProviderRejected):
    """400: refused by the provider's content policy."""

    kind = "content_filter"


class ProviderRefusedKey(ProviderError):
    """A 401 or 403 towards our own key: not the caller's fault, so 502; a provider's 400 for it stays one."""

    kind = "provider_auth"


class ProviderOutOfQuota(ProviderError):
    """Our account with the provider is out of money or quota."""

    kind = "provider_quota"


class ProviderLacksModel(ProviderError):
    """404 or 410: the provider does not, or no longer, serve the model."""

    status = 404
    kind = "unknown_model"


class ProviderRateLimited(ProviderError):
    """429 from the provider."""

    status = 429
    kind = "rate_limit"


class ProviderPaced(ProviderRateLimited):
    """Our own pacing toward the provider has no room in time; it was not asked. `retry_after_s` is an estimate."""


class ProviderOverloaded(ProviderError):
    """503 or 529 from the provider."""

    status = 503
    kind = "overloaded"


class ProviderFailed(ProviderError):
    """Any other 5xx, or an error inside a 200."""


class ProviderUnreachable(ProviderError):
    """No connection: DNS, refused, reset before an answer, TLS."""

    kind = "unreachable"


class ProviderTimedOut(ProviderError):
    """A time-out; `phase` says which one."""

    status = 504
    kind = "timeout"

    def __init__(self, message: str, *, phase: Phase) -> None:
        super().__init__(message, code=f"{phase}_timeout")
        self.phase: Phase = phase


class ProviderBroken(ProviderError):
    """Malformed, cut off, or wrong about its own length."""

    kind = "broken"


class Draining(MadangError):
    """503: this process is shutting down and takes no new work."""

    status = 503
    kind = "overloaded"


class Overloaded(MadangError):
    """503: this process is at its own bounds."""

    status = 503
    kind = "overloaded"


class StoreUnavailable(MadangError):
    """503: the store or the journal cannot be read or written: full, locked, damaged, or of another version."""

    status = 503
    kind = "store_unavailable"


class InternalError(MadangError):
    """500: a defect of ours. The message never carries details of it."""
