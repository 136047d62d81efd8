"""What is done about a failure: a row for each kind of them, and nothing decided elsewhere.

One rule: a failure that is the caller's own, or ours, is never taken to another target.
"""

from typing import Final, Literal

from msgspec import Struct

from madang.errors import Kind, MadangError, Phase, ProviderError, ProviderPaced, ProviderTimedOut

Elsewhere = Literal["any", "larger", "named", "none"]


class Remedy(Struct, frozen=True):
    """What may help after a failure.

    elsewhere: which other targets are asked: `any`, those with a `larger` window, those that a
    fallback has `named` for this very cause, or `none`. again: the same target may be asked after a
    wait. other_key: the same target at once, with another of its keys. is_fault: it counts against
    the target. rest_s: the target comes last for so long.
    """

    elsewhere: Elsewhere
    again: bool = False
    other_key: bool = False
    is_fault: bool = True
    rest_s: float = 0.0


SUNSET_S: Final = 600.0
"""A model that a provider no longer serves seldom comes back; a mistake in its settings may be mended."""

GIVE_UP: Final = Remedy("none", is_fault=False)
_TRANSIENT: Final = Remedy("any", again=True)

REMEDIES: Final[dict[Kind, Remedy]] = {
    # the request is at fault, or this process
    "invalid_request": GIVE_UP,
    "authentication": GIVE_UP,
    "billing": GIVE_UP,
    "permission": GIVE_UP,
    "not_found": GIVE_UP,
    "method_not_allowed": GIVE_UP,
    "conflict": GIVE_UP,
    "too_large": GIVE_UP,
    "unprocessable": GIVE_UP,
    "store_unavailable": GIVE_UP,
    "internal": GIVE_UP,
    # the target will not do it, however often it is asked
    "content_filter": Remedy("named", is_fault=False),
    "context_overflow": Remedy("larger", is_fault=False),
    "unsupported_feature": Remedy("any", is_fault=False),
    "unknown_model": Remedy("any", rest_s=SUNSET_S),
    # a matter of a key of ours, or of the pace
    "provider_auth": Remedy("any", other_key=True),
    "provider_quota": Remedy("any", other_key=True),
    "rate_limit": Remedy("any", again=True, other_key=True, is_fault=False),
    # may be over in a moment
    "overloaded": _TRANSIENT,
    "provider_failed": _TRANSIENT,
    "unreachable": _TRANSIENT,
    "timeout": _TRANSIENT,
    "broken": _TRANSIENT,
}
"""A provider's failures by their kind."""

TIMEOUTS: Final[dict[Phase, Remedy]] = {
    "connect": _TRANSIENT,
    "first_byte": _TRANSIENT,
    "first_token": _TRANSIENT,
    "idle": _TRANSIENT,
    "total": Remedy("any"),  # as long as it took, it would take again
}
"""Time-outs by what was waited for."""

_PACED: Final = Remedy("any", is_fault=False)
"""Our own line before a target is too long: nobody was asked, and it says itself who may wait in it."""


LONGEST_REST_S: Final = 3600.0
"""A provider that asks for more is asked again all the same."""


def rest_s(error: MadangError, *, is_waited_for: bool) -> float:
    """For how long a target comes last after a failure. `is_waited_for`: a line before it minds what it asks for."""
    rest = remedy_for(error).rest_s
    asks_for_it = error.kind in ("rate_limit", "overloaded") and not isinstance(
        error, ProviderPaced
    )
    if rest or is_waited_for or not asks_for_it:
        return rest
    return min(error.retry_after_s or 0.0, LONGEST_REST_S)


def remedy_for(error: MadangError) -> Remedy:
    """What may help after a failure; whatever is not a provider's has no remedy."""
    if not isinstance(error, ProviderError):
        return GIVE_UP
    if isinstance(error, ProviderTimedOut):
        return TIMEOUTS[error.phase]
    return _PACED if isinstance(error, ProviderPaced) else REMEDIES[error.kind]
