"""The ledger held against the books of the simulated providers, which know nothing of one another.

Three rules. A request that was answered has one final row, and it is `ok`. An exact row stands for one
charge of the same tokens and the same price, and no row for none. A charge without such a row belongs to
an attempt that the ledger has as failed or broken off: the answer came, and could not be used.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from madang.drills.disaster.caller import Told
from madang.drills.simulator.book import Charge

Row = Mapping[str, Any]
_WASTED = frozenset({"broken", "timeout", "unreachable"})


class Audit(NamedTuple):
    """What the ledger says it cost; the difference to the books over answers that were used; what is wrong.

    wasted_nusd is what providers charged for answers that could not be used, by their own books.
    """

    rows: int
    cost_nusd: int
    difference_nusd: int
    wasted_nusd: int
    problems: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def audit(
    rows: Sequence[Row], charges: Iterable[tuple[str, Charge]], told: Iterable[Told]
) -> Audit:
    """Hold all three against one another."""
    answered = {one.request_id for one in told if one.kind == "ok"}
    finals = Counter(row["request_id"] for row in rows if row["final"] and row["outcome"] == "ok")
    exact = Counter(_row_figures(row) for row in rows if _is_exact(row))
    book = Counter(_charge_figures(name, one) for name, one in charges if one.complete)
    missing = exact - book
    left = book - exact
    unusable = Counter(row["provider"] for row in rows if _is_unusable(row))
    left_by_provider: Counter[str] = Counter()
    for figures, times in left.items():
        left_by_provider[figures[0]] += times
    problems = [
        *_if(len(answered - set(finals)), "answers without a final row"),
        *_if(sum(1 for times in finals.values() if times != 1), "requests with two final rows"),
        *_if(missing.total(), "rows that no provider charged"),
        *_if((left_by_provider - unusable).total(), "charges without a row"),
        *_if(sum(1 for row in rows if row["outcome"] == "ok" and row["estimated"]), "estimates"),
    ]
    matched = book - left
    ledger_nusd = sum(row["cost_nusd"] for row in rows if _is_exact(row))
    return Audit(
        rows=len(rows),
        cost_nusd=sum(row["cost_nusd"] or 0 for row in rows),
        difference_nusd=ledger_nusd - _sum(matched),
        wasted_nusd=_sum(left),
        problems=tuple(problems),
    )


Figures = tuple[str, int, int, int]


def _row_figures(row: Row) -> Figures:
    return row["provider"], row["input_tokens"], row["output_tokens"], row["cost_nusd"]


def _charge_figures(provider: str, charge: Charge) -> Figures:
    return provider, charge.usage.input, charge.usage.output, charge.nusd


def _is_exact(row: Row) -> bool:
    return row["outcome"] == "ok" and not row["estimated"]


def _is_unusable(row: Row) -> bool:
    return row["outcome"] in ("cut", "client_closed") or row["cause"] in _WASTED


def _sum(figures: "Counter[Figures]") -> int:
    return sum(one[3] * times for one, times in figures.items())


def _if(number: int, what: str) -> list[str]:
    return [f"{number} {what}"] if number else []
