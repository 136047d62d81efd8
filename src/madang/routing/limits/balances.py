"""What budgets are told from outside of requests: what the ledger says was spent, prices put right, credit paid in."""

from collections.abc import Iterable, Mapping

from madang.routing.limits.applicable import Applicable
from madang.routing.limits.memory import Memory
from madang.routing.limits.rules import BudgetRule, LimitedKey


class Balances:
    """The balances of all budgets, as one worker keeps them true."""

    def __init__(self, applicable: Applicable, memory: Memory) -> None:
        self._applicable = applicable
        self._lock = memory.lock

    def charge(self, key: LimitedKey, tags: Mapping[str, str], nusd: int, at_us: int) -> None:
        """Enter a cost that no reservation stands for: what a process owed when it died, found out afterwards.

        A budget whose past is still to be recalled hears of it from the ledger.
        """
        meters = self._applicable.meters(key, tags)
        if meters is None:
            return
        with self._lock:
            for budget in meters.budgets:
                if budget.is_known(at_us):
                    budget.spend(nusd, at_us)

    def allow(self, rule: BudgetRule, cap_nusd: int) -> None:
        """Set a cap that is known only while serving, for all workers at once: what an account has paid in."""
        budget = self._applicable.budget(rule)
        with self._lock:
            budget.allow(cap_nusd)

    def unknown(
        self, keys: Iterable[LimitedKey], at_us: int, further: Iterable[BudgetRule] = ()
    ) -> list[tuple[BudgetRule, int]]:
        """Budgets whose past is not known yet, and since when (Unix µs) it is to be looked up for `recall`."""
        found = []
        for rule, since_us in self._applicable.budgets(keys, at_us, further):
            budget = self._applicable.budget(rule)
            with self._lock:
                if not budget.is_known(at_us):
                    found.append((rule, since_us))
        self._applicable.has_unknown = False
        return found

    def recall(self, rule: BudgetRule, spent_nusd: int, at_us: int) -> None:
        """Tell what the ledger says was spent from a budget; told twice, by several workers, it counts once."""
        budget = self._applicable.budget(rule)
        with self._lock:
            if not budget.is_known(at_us):
                budget.recall(spent_nusd, at_us)

    def correct(self, rule: BudgetRule, corrected_nusd: int, at_us: int) -> None:
        """Tell how much of what was spent are prices put right since, signed; told twice it counts once."""
        budget = self._applicable.budget(rule)
        with self._lock:
            if budget.is_known(at_us):
                budget.correct(corrected_nusd, at_us)
