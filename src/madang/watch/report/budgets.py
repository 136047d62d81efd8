"""How much of each budget is spent, as the ledger has it."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from madang.config.sections.budgets import Budget
from madang.keys import Key
from madang.ledger.reports.spent import spent_nusd
from madang.routing.limits.rules import BudgetRule, concerns, is_owned, rule_of_budget, rules_of_key
from madang.state.store import Store

NEAR = 0.8
"""From this share of a budget on it is near its cap."""


class Standing(Struct, frozen=True):
    """A budget in its present period. `of`: whose it is; money in nano-dollars."""

    name: str
    of: str
    cap_nusd: int
    spent_nusd: int

    @property
    def share(self) -> float:
        """What is spent of it; 1: all."""
        return self.spent_nusd / self.cap_nusd


def near_the_cap(
    store: Store, keys: Sequence[Key], budgets: Iterable[Budget], at_us: int
) -> list[Standing]:
    """Budgets of which 80 % or more are spent, the fullest first. Those of plans are told by their accounts."""
    found: dict[str, Standing] = {}
    for purse, owner in _purses(keys, tuple(budgets), at_us):
        cap = purse.terms.cap_nusd
        if purse.whose is None or not cap or purse.name in found:
            continue
        since_us = purse.terms.calendar.start_us(at_us)
        spent = spent_nusd(store, purse.whose, since_us)
        found[purse.name] = Standing(purse.terms.label, owner, cap, spent)
    near = [one for one in found.values() if one.share >= NEAR]
    return sorted(near, key=lambda one: -one.share)


def _purses(
    keys: Sequence[Key], budgets: Sequence[Budget], at_us: int
) -> Iterator[tuple[BudgetRule, str]]:
    live = [key for key in keys if key.is_live(at_us / 1_000_000)]
    for budget in budgets:
        if not is_owned(budget.scope):
            yield rule_of_budget(budget, None), ""
    for key in live:
        yield from ((rule, key.name) for rule in rules_of_key(key) if isinstance(rule, BudgetRule))
        for budget in budgets:
            if is_owned(budget.scope) and concerns(budget.scope, key, key.tags, None):
                yield rule_of_budget(budget, key), key.name
