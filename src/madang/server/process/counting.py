"""What keeps a process's limits and budgets true: where they are counted, what they knew before, what is overdue.

Everything here happens at the start, or in the background a few times a second; requests meet the
gate only.
"""

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from madang.accounts import Allowance, Register
from madang.config.sections.budgets import Limit, Scope
from madang.config.settings import Settings
from madang.keys import Key
from madang.ledger.corrections.rerate import REVISION as CORRECTIONS
from madang.ledger.reports.spent import Owner, corrected_nusd, entered_nusd
from madang.model import Attempt
from madang.routing.limits import (
    BudgetRule,
    Entitlements,
    Gate,
    LimitedKey,
    Passed,
    Rule,
    credit,
    rules_of_limit,
)
from madang.state.store import Store
from madang.state.table import Arena, SharedTable, Table

_log = logging.getLogger("madang.budgets")
_SWEEP_S = 10.0
_NEWBORN_S = 2.0
"""How long a key is so new that nothing can have been spent with it before its budget was set."""

_MARGIN_S = 60.0
_ATTEMPTS = 16
"""No request is tried more often, those who go on with a broken stream included."""

LOCK = "limits.lock"


def make_arena(home: Path, workers: int) -> Arena:
    """What the workers of one installation count in together; to be made before they are forked."""
    return Arena(workers, home / LOCK)


def open_table(arena: Arena | None, worker: int) -> Table | SharedTable:
    """Where a process counts: with other workers in `arena`, or alone (None)."""
    return Table() if arena is None else SharedTable(arena, worker)


class Counting:
    """Owns the gate of one process, which counts in `table`."""

    def __init__(
        self,
        table: Table | SharedTable,
        accounts: Register,
        on_passed: Callable[[Passed], None],
    ) -> None:
        self._accounts = accounts
        self._followed = -1
        self._priced = 0
        self._note = on_passed
        self._began_s = time.time()
        self.gate = Gate(table, entitlements=self._entitlements, on_passed=self._passed)
        self._longest_s = 0.0
        self._sweep_at = 0.0

    def configure(self, settings: Settings) -> None:
        """Put the limits and budgets of a configuration in force."""
        self.gate.applicable.configure(settings.limits, settings.budgets)
        self.refresh()
        timeouts = [provider.timeouts.total_s for provider in settings.providers.values()]
        self._longest_s = max([900.0, *timeouts]) * _ATTEMPTS + _MARGIN_S

    def begin(self, store: Store, keys: Iterable[Key]) -> None:
        """Give back what an earlier process of this number held when it died, and learn what was spent before.

        Only then may a key be new: one of the same second may have been used by that process.
        """
        self.gate.recover()
        self.recall(store, keys)
        self.gate.applicable.since_s = int(self._began_s)

    def follow(self, now_s: float) -> None:
        """Take over what has become of the accounts since the last time, whoever had them read again.

        A key that was made a moment ago has spent nothing yet: its budget need not wait for `recall`.
        """
        self.gate.applicable.since_s = int(max(self._began_s, now_s - _NEWBORN_S))
        if self._accounts.revision != self._followed:
            self.refresh()

    def refresh(self) -> None:
        """The accounts have changed: their credit counts at once, their plans for the next request."""
        self._followed = self._accounts.revision
        self.gate.applicable.forget()
        for account in self._accounts.list():
            self._allow(self._accounts.allowance(account.id))

    def has_budgets(self, settings: Settings, keys: Iterable[Key]) -> bool:
        """Whether anything was spent that has to be known."""
        return bool(
            settings.budgets
            or any(key.budget_nusd is not None or key.account_id is not None for key in keys)
        )

    def recall(self, store: Store, keys: Iterable[Key]) -> None:
        """Have budgets know what the ledger says was spent from them already."""
        at_us = time.time_ns() // 1000
        prepaid = [credit(one.id, one.created_at) for one in self._accounts.list()]
        for budget, since_us in self.gate.balances.unknown(keys, at_us, prepaid):
            owner: Owner | None = budget.whose
            if owner is not None:
                self.gate.balances.recall(budget, entered_nusd(store, owner, since_us), at_us)
                self._correct(store, budget, since_us, at_us)

    def follow_prices(self, store: Store, keys: Callable[[], Iterable[Key]]) -> None:
        """Have budgets know what prices put right have changed, when they have changed anything."""
        revision = store.revision(CORRECTIONS)
        if revision == self._priced:
            return
        at_us = time.time_ns() // 1000
        for budget, since_us in self.gate.applicable.budgets(keys(), at_us):
            self._correct(store, budget, since_us, at_us)
        self._priced = revision

    def _correct(self, store: Store, budget: BudgetRule, since_us: int, at_us: int) -> None:
        """The same for one budget; of prepaid credit the cap has it already (see `ledger.tables.credit`)."""
        owner: Owner | None = budget.whose
        if owner is not None and budget.terms.cap_nusd is not None:
            self.gate.balances.correct(budget, corrected_nusd(store, owner, since_us), at_us)

    async def owe(self, lost: Iterable[Attempt], keys: Iterable[Key]) -> None:
        """Enter what a process that died has used, where the ledger is not asked for it any more."""
        known = {key.id: key for key in keys}
        for row in lost:
            key = known.get(row.key_id)
            if key is not None and row.cost_nusd:
                self.gate.balances.charge(key, row.tags, row.cost_nusd, row.at_us)

    def sweep(self, now_s: float) -> None:
        """Release, now and then, what requests hold that cannot be under way any more."""
        if now_s < self._sweep_at:
            return
        self._sweep_at = now_s + _SWEEP_S
        released = self.gate.sweep(int((now_s - self._longest_s) * 1_000_000))
        if released:
            _log.error("%d reservations were never settled: released; this is a defect", released)

    def _entitlements(self, key: LimitedKey) -> Entitlements:
        account_id = key.account_id
        if account_id is None:
            return Entitlements()
        allowance = self._accounts.allowance(account_id)
        limit = Limit(Scope(account=account_id), **allowance.limits)
        rules: list[Rule] = list(rules_of_limit(limit, key))
        budget = self._allow(allowance)
        if budget is not None:
            rules.append(budget)
        return Entitlements(allowance.plan, tuple(rules))

    def _allow(self, allowance: Allowance) -> BudgetRule | None:
        """Tell the gate how much an account may have used by now; None: it needs no credit."""
        if allowance.cap_nusd is None:
            return None
        born_s = self._accounts.get(allowance.account_id).created_at
        budget = credit(allowance.account_id, born_s)
        self.gate.balances.allow(budget, max(0, allowance.cap_nusd))
        return budget

    def _passed(self, passed: Passed) -> None:
        _log.warning("%s (%s) has passed %g %%", passed.label, passed.name, passed.share * 100)
        self._note(passed)
