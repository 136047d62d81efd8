"""New targets on trial as records: the section `canaries`, and a model's `shadow`."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta, Struct

from madang.config.problems import Fault, Path
from madang.config.sections.pacing import Off

Percent = Annotated[float, Meta(gt=0, le=100)]
Share = Annotated[float, Meta(ge=0, le=100)]
Seconds = Annotated[float, Meta(ge=0, le=31_536_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Usd = Annotated[float, Meta(ge=0, le=1_000_000)]
AtOnce = Annotated[int, Meta(ge=1, le=1000)]


class Tolerance(Struct, frozen=True, forbid_unknown_fields=True):
    """How much slower or dearer the new target may be, as a share: 0.2 is a fifth; off: that is not looked at.

    latency: of whole answers; first_token: of streams; cost: of one request.
    """

    latency: Share | Off = 0.2
    first_token: Share | Off = 0.2
    cost: Share | Off = 0.2


class Canary(Struct, frozen=True, forbid_unknown_fields=True):
    """A new target `to` (`provider/model`, or a model) on trial for `percent` of the requests for `model`.

    `ramp`: the shares that follow, in percent (those up to `percent` are passed over; none: it stays
    there). A step lasts until the new target had `step_requests` requests, and for `step_s`.
    """

    model: str
    to: str
    percent: Percent = 5.0
    ramp: tuple[Percent, ...] = (5.0, 15.0, 50.0, 100.0)
    step_requests: Count = 300
    step_s: Seconds = 600.0
    tolerate: Tolerance = Tolerance()

    @property
    def steps(self) -> tuple[float, ...]:
        """The shares it goes through, in percent."""
        return (self.percent, *(step for step in self.ramp if step > self.percent))


class Shadow(Struct, frozen=True, forbid_unknown_fields=True):
    """A copy of `percent` of a model's requests goes `to` another target, and nobody waits for the answer.

    `budget_usd_day`: the most that copies may cost in a day (UTC); `concurrency`: copies at once in
    each process. What is beyond them is dropped.
    """

    to: str
    percent: Percent = 10.0
    budget_usd_day: Usd = 5.0
    concurrency: AtOnce = 4


def canary_faults(canaries: Mapping[str, Canary]) -> Iterator[Fault]:
    """What is wrong with canaries of the right shape."""
    taken: dict[str, str] = {}
    for name, canary in canaries.items():
        path: Path = ("canaries", name)
        if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME or "/" in name:
            yield path, f"a name has 1 to {_LONGEST_NAME} printable characters and no `/`"
        if list(canary.ramp) != sorted(set(canary.ramp)):
            yield (*path, "ramp"), "each step is larger than the one before"
        if canary.to == canary.model:
            yield (*path, "to"), "this is the model itself; name another target"
        if canary.model in taken:
            yield (
                (*path, "model"),
                f"`{taken[canary.model]}` is on trial for that model; one at a time",
            )
        taken.setdefault(canary.model, name)


_LONGEST_NAME = 64
