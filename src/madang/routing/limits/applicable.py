"""Which limits and budgets apply to a key with certain tags, as meters in the shared table.

They are made once for each such key, and remembered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from madang.config.sections.budgets import Budget as BudgetSetting
from madang.config.sections.budgets import Limit
from madang.routing.limits.bucket import Bucket
from madang.routing.limits.budget import Budget
from madang.routing.limits.gauge import Gauge
from madang.routing.limits.memory import Memory
from madang.routing.limits.meters import Meters
from madang.routing.limits.rules import (
    SPANS_US,
    BudgetRule,
    LimitedKey,
    RateRule,
    Rule,
    SlotsRule,
    concerns,
    is_owned,
    rule_of_budget,
    rules_of_key,
    rules_of_limit,
    strictest,
    tag_names,
)
from madang.routing.limits.window import Window

_MAX_REMEMBERED: Final = 20_000


class Entitlements(NamedTuple):
    """What an account brings for its keys: the name of its plan, and further rules."""

    plan: str | None = None
    rules: tuple[Rule, ...] = ()


def no_entitlements(_: LimitedKey) -> Entitlements:
    """What a key has without an account."""
    return Entitlements()


class Applicable:
    """All limits and budgets, by whom they concern.

    `since_s` (Unix seconds): what was born since then has no past to be recalled. Whoever recalls moves it
    on, lest a budget given to a key much later begins at nothing; 0: everything has a past.
    `entitlements` tells what a key's account adds; `forget` has it asked again. `has_unknown`: there are
    budgets whose past has to be looked up (see `Balances.unknown`).
    """

    def __init__(
        self,
        memory: Memory,
        since_s: float = 0.0,
        entitlements: Callable[[LimitedKey], Entitlements] = no_entitlements,
    ) -> None:
        self.since_s = int(since_s)
        self.has_unknown = False
        self._entitlements = entitlements
        self._memory = memory
        self._limits: tuple[Limit, ...] = ()
        self._budgets: tuple[BudgetSetting, ...] = ()
        self._tag_names: tuple[str, ...] = ()
        self._known: dict[object, tuple[LimitedKey, Meters | None]] = {}

    def configure(self, limits: Sequence[Limit], budgets: Sequence[BudgetSetting]) -> None:
        """Put other limits and budgets in force. What was counted under their names stays counted."""
        self._limits, self._budgets = tuple(limits), tuple(budgets)
        scopes = [*[one.scope for one in limits], *[one.scope for one in budgets]]
        self._tag_names = tag_names(scopes)
        self.forget()

    def forget(self) -> None:
        """Ask again what applies to each key: an account has another plan, say."""
        self._known.clear()

    def meters(self, key: LimitedKey, tags: Mapping[str, str]) -> Meters | None:
        """Everything that counts requests of a key with these tags; None: nothing does."""
        names = self._tag_names
        which = (key.id, *[tags.get(name) for name in names]) if names else key.id
        known = self._known.get(which)
        if known is not None and known[0] is key:
            return known[1]
        meters = self._made(self._rules(key, tags))
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[which] = (key, meters)
        return meters

    def _rules(self, key: LimitedKey, tags: Mapping[str, str]) -> Iterable[Rule]:
        plan, further = self._entitlements(key)
        rules: list[Rule] = [*rules_of_key(key), *further]
        for limit in self._limits:
            if concerns(limit.scope, key, tags, plan):
                rules += rules_of_limit(limit, key)
        rules += [
            rule_of_budget(one, key)
            for one in self._budgets
            if concerns(one.scope, key, tags, plan)
        ]
        return strictest(rules)

    def _made(self, rules: Iterable[Rule]) -> Meters | None:
        meters = Meters()
        for rule in rules:
            if isinstance(rule, RateRule):
                chosen = meters.requests if rule.unit == "requests" else meters.tokens
                chosen.append((self._rate(rule), rule))
            elif isinstance(rule, SlotsRule):
                place = self._memory.claim(rule.name, Gauge.KIND, Gauge.size(self._memory.workers))
                meters.slots.append((Gauge(place, rule.limit, self._memory.worker), rule))
            else:
                meters.budgets.append(self.budget(rule))
        meters.finish()
        return None if meters.is_empty else meters

    def _rate(self, rule: RateRule) -> Window | Bucket:
        span_us = SPANS_US[rule.span]
        if rule.burst is None:
            place = self._memory.claim(rule.name, Window.KIND, Window.SIZE)
            return Window(place, rule.limit, span_us)
        place = self._memory.claim(rule.name, Bucket.KIND, Bucket.SIZE)
        return Bucket(place, rule.limit, span_us, rule.burst)

    def budget(self, rule: BudgetRule) -> Budget:
        """The budget of a rule, as this worker sees it."""
        memory = self._memory
        place = memory.claim(rule.name, Budget.KIND, Budget.size(memory.workers))
        budget = Budget(place, rule, memory.worker, memory.workers)
        with memory.lock:
            if rule.born_s >= self.since_s > 0:
                budget.begin()  # it has no past
            self.has_unknown |= not budget.was_begun
        return budget

    def budgets(
        self, keys: Iterable[LimitedKey], at_us: int, further: Iterable[BudgetRule] = ()
    ) -> list[tuple[BudgetRule, int]]:
        """Budgets that the ledger knows of, and since when (Unix µs) their present period is."""
        rules = {rule.name: rule for rule in further}
        for one in self._budgets:
            if not is_owned(one.scope):
                rule = rule_of_budget(one, None)
                rules[rule.name] = rule
        for key in keys:
            of_key = self._rules(key, {})
            rules |= {rule.name: rule for rule in of_key if isinstance(rule, BudgetRule)}
        owned = [rule for rule in rules.values() if rule.whose is not None]
        return [(rule, rule.terms.calendar.start_us(at_us)) for rule in owned]
