"""What callers may use: requests and tokens in any second, minute or day, at once, and money.

Pure: the memory that holds the numbers, the clocks and the amounts are arguments. The rules, and
why no cap is crossed: docs/limits.md.
"""

from madang.routing.limits.applicable import Entitlements
from madang.routing.limits.budget import Budget
from madang.routing.limits.gate import Gate, Passed
from madang.routing.limits.meters import Meters, Reservation
from madang.routing.limits.period import Calendar
from madang.routing.limits.refusal import Ask, unpriced
from madang.routing.limits.rules import (
    BudgetRule,
    LimitedKey,
    RateRule,
    Rule,
    SlotsRule,
    Terms,
    Whose,
    credit,
    rules_of_limit,
)
from madang.routing.limits.usual import Usual

__all__ = [
    "Ask",
    "Budget",
    "BudgetRule",
    "Calendar",
    "Entitlements",
    "Gate",
    "LimitedKey",
    "Meters",
    "Passed",
    "RateRule",
    "Reservation",
    "Rule",
    "SlotsRule",
    "Terms",
    "Usual",
    "Whose",
    "credit",
    "rules_of_limit",
    "unpriced",
]
