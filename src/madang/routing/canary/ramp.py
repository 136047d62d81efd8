"""A trial of a new target as a state machine: what it is in, what may happen to it, what the evidence makes of it."""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from madang.config.canaries import Canary
from madang.errors import Conflict
from madang.routing.canary.evidence import Evidence

State = Literal["running", "promoted", "rolled_back", "aborted"]
Kind = Literal["started", "advanced", "promoted", "rolled_back", "aborted", "switched"]

_MAY: Final[dict[tuple[State, Kind], State]] = {
    ("running", "advanced"): "running",
    ("running", "promoted"): "promoted",
    ("running", "rolled_back"): "rolled_back",
    ("running", "aborted"): "aborted",
    ("promoted", "rolled_back"): "rolled_back",
}
"""What may happen to a trial in a state, and the state that follows."""

_WHOLE: Final = 100.0


class Trial(Struct, frozen=True):
    """One trial of a canary; `number` counts them. `step` is an index of `terms.steps`; moments are Unix µs.

    `is_configured`: its terms come from the configuration. `over_us`: when it was ended (None: it was not).
    """

    name: str
    number: int
    terms: Canary
    began_us: int
    step_us: int
    step: int = 0
    state: State = "running"
    is_configured: bool = False
    over_us: int | None = None

    @property
    def id(self) -> str:
        """What rows of the ledger know it by."""
        return f"{self.name}.{self.number}"

    @property
    def percent(self) -> float:
        """The share of the new target now."""
        if self.state == "running":
            return self.terms.steps[self.step]
        return _WHOLE if self.state == "promoted" else 0.0


class Decision(Struct, frozen=True):
    """What happens to a trial, and why."""

    kind: Kind
    why: str


def judge(trial: Trial, evidence: Evidence, now_us: int) -> Decision | None:
    """What the evidence makes of a trial at a moment; None: it goes on as it is."""
    if trial.state != "running":
        return None
    harm = evidence.harm()
    if harm is not None:
        return Decision("rolled_back", harm)
    steps, waited_s = trial.terms.steps, (now_us - trial.step_us) / 1_000_000
    if evidence.requests < trial.terms.step_requests or waited_s < trial.terms.step_s:
        return None
    why = f"{evidence.requests} requests in {waited_s:.0f} s at {trial.percent:g} %, no harm"
    if trial.step + 1 < len(steps):
        return Decision("advanced", f"{why}; now {steps[trial.step + 1]:g} %")
    return Decision("promoted", why) if trial.percent >= _WHOLE else None


def after(trial: Trial, kind: Kind, now_us: int) -> Trial:
    """The trial after something has happened to it. Raises Conflict: that cannot happen now."""
    state = _MAY.get((trial.state, kind))
    if state is None:
        raise Conflict(
            f"The canary `{trial.name}` is {trial.state.replace('_', ' ')}; it cannot be {kind.replace('_', ' ')}.",
            code="canary_state",
        )
    if kind == "advanced":
        return replace(trial, step=trial.step + 1, step_us=now_us)
    return replace(trial, state=state, over_us=now_us)
