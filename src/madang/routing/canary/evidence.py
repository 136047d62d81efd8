"""What a trial has shown so far: requests one by one become counts, and the counts a reason to end it.

Alike sides are called different with a chance of at most 4.7 %: 3.5 % by errors, 0.4 % each by latency,
time to the first token and cost; verdicts of people are another 0.2 % (see `rated`). What the draw did
not decide is left out of these; only failures in a row count all the same. Slow or dear is a request
beyond the upper quartile of the stable side, and the canary's own bound is higher by what is tolerated.
"""

from math import exp, log
from typing import Final, Literal, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from madang.config.sections.canaries import Tolerance
from madang.model.attempt import Arm
from madang.routing.canary.exact import Block, Comparison, look

Measure = Literal["errors", "latency", "first_token", "cost"]

ALPHA: Final[dict[Measure, float]] = {
    "errors": 0.035,
    "latency": 0.004,
    "first_token": 0.004,
    "cost": 0.004,
}
"""The chance that a measure ends a trial whose sides are alike."""

BLOCK: Final = 20
"""Requests of the canary between two looks."""

IN_A_ROW: Final = 5
WITHIN_SPAN: Final = 10
SPAN_US: Final = 300_000_000
"""So many failures one after another, or within that time where each success takes one off, end a trial."""

_QUARTILE: Final = 0.75
_FINENESS: Final = 50.0
"""Quantiles are known to 2 %."""


class Seen(NamedTuple):
    """A finished request, by its first attempt. `at_us`: when that ended (Unix µs).

    `failed` None: it says nothing (the caller left, nobody was asked). `is_fault`: the target's own.
    Times in µs and money in nano-dollars, of an answer only; None: not known.
    """

    arm: Arm
    drawn: bool
    at_us: int
    failed: bool | None
    is_fault: bool = False
    latency: int | None = None
    first_token: int | None = None
    cost: int | None = None


class Tally(Struct):
    """One measure: its test, the block that is being filled, and what was usual on the stable side.

    `usual` counts values by their logarithm; `bound` is what a request is marked beyond.
    """

    comparison: Comparison
    canary: int = 0
    canary_marked: int = 0
    stable: int = 0
    stable_marked: int = 0
    bound: float | None = None
    usual: dict[int, int] = field(default_factory=dict)

    def count(self, *, is_canary: bool, marked: bool) -> None:
        """A request, on its side."""
        if is_canary:
            self.canary += 1
            self.canary_marked += marked
        else:
            self.stable += 1
            self.stable_marked += marked

    def weigh(self, value: int, tolerated: float, *, is_canary: bool) -> None:
        """A request of which there is a value."""
        if self.bound is not None:
            bound = self.bound * (1 + tolerated) if is_canary else self.bound
            self.count(is_canary=is_canary, marked=value > bound)
        if not is_canary:
            at = int(log(max(value, 1)) * _FINENESS)
            self.usual[at] = self.usual.get(at, 0) + 1

    def close(self) -> None:
        """The block is full: look, and fix the bound for the next."""
        if self.canary and self.stable:
            block = Block(self.canary, self.canary_marked, self.stable, self.stable_marked)
            self.comparison = look(self.comparison, block)
        self.canary = self.canary_marked = self.stable = self.stable_marked = 0
        left = sum(self.usual.values()) * (1 - _QUARTILE)
        for at in sorted(self.usual, reverse=True):
            left -= self.usual[at]
            if left < 0:
                self.bound = exp((at + 1) / _FINENESS)
                return


def _tallies() -> dict[Measure, Tally]:
    return {measure: Tally(Comparison(alpha)) for measure, alpha in ALPHA.items()}


class Evidence(Struct):
    """All of it. `requests`: of the canary in the present step; `filled`: its drawn ones in the present block.

    `in_a_row`: failures since the last success; `recent`: when those failed that no success has taken off.
    """

    requests: int = 0
    filled: int = 0
    in_a_row: int = 0
    recent: list[int] = field(default_factory=list)
    tallies: dict[Measure, Tally] = field(default_factory=_tallies)

    def take(self, one: Seen, tolerate: Tolerance) -> None:
        """Take a request into account."""
        if one.failed is None:
            return
        is_canary = one.arm == "canary"
        if is_canary:
            self.requests += 1
            self._follow(one, failed=one.failed)
        if not one.drawn:
            return
        tallies = self.tallies
        tallies["errors"].count(is_canary=is_canary, marked=one.failed)
        values: tuple[tuple[Measure, int | None, float | str], ...] = (
            ("latency", one.latency, tolerate.latency),
            ("first_token", one.first_token, tolerate.first_token),
            ("cost", one.cost, tolerate.cost),
        )
        for measure, value, tolerated in values:
            if value is not None and not isinstance(tolerated, str):
                tallies[measure].weigh(value, tolerated, is_canary=is_canary)
        self.filled += is_canary
        if self.filled >= BLOCK:
            self.filled = 0
            for tally in tallies.values():
                tally.close()

    def _follow(self, one: Seen, *, failed: bool) -> None:
        """Count failures in a row and in a short time."""
        if not failed:
            self.in_a_row = 0
            del self.recent[:1]
        elif one.is_fault:
            self.in_a_row += 1
            self.recent.append(one.at_us)
            self.recent[:] = [at for at in self.recent if one.at_us - at < SPAN_US]

    def harm(self) -> str | None:
        """Why the trial has to end; None: nothing speaks against the canary."""
        if self.in_a_row >= IN_A_ROW:
            return f"{self.in_a_row} failures one after another"
        if len(self.recent) >= WITHIN_SPAN:
            minutes = SPAN_US // 60_000_000
            return f"{len(self.recent)} failures within {minutes} minutes, successes taken off"
        for measure, tally in self.tallies.items():
            test = tally.comparison
            if test.worse:
                return (
                    f"{_WORDS[measure]}: {test.canary_marked} of {test.canary} requests of the canary, "
                    f"{test.stable_marked} of {test.stable} of the stable side; alike sides reach {test.bound} "
                    f"with a chance of at most {test.alpha:.1%} in the whole trial"
                )
        return None

    def figures(self) -> dict[str, float | None]:
        """What it is made of, for the record: counts, bounds, and the chance spent so far."""
        found: dict[str, float | None] = {
            "requests": self.requests,
            "failures_in_a_row": self.in_a_row,
            "recent_failures": len(self.recent),
        }
        for measure, tally in self.tallies.items():
            test = tally.comparison
            found |= {
                f"{measure}_canary": test.canary,
                f"{measure}_canary_marked": test.canary_marked,
                f"{measure}_stable": test.stable,
                f"{measure}_stable_marked": test.stable_marked,
                f"{measure}_bound": test.bound,
                f"{measure}_alpha": test.alpha,
            }
        return found

    def next_step(self) -> "Evidence":
        """The same, at the beginning of another step."""
        return replace(self, requests=0)


_WORDS: Final[dict[Measure, str]] = {
    "errors": "more errors",
    "latency": "slower",
    "first_token": "slower to the first token",
    "cost": "dearer",
}
