"""A trial of a new target as a state machine: what it is in, what may happen to it, what the evidence makes of it."""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from madang.config.sections.canaries import Canary
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

_MAY_CUTOVER: Final[dict[tuple[State, Kind], State]] = {
    **_MAY,
    ("promoted", "aborted"): "aborted",
    ("rolled_back", "aborted"): "aborted",
}
"""The same of a cut-over: whatever its state, it can be ended, and the model's own route holds again."""

_WHOLE: Final = 100.0


class Trial(Struct, frozen=True):
    """One trial of a canary; `number` counts them. `step` is an index of `terms.steps`; moments are Unix µs.

    `is_configured`: its terms come from the configuration. `over_us`: when it was ended (None: it was not).
    `origin`: it is a cut-over, which people move on: the stable side is this target, also after the way
    back. `also`: new targets that follow `terms.to`.
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
    origin: str | None = None
    also: tuple[str, ...] = ()

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

    @property
    def is_open(self) -> bool:
        """Whether it leads requests anywhere: a cut-over does until it is ended."""
        return self.percent > 0 or (self.origin is not None and self.state == "rolled_back")

    @property
    def onward(self) -> Kind:
        """What the next step is: another share, or all of it."""
        steps, at = self.terms.steps, self.step + 1
        return "advanced" if at < len(steps) and steps[at] < _WHOLE else "promoted"


class Decision(Struct, frozen=True):
    """What happens to a trial, and why."""

    kind: Kind
    why: str


def judge(
    trial: Trial, evidence: Evidence, now_us: int, harm: str | None = None
) -> Decision | None:
    """What the evidence makes of a trial at a moment; None: it goes on as it is. `harm`: what else ends it."""
    if trial.state != "running":
        return None
    harm = evidence.harm() or harm
    if harm is not None:
        return Decision("rolled_back", harm)
    if trial.origin is not None:
        return None
    steps, waited_s = trial.terms.steps, (now_us - trial.step_us) / 1_000_000
    if evidence.requests < trial.terms.step_requests or waited_s < trial.terms.step_s:
        return None
    if (
        evidence.in_a_row
    ):  # few requests show little: none gets more while its latest answer is missing
        return None
    why = f"{evidence.requests} requests in {waited_s:.0f} s at {trial.percent:g} %, no harm"
    if trial.step + 1 < len(steps):
        return Decision("advanced", f"{why}; now {steps[trial.step + 1]:g} %")
    return Decision("promoted", why) if trial.percent >= _WHOLE else None


def after(trial: Trial, kind: Kind, now_us: int) -> Trial:
    """The trial after something has happened to it. Raises Conflict: that cannot happen now."""
    state = (_MAY if trial.origin is None else _MAY_CUTOVER).get((trial.state, kind))
    if state is None:
        what = "canary" if trial.origin is None else "cut-over"
        is_now, wanted = trial.state.replace("_", " "), kind.replace("_", " ")
        is_over = trial.percent == 0 and kind in ("advanced", "promoted")
        again = " until it is started once more" if is_over else ""
        raise Conflict(
            f"The {what} `{trial.name}` is {is_now}; it cannot be {wanted}{again}.",
            code="canary_state",
        )
    if kind == "advanced":
        return replace(trial, step=trial.step + 1, step_us=now_us)
    return replace(trial, state=state, over_us=now_us)
