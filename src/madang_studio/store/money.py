"""What was paid, request by request, and what things cost before: integer nano-dollars."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from msgspec import Struct

from madang_studio.model.work import Charge
from madang_studio.store.database import Database


class Spent(Struct, frozen=True):
    """What a drama or batch has cost. `unpriced`: requests whose price nobody knows."""

    nusd: int
    unpriced: int


class Rate(Struct, frozen=True):
    """What a step took the last times: per unit of its amount (None: nobody knows a price), and per time."""

    nusd_per_unit: Fraction | None
    seconds: float


class Money:
    """The tables of charges and of what artefacts cost."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def charge(self, drama: str, place: str, stamp: str, charges: Sequence[Charge]) -> None:
        """Enter requests; one whose name is entered already was paid once, and is not entered again."""
        now = self._clock()
        rows = [
            (each.name, each.request, drama, place, stamp, each.cost_nusd, now) for each in charges
        ]
        with self._database.transaction() as transaction:
            transaction.write_all(
                "INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
            )

    def spent(self, drama: str) -> Spent:
        """What a drama has cost, failures and replaced takes included."""
        return self._sum("drama = ?", drama)

    def spent_by_batch(self, batch: str) -> Spent:
        """What all dramas of a batch have cost."""
        return self._sum("drama IN (SELECT id FROM dramas WHERE batch = ?)", batch)

    def by_place(self, drama: str) -> dict[str, Spent]:
        """What each place of a drama has cost, all its versions and failures together."""
        rows = self._database.read(
            "SELECT place, COALESCE(SUM(cost_nusd), 0), SUM(cost_nusd IS NULL) FROM charges "
            "WHERE drama = ? GROUP BY place",
            drama,
        )
        return {row[0]: Spent(int(row[1]), int(row[2] or 0)) for row in rows}

    def rate(self, step: str, model: str | None) -> Rate | None:
        """What a step by a model took the last 50 times; None: it was never made."""
        rows = self._database.read(
            "SELECT AVG(seconds), SUM(cost_nusd), "
            "SUM(CASE WHEN cost_nusd IS NULL THEN 0 ELSE amount END) FROM ("
            "SELECT * FROM artefacts WHERE step = ? AND model IS ? ORDER BY made DESC LIMIT 50)",
            step,
            model,
        )
        seconds, nusd, amount = rows[0]
        if seconds is None:
            return None
        per_unit = None if nusd is None else Fraction(int(nusd), max(int(amount), 1))
        return Rate(per_unit, float(seconds))

    def _sum(self, condition: str, name: str) -> Spent:
        rows = self._database.read(
            f"SELECT COALESCE(SUM(cost_nusd), 0), SUM(cost_nusd IS NULL) FROM charges WHERE {condition}",  # noqa: S608
            name,
        )
        return Spent(int(rows[0][0]), int(rows[0][1] or 0))
