"""Which side a call is on, where a new target is on trial for its model; without trials nothing is asked."""

from collections.abc import Iterable
from time import monotonic
from typing import Final, NamedTuple

from madang.config.settings import Settings
from madang.errors import MadangError
from madang.model import Dialect, Target
from madang.pipeline.call import Call
from madang.pipeline.lane import Snapshot
from madang.pipeline.steering import told_session
from madang.routing.canary.ramp import Trial
from madang.routing.canary.split import Lot, place
from madang.routing.names.directory import Directory
from madang.routing.pacing import HIGH

_WHOLE: Final = 100.0
_ASKED_FOR: Final = "x-madang-arm asks for it"


class _Draw(NamedTuple):
    """A trial as most calls of one dialect meet it under one configuration: they are drawn, with a share."""

    snapshot: Snapshot
    id: str
    percent: float
    canary: Lot
    stable: Lot


class Trials:
    """The trials that one process sends requests to. `open`: by model, those that get any."""

    def __init__(self) -> None:
        self.open: dict[str, Trial] = {}
        self._draws: dict[tuple[str, Dialect], _Draw] = {}

    def follow(self, trials: Iterable[Trial]) -> None:
        """Take over how all trials stand."""
        self.open = {one.terms.model: one for one in trials if one.is_open}
        self._draws = {}

    def join(self, call: Call, snapshot: Snapshot) -> None:
        """Draw the side of a call, if there is a trial for its model whose target can do its work."""
        if call.lot is not None:  # a copy takes part in nothing
            return
        draw = self._draws.get((call.envelope.model, call.wire.dialect))
        if draw is None or draw.snapshot is not snapshot or call.wants_arm or call.priority == HIGH:
            self._join(call, snapshot)
        elif place(draw.id, _unit(call)) < draw.percent:
            call.lot = draw.canary
        else:
            call.lot = draw.stable

    def _join(self, call: Call, snapshot: Snapshot) -> None:
        trial = self.open.get(call.envelope.model)
        if trial is None:
            return
        targets = _resolved((trial.terms.to, *trial.also), call, snapshot)
        origin = () if trial.origin is None else _resolved((trial.origin,), call, snapshot)
        if origin:
            call.lot = _cut_over(call, trial, targets, origin)
        elif targets and trial.origin is None:
            call.lot = lot = _lot(call, trial, targets, snapshot)
            if lot.drawn:
                sides = lot._replace(side="canary"), lot._replace(side="stable")
                draw = _Draw(snapshot, trial.id, trial.percent, *sides)
                self._draws[call.envelope.model, call.wire.dialect] = draw


def lead_somewhere(settings: Settings, directory: Directory) -> None:
    """Look that canaries and shadows have a model and a target. Raises UnknownModel."""
    for canary in settings.canaries.values():
        directory.lookup(canary.model)
        directory.lookup(canary.to)
    for model in settings.models.values():
        if model.shadow is not None:
            directory.lookup(model.shadow.to)


def _resolved(names: Iterable[str], call: Call, snapshot: Snapshot) -> tuple[Target, ...]:
    """The targets that names lead to, each once; without those that do other work, or whose provider is gone."""
    found: dict[Target, None] = {}
    for name in names:
        try:
            route = snapshot.directory.resolve(name, call.wire.dialect)
        except MadangError:
            continue
        found |= dict.fromkeys(route.targets)
    return tuple(found)


def _cut_over(
    call: Call, trial: Trial, targets: tuple[Target, ...], origin: tuple[Target, ...]
) -> Lot:
    """The side of a call while its model's traffic is moved by hand: the share or the caller says."""
    new = tuple(one for one in targets if one not in origin)
    is_new = place(trial.id, _unit(call)) < trial.percent
    drawn, why = 0 < trial.percent < _WHOLE, f"{trial.percent:g} % of the requests are cut over"
    if call.wants_arm is not None and trial.percent > 0:
        is_new, drawn, why = call.wants_arm == "canary", False, _ASKED_FOR
    return Lot(trial.id, "canary" if is_new else "stable", drawn, new, why, origin)


def _lot(call: Call, trial: Trial, targets: tuple[Target, ...], snapshot: Snapshot) -> Lot:
    if call.wants_arm is not None:
        return Lot(trial.id, call.wants_arm, drawn=False, targets=targets, why=_ASKED_FOR)
    if trial.state == "promoted":
        now = monotonic()
        rests = all(snapshot.lane(one).standing.is_resting(now) for one in targets)
        if rests:
            why = "the new target rests"
            return Lot(trial.id, "stable", drawn=False, targets=targets, why=why)
        return Lot(trial.id, "canary", drawn=False, targets=targets, why="it is promoted")
    if call.priority == HIGH:
        why = "its priority is high"
        return Lot(trial.id, "canary", drawn=False, targets=targets, why=why)
    is_canary = place(trial.id, _unit(call)) < trial.percent
    return Lot(
        trial.id,
        "canary" if is_canary else "stable",
        drawn=True,
        targets=targets,
        why=f"{trial.percent:g} % are drawn",
    )


def _unit(call: Call) -> str:
    """What stays on one side: the session or the user of a key that it names, else the request by itself."""
    session = call.steer.session if call.steer is not None else None
    session = session or told_session(call)
    if session:
        return f"{call.key.id}\0{session}"
    return call.parts.whole.id if call.parts is not None else call.id
