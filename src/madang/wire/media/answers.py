"""Providers' answers, looked into without trusting them: what is missing or of another type is None.

A refusal becomes the right ProviderError by its status and by the provider's own code, never by
the words of its message.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

import msgspec

from madang.errors import (
    ProviderBroken,
    ProviderError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.model.media import Handle
from madang.wire.json import answer_object, decode
from madang.wire.media.contract import Incoming, Lost
from madang.wire.openai_errors import retry_after

_LONGEST_MESSAGE: Final = 1000
_LONGEST_ID: Final = 512

_STATUSES: Final[Mapping[int, type[ProviderError]]] = {
    401: ProviderRefusedKey,
    402: ProviderOutOfQuota,
    403: ProviderRefusedKey,
    404: ProviderLacksModel,
    410: ProviderLacksModel,
    429: ProviderRateLimited,
    503: ProviderOverloaded,
    529: ProviderOverloaded,
}

Refused = Callable[[Incoming], ProviderError]
"""Reads a provider's refusal."""


def document(answer: Incoming, refused: Refused) -> dict[str, Any]:
    """The JSON object of a 2xx. Raises what `refused` says of any other status, ProviderBroken for no object."""
    if not 200 <= answer.status < 300:
        raise refused(answer)
    return answer_object(answer.body)


def about_job(refused: Refused) -> Refused:
    """The same for questions about a job: a 404 or 410 then means that the job is not known any more."""

    def read(answer: Incoming) -> ProviderError:
        if answer.status not in (404, 410):
            return refused(answer)
        gone = ProviderRejected(
            "The provider does not know this job (any more).",
            code="job_not_found",
            upstream_status=answer.status,
            raw=answer.body,
        )
        gone.status = 404
        return gone

    return read


def refusal(
    answer: Incoming,
    message: str | None,
    code: str | None = None,
    kind: type[ProviderError] | None = None,
) -> ProviderError:
    """A refusal with what it says. `kind` is what the provider's own code means, where it is known."""
    status = answer.status
    kind = kind or _STATUSES.get(status)
    if kind is None:
        kind = ProviderRejected if 400 <= status < 500 and status != 408 else ProviderFailed
    waits = issubclass(kind, ProviderRateLimited | ProviderOverloaded)
    error = kind(
        (message or f"The provider answered {status} and gave no reason.")[:_LONGEST_MESSAGE],
        code=code,
        retry_after_s=retry_after(raw_headers(answer)) if waits else None,
        upstream_status=status,
        raw=answer.body,
    )
    if isinstance(error, ProviderRejected) and 400 <= status < 500 and status not in _STATUSES:
        error.status = status
    return error


def said(answer: Incoming) -> dict[str, Any]:
    """The JSON object of an answer, whatever its status; empty where it has none."""
    try:
        value = decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def entry(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object; empty where there is none."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def entries(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list."""
    value = data.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def word(data: Mapping[str, Any], name: str) -> str | None:
    """A text that says something."""
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def number(data: Mapping[str, Any], name: str) -> float | None:
    """A number that is not negative, also one written as a text."""
    value = data.get(name)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e15 and isfinite(value) else None


def identity(data: Mapping[str, Any], name: str) -> str:
    """The id of a job, without which it could not be found again. Raises ProviderBroken."""
    found = word(data, name)
    if found is None or len(found) > _LONGEST_ID or not found.isprintable():
        raise ProviderBroken(f"the provider accepted a job and gave no usable `{name}`")
    return found


def by_id(identity: str, lost: Lost) -> Handle:
    """The handle of a job that is asked for by its id alone."""
    del lost  # nothing of the order is in its address
    return Handle(identity)


def raw_headers(answer: Incoming) -> dict[bytes, bytes]:
    """The headers as the readers of the dialects want them."""
    return {
        name.encode("latin-1", "replace"): value.encode("latin-1", "replace")
        for name, value in answer.headers.items()
    }
