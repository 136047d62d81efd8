"""One request as routing sees it: what its caller wishes, what may be known of targets, and why it was decided so.

Only requests with something to choose have one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from madang.model import Decision, LeftOut, PriceRow, Target, Weighed
from madang.model.decision import Signs, State
from madang.routing.board import FULL, READY, RESTING
from madang.routing.glance import Glances
from madang.routing.preferences import Preference
from madang.routing.provider_wishes import ProviderWishes
from madang.routing.pulse import RETURN_S, Candidate, Pulses
from madang.routing.sessions import Sessions

_STATES: Final[dict[int, State]] = {FULL: "full", RESTING: "resting"}


class Known(Protocol):
    """What is known of targets under one configuration."""

    def price_row(self, target: Target, at_us: int, /) -> PriceRow | None:
        """The price in force at a time (Unix µs); None: unknown."""

    def quality_of(self, target: Target, /) -> float | None:
        """How good its answers are, 0 to 1; None: unknown."""


class _NothingKnown:
    """Of no target anything is known."""

    def price_row(self, _: Target, __: int) -> PriceRow | None:
        return None

    def quality_of(self, _: Target) -> float | None:
        return None


NOTHING_KNOWN: Final[Known] = _NothingKnown()


@dataclass(slots=True)
class Memory:
    """What routing remembers from request to request, in one process."""

    pulses: Pulses = field(default_factory=Pulses)
    sessions: Sessions = field(default_factory=Sessions)
    glances: Glances = field(default_factory=Glances)


@dataclass(slots=True)
class Notes:
    """What a decision was made of; put into words when it is asked for."""

    pick: str = "order"
    considered: Sequence[Candidate] = ()
    left_out: tuple[LeftOut, ...] = ()
    prefer: str | None = None
    task: str | None = None
    tier: str | None = None
    signals: tuple[str, ...] = ()
    rule: int | None = None
    kept: Target | None = None
    probe: Target | None = None
    signs: Signs | None = None

    def decision(self, now: float) -> Decision:
        """All of it as the ledger keeps it."""
        return Decision(
            self.pick,
            tuple([_weighed(one, now) for one in self.considered]),
            self.left_out,
            self.prefer,
            self.task,
            self.tier,
            self.signals,
            self.rule,
            spelled(self.kept),
            spelled(self.probe),
            signs=self.signs,
        )


@dataclass(slots=True)
class Case:
    """`session` is its digest (None: it belongs to none), `prompt_tokens` counts its prompt when asked.

    `is_mine` says whether the key may use a target (None: it may use all of them). `price_of` tells
    prices where nothing else does.
    """

    known: Known
    memory: Memory
    at_us: int = 0
    prefer: Preference | None = None
    session: bytes | None = None
    wishes: ProviderWishes | None = None
    is_mine: Callable[[Target], bool] | None = None
    prompt_tokens: Callable[[], int] | None = None
    price_of: Callable[[Target], float | None] | None = None
    notes: Notes = field(default_factory=Notes)

    @property
    def is_anybodys(self) -> bool:
        """Whether nothing about the request itself has a say in who is asked."""
        is_bound = self.session is not None or self.is_mine is not None
        return self.wishes is None and self.prefer is None and not is_bound

    def asks(self, target: Target, now: float) -> None:
        """A target is about to be asked: that is where its session is from now on."""
        if self.session is not None:
            self.memory.sessions.asked(self.session, target, now)

    def refusal(self, target: Target) -> str | None:
        """Why a target may not be asked; None: it may."""
        if self.is_mine is not None and not self.is_mine(target):
            return "this key may not use the model"
        if self.wishes is None:
            return None
        return self.wishes.refusal(target, self.known.price_row(target, self.at_us))

    def price(self, target: Target) -> float | None:
        """Input plus output of a target, in nano-dollars per million tokens; None: unknown."""
        if self.price_of is not None:
            return self.price_of(target)
        row = self.known.price_row(target, self.at_us)
        if row is None or (row.input is None and row.output is None):
            return None
        return (row.input or 0) + (row.output or 0)


def spelled(target: Target | None) -> str | None:
    """A target as `provider/model`."""
    return None if target is None else f"{target.provider}/{target.model}"


def _weighed(one: Candidate, now: float) -> Weighed:
    state: State = "ready"
    if one.readiness != READY:
        state = _STATES[one.readiness]
    elif now - one.pulse.returned_at < RETURN_S:
        state = "returning"
    score = one.score
    return Weighed(one.pulse.name, None if score is None else round(score, 6), state)
