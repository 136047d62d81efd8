"""Where comparisons are kept and rated. Rule: whoever rates is never told which model wrote what.

The order in which a rater sees two answers follows from a secret of the comparison, so that it is the same
however often they are asked for, and nobody can know it.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec

from madang.errors import NotFound
from madang.quality.figures import Prior, all_figures, renew
from madang.quality.records import (
    AddPairs,
    Better,
    ComparedAnswer,
    Comparison,
    CreateComparison,
    GiveRating,
    Kind,
    ModelQuality,
    NextAsked,
    NextPair,
    PairsAdded,
    PairsAsked,
    RatedPair,
    Rating,
    Results,
)
from madang.quality.results import results_of
from madang.state.store import Row, Store, Transaction

_SEED_BYTES = 16
_ANSWER = ComparedAnswer.__struct_fields__
_UNRATED = """
SELECT p.id AS id, p.prompt AS prompt, COUNT(*) OVER () AS remaining FROM comparison_pairs p
WHERE p.comparison_id = :comparison AND p.id > :after
AND (SELECT COUNT(text) FROM comparison_answers WHERE pair_id = p.id) = 2
AND NOT EXISTS (SELECT 1 FROM comparison_ratings r WHERE r.pair_id = p.id AND r.kind = :kind AND r.rater = :by)
ORDER BY p.place LIMIT 1
"""
_PAIRS = (
    "SELECT id, prompt FROM comparison_pairs WHERE comparison_id = ? AND id > ? ORDER BY id LIMIT ?"
)
_ALL = 1_000_000
_PLACE = "SELECT COALESCE(MAX(place), 0) + 1 AS place FROM comparison_pairs WHERE comparison_id = ?"


class ComparisonDesk:
    """The comparisons of a store. `prior` is what the catalogue says of a model. Raises MadangError."""

    def __init__(self, store: Store, prior: Prior) -> None:
        self._store = store
        self._prior = prior

    def create(self, asked: CreateComparison, now_us: int) -> Comparison:
        """Begin a comparison."""
        made = Comparison(f"cmp_{secrets.token_hex(8)}", asked.name, asked.a, asked.b, now_us)
        with self._store.transaction() as transaction:
            transaction.write(
                "INSERT INTO comparisons (id, name, a, b, seed, created_us) VALUES (?, ?, ?, ?, ?, ?)",
                (made.id, made.name, made.a, made.b, secrets.token_bytes(_SEED_BYTES), now_us),
            )
        return made

    def all(self) -> list[Comparison]:
        """Every comparison, the latest first."""
        rows = self._store.read(
            "SELECT id, name, a, b, created_us FROM comparisons ORDER BY created_us DESC, id"
        )
        return [Comparison(**dict(row)) for row in rows]

    def add(self, comparison_id: str, asked: AddPairs) -> PairsAdded:
        """Keep what was asked and answered."""
        with self._store.transaction() as transaction:
            self._row(comparison_id)
            place = transaction.read(_PLACE, (comparison_id,))[0]["place"]
            for number, pair in enumerate(asked.pairs, place):
                transaction.write(
                    "INSERT INTO comparison_pairs (comparison_id, place, prompt) VALUES (?, ?, ?)",
                    (comparison_id, number, json.dumps(pair.prompt, ensure_ascii=False)),
                )
                pair_id = transaction.read("SELECT last_insert_rowid() AS id")[0]["id"]
                for side, answer in (("a", pair.a), ("b", pair.b)):
                    _keep_answer(transaction, pair_id, side, answer)
        return PairsAdded(place + len(asked.pairs) - 1)

    def next(self, comparison_id: str, asked: NextAsked) -> NextPair:
        """Two answers that this rater has not judged, without names."""
        comparison = self._row(comparison_id)
        wanted = {"comparison": comparison_id, **msgspec.to_builtins(asked)}
        rows = self._store.read(_UNRATED, wanted)
        if not rows:
            return NextPair(None, [], "", "", 0)
        pair_id = int(rows[0]["id"])
        answers = self._answers([pair_id])[pair_id]
        first, second = _order(comparison, pair_id, asked.kind, asked.by)
        left, right = (answers[side].text or "" for side in (first, second))
        return NextPair(
            pair_id, json.loads(rows[0]["prompt"]), left, right, int(rows[0]["remaining"])
        )

    def rate(self, comparison_id: str, given: GiveRating, now_us: int) -> Rating:
        """Keep a verdict about what that rater was shown, in place of an earlier one."""
        comparison = self._row(comparison_id)
        better = _verdict(given, _order(comparison, given.pair, given.kind, given.by))
        with self._store.transaction() as transaction:
            found = transaction.read(
                "SELECT COUNT(a.text) AS answers FROM comparison_pairs p "
                "LEFT JOIN comparison_answers a ON a.pair_id = p.id "
                "WHERE p.id = ? AND p.comparison_id = ?",
                (given.pair, comparison_id),
            )
            if found[0]["answers"] != 2:
                raise NotFound(f"There is no pair {given.pair} of two answers in this comparison.")
            transaction.write(
                "INSERT OR REPLACE INTO comparison_ratings (pair_id, rater, kind, better, note, at_us) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (given.pair, given.by, given.kind, better, given.note, now_us),
            )
            renew(transaction, self._prior, now_us)
        return Rating(given.pair, given.by, given.kind, better, given.note, now_us)

    def pairs(self, comparison_id: str, asked: PairsAsked) -> list[RatedPair]:
        """Pairs with their answers and verdicts, in the order of the prompts."""
        self._row(comparison_id)
        rows = self._store.read(_PAIRS, (comparison_id, asked.after, asked.limit))
        answers = self._answers([row["id"] for row in rows])
        ratings = self._ratings([row["id"] for row in rows])
        return [
            RatedPair(
                row["id"],
                json.loads(row["prompt"]),
                answers[row["id"]]["a"],
                answers[row["id"]]["b"],
                ratings.get(row["id"], []),
            )
            for row in rows
        ]

    def results(self, comparison_id: str) -> Results:
        """What came of it."""
        row = self._row(comparison_id)
        comparison = Comparison(row["id"], row["name"], row["a"], row["b"], row["created_us"])
        return results_of(comparison, self.pairs(comparison_id, PairsAsked(limit=_ALL)))

    def remove(self, comparison_id: str, now_us: int) -> Comparison:
        """Forget a comparison with its prompts, answers and ratings; what these made of models is computed anew."""
        row = self._row(comparison_id)
        pairs = "(SELECT id FROM comparison_pairs WHERE comparison_id = ?)"
        with self._store.transaction() as transaction:
            for table in ("comparison_ratings", "comparison_answers"):
                transaction.write(
                    f"DELETE FROM {table} WHERE pair_id IN {pairs}",  # noqa: S608 - two constants
                    (comparison_id,),
                )
            transaction.write(
                "DELETE FROM comparison_pairs WHERE comparison_id = ?", (comparison_id,)
            )
            transaction.write("DELETE FROM comparisons WHERE id = ?", (comparison_id,))
            renew(transaction, self._prior, now_us)
        return Comparison(row["id"], row["name"], row["a"], row["b"], row["created_us"])

    def qualities(self) -> list[ModelQuality]:
        """What all ratings make of models, the best first."""
        return all_figures(self._store)

    def _row(self, comparison_id: str) -> Row:
        rows = self._store.read("SELECT * FROM comparisons WHERE id = ?", (comparison_id,))
        if not rows:
            raise NotFound(f"There is no comparison {comparison_id[:100]!r}.")
        return rows[0]

    def _answers(self, pair_ids: Iterable[int]) -> dict[int, dict[str, ComparedAnswer]]:
        found: dict[int, dict[str, ComparedAnswer]] = {}
        for row in self._of_pairs("comparison_answers", pair_ids):
            answer = ComparedAnswer(**{name: row[name] for name in _ANSWER})
            found.setdefault(row["pair_id"], {})[row["side"]] = answer
        return found

    def _ratings(self, pair_ids: Iterable[int]) -> dict[int, list[Rating]]:
        found: dict[int, list[Rating]] = {}
        for row in self._of_pairs("comparison_ratings", pair_ids):
            rating: dict[str, Any] = {**dict(row), "pair": row["pair_id"], "by": row["rater"]}
            found.setdefault(row["pair_id"], []).append(msgspec.convert(rating, Rating))
        return found

    def _of_pairs(self, table: str, pair_ids: Iterable[int]) -> list[Row]:
        """The rows of a table that belong to pairs."""
        return self._store.read(
            f"SELECT * FROM {table} WHERE pair_id IN (SELECT value FROM json_each(?))",  # noqa: S608 - ours
            (json.dumps(list(pair_ids)),),
        )


def _keep_answer(transaction: Transaction, pair_id: int, side: str, answer: ComparedAnswer) -> None:
    values = tuple(getattr(answer, name) for name in _ANSWER)
    transaction.write(
        f"INSERT INTO comparison_answers (pair_id, side, {', '.join(_ANSWER)}) "  # noqa: S608 - fields
        f"VALUES (?, ?, {', '.join('?' * len(_ANSWER))})",
        (pair_id, side, *values),
    )


def _order(comparison: Row, pair_id: int, kind: Kind, by: str) -> tuple[Better, Better]:
    """What a rater sees on the left and on the right."""
    shown = f"{pair_id}\0{kind}\0{by}".encode()
    digest = hashlib.blake2s(shown, key=comparison["seed"], digest_size=1).digest()
    return ("a", "b") if digest[0] & 1 else ("b", "a")


def _verdict(given: GiveRating, order: tuple[Better, Better]) -> Better:
    if given.better == "same":
        return "same"
    return order[0] if given.better == "left" else order[1]
