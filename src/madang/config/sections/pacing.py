"""How fast a provider may be asked, as records: what `limits`, `key_limits` and `queue` of a provider can say."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from madang.config.problems import Fault, Path

Amount = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Waiting = Annotated[int, Meta(ge=0, le=1_000_000)]
WaitSeconds = Annotated[float, Meta(gt=0, le=86_400)]

EVERY_OTHER: Final = "*"
"""The name that stands for each model without a row of its own."""


class Pace(Struct, frozen=True, forbid_unknown_fields=True):
    """How much one model may be asked: in any second or minute, and at once.

    rps, rpm: requests per second, per minute; tpm: tokens per minute, input and output together.
    `burst`: requests that may go at once, which then come back steadily at the rate of `rps` or
    else `rpm`; None: as many as the rate allows in its span.
    """

    rps: Amount | None = None
    rpm: Amount | None = None
    tpm: Amount | None = None
    burst: Amount | None = None
    concurrency: Amount | None = None


Off = Literal["off"]
Paces = Off | dict[str, Pace]
"""Paces by a model's name (the catalogue's or the provider's own), or `off`."""


class Queue(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may wait for a turn at a model: at most `length` requests, and none for longer than `wait_s`."""

    length: Waiting = 1000
    wait_s: WaitSeconds = 20.0


def pace_faults(path: Path, paces: Paces | None) -> Iterator[Fault]:
    """What is wrong with paces of the right shape."""
    if not isinstance(paces, dict):
        return
    for model, pace in paces.items():
        if pace.burst is not None and pace.rps is None and pace.rpm is None:
            fault = "a burst needs the rate at which it comes back: `rps` or `rpm`"
            yield (*path, model, "burst"), fault
