"""The table of what ratings make of models, for whoever routes by quality."""

from collections.abc import Callable, Mapping

from madang.quality.records import ModelQuality
from madang.quality.strength import Game, strengths
from madang.state.store import Store, Transaction

REVISION = "quality"
"""What `Store.revision` counts the changes of the table by."""

JUDGE_WEIGHT = 0.5
"""A model's rating counts so much of a person's: judges share tastes with those they judge."""

Prior = Callable[[str], float | None]
"""What the catalogue says of a model."""

_GAMES = """
SELECT c.a AS a, c.b AS b, r.kind AS kind, r.better AS better, COUNT(*) AS ratings
FROM comparison_ratings r JOIN comparison_pairs p ON p.id = r.pair_id JOIN comparisons c ON c.id = p.comparison_id
GROUP BY c.a, c.b, r.kind, r.better
"""


class Qualities:
    """What is known of models' quality, as of one moment: ratings where there are any, else the prior."""

    def __init__(self, rated: Mapping[str, float], prior: Prior) -> None:
        self._rated = rated
        self._prior = prior

    @classmethod
    def load(cls, store: Store, prior: Prior) -> "Qualities":
        """Those of the store; see `REVISION` for when to load them again."""
        rows = store.read("SELECT model, quality FROM quality")
        return cls({row["model"]: row["quality"] for row in rows}, prior)

    def quality_of(self, model: str) -> float | None:
        """0 to 1, of a name or of `provider/model`; None where nothing is known.

        A target that was not rated by itself is as good as its model.
        """
        found = self._rated.get(model)
        if found is None and "/" in model:
            found = self._rated.get(model.partition("/")[2])
        return self._prior(model) if found is None else found


def all_figures(store: Store) -> list[ModelQuality]:
    """The table, the best first."""
    rows = store.read("SELECT * FROM quality ORDER BY quality DESC, model")
    return [ModelQuality(**dict(row)) for row in rows]


def renew(transaction: Transaction, prior: Prior, now_us: int) -> None:
    """Compute the table again from all ratings."""
    games, ratings = _games(transaction)
    priors = {model: prior(model) for model in ratings}
    known = {model: value for model, value in priors.items() if value is not None}
    transaction.write("DELETE FROM quality")
    for model, quality in strengths(games, known).items():
        transaction.write(
            "INSERT INTO quality (model, quality, prior, ratings, at_us) VALUES (?, ?, ?, ?, ?)",
            (model, quality, priors[model], ratings[model], now_us),
        )
    transaction.bump(REVISION)


def _games(transaction: Transaction) -> tuple[list[Game], dict[str, int]]:
    """What was played, and how many ratings speak of each model."""
    games: list[Game] = []
    ratings: dict[str, int] = {}
    for row in transaction.read(_GAMES):
        weight = row["ratings"] * (JUDGE_WEIGHT if row["kind"] == "model" else 1.0)
        won, lost, drawn = (weight * (row["better"] == better) for better in ("a", "b", "same"))
        games.append(Game(row["a"], row["b"], won, lost, drawn))
        for model in (row["a"], row["b"]):
            ratings[model] = ratings.get(model, 0) + row["ratings"]
    return games, ratings
