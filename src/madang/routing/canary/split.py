"""Which side a request is on: the same for everybody who computes it, and kept when the share grows."""

from collections.abc import Container, Sequence
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from madang.errors import MadangError
from madang.model import Target
from madang.model.attempt import Arm
from madang.routing.plan import Plan

Side = Literal["canary", "stable"]
_SPAN: Final = 2.0**56  # seven bytes


class Lot(NamedTuple):
    """The side of one request in a trial, and whether the draw has decided it. `targets` are the new ones.

    shadow: a copy of a request, whoever is asked. `why` it is on that side, in words. `origin` is what
    answers on the stable side of a cut-over (none: the model's own route).
    """

    trial: str
    side: Side | Literal["shadow"]
    drawn: bool
    targets: tuple[Target, ...]
    why: str = ""
    origin: tuple[Target, ...] = ()

    @property
    def may_answer(self) -> tuple[Target, ...]:
        """Who may come to answer beside the model's own route."""
        return (*self.targets, *self.origin)

    def plan(self, own: Plan) -> Plan:
        """The plan of a request on this side; `own` is that of the model's route."""
        first = self.may_answer if self.side == "canary" else self.origin
        return ahead(first, own) if first else own

    def without(self, targets: Container[Target]) -> "Lot":
        """The same past some targets."""
        return self._replace(
            targets=tuple(one for one in self.targets if one not in targets),
            origin=tuple(one for one in self.origin if one not in targets),
        )

    def arm(self, target: Target) -> Arm:
        """The side that an attempt at a target is on."""
        side = self.side
        return "stable" if side == "canary" and target not in self.targets else side


def place(trial: str, unit: str) -> float:
    """Where a session, a user or a request stands in a trial, in [0, 100): below its percentage is the canary's side.

    Who is on it stays there when the share grows, and other trials draw anew.
    """
    drawn = blake2b(f"{trial}\0{unit}".encode("utf-8", "replace"), digest_size=7).digest()
    return int.from_bytes(drawn) / _SPAN * 100


def ahead(targets: Sequence[Target], stable: Plan) -> Plan:
    """A plan that proposes new targets first; however they fail, the stable side's own plan begins then.

    None is asked twice: the stable plan hears at once how those failed that it would propose again.
    """
    failed: dict[Target, MadangError] = {}
    for target in targets:
        failed[target] = yield target
    following = next(stable, None)
    while following is not None:
        error = failed.get(following)
        if error is None:
            error = yield following
        try:
            following = stable.send(error)
        except StopIteration:
            return
