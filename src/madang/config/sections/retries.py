"""What is done when a target fails or is slow, as records: what `retries` and `hedge` can say."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from madang.config.problems import Fault, Path

Attempts = Annotated[int, Meta(ge=1, le=20)]
Pause = Annotated[float, Meta(ge=0, le=3600)]
Share = Annotated[float, Meta(ge=0, le=1)]
Delay = Annotated[float, Meta(gt=0, le=3600)]


class Retries(Struct, frozen=True, forbid_unknown_fields=True):
    """Asking a target again that has failed, once nobody else is left to ask.

    attempts: a request is not retried once so many targets were asked for it; 1: never. The wait
    before a target's first retry is a random one of up to `first_s`, and the bound doubles each time
    up to `most_s`; a provider's own `Retry-After` is waited for where it is no longer than `most_s`.
    wait_s: all waits of a request together, where its caller has stated no deadline. budget: retries
    of a target as a share of its requests, over ten seconds; `least` are allowed in any case.
    """

    attempts: Attempts = 5
    first_s: Pause = 1.0
    most_s: Pause = 60.0
    wait_s: Pause = 10.0
    budget: Share = 0.2
    least: Annotated[int, Meta(ge=0, le=1000)] = 2


class Hedge(Struct, frozen=True, forbid_unknown_fields=True):
    """Asking a second target while the first is slow; the first to answer wins.

    after: seconds without an answer, or `p95`: longer than nineteen of twenty answers of the target
    took to begin. budget: second requests as a share of the target's requests.
    """

    after: Literal["p95"] | Delay = "p95"
    budget: Share = 0.05


def retry_faults(path: Path, retries: Retries | None) -> Iterator[Fault]:
    """What is wrong with the settings for retries."""
    if retries is not None and retries.first_s > retries.most_s:
        yield (*path, "first_s"), "the first wait cannot be longer than `most_s`"
