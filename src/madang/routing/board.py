"""How all targets stand, kept across configuration reloads.

Resting only moves a target to the end of the queue, so the last one left is always tried.
"""

from collections.abc import Callable, Iterable

from madang.config.sections.health import DEFAULT_RULES, Rules
from madang.model import Target
from madang.routing.health import FULL, READY, RESTING, Breaker, Crowd, Standing
from madang.routing.pacing import Pacing
from madang.state.table import Table

__all__ = ["FULL", "READY", "RESTING", "Board", "Standing"]

RulesOf = Callable[[str, str], Rules]
"""The rules for a model of a provider."""


class Board:
    """The standings of all targets, and what is known of providers' keys, kept across configuration reloads."""

    def __init__(self, pacing: Pacing | None = None) -> None:
        """`pacing`: None for a process that serves alone, or not at all."""
        self.pacing = pacing or Pacing(Table())
        self._standings: dict[tuple[str, str], Standing] = {}
        self._rules_of: RulesOf = _default_rules

    def configure(
        self, rules_of: RulesOf, routes: Iterable[Iterable[Target]], max_ejected: float
    ) -> None:
        """Put a configuration in force: its rules, and its routes, on each of which some targets have to stay."""
        self._rules_of = rules_of
        crowds: dict[tuple[str, str], list[Crowd]] = {}
        for route in routes:
            members = {(one.provider, one.model): self.standing(one) for one in route}
            crowd = Crowd([one.breaker for one in members.values()], max_ejected)
            for name, standing in members.items():
                standing.is_known = True
                crowds.setdefault(name, []).append(crowd)
        for name, standing in self._standings.items():
            standing.breaker.configure(rules_of(*name), tuple(crowds.get(name, ())))

    def standing(self, target: Target) -> Standing:
        """The standing of a target, created at first sight."""
        key = (target.provider, target.model)
        found = self._standings.get(key)
        if found is None:
            found = self._standings[key] = Standing(
                breaker=Breaker(self._rules_of(*key)), is_known=target.canonical is not None
            )
        return found

    def forget_idle(self) -> None:
        """Forget every target that callers may have made up, and that has no call under way."""
        self._standings = {
            key: one for key, one in self._standings.items() if one.in_flight or one.is_known
        }
        self.pacing.forget_idle()

    def items(self) -> list[tuple[tuple[str, str], Standing]]:
        """Every (provider, model) seen, with its standing."""
        return list(self._standings.items())


def _default_rules(_: str, __: str) -> Rules:
    return DEFAULT_RULES
