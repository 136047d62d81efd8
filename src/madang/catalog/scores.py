"""What the public thinks of models: scores of blind comparisons, as chances.

One rule: a score is a fact with its day; a model without one is not guessed at.
"""

from datetime import date
from functools import cached_property
from typing import Final

from msgspec import Struct

from madang.catalog.files import read, text_of
from madang.catalog.index import Catalog
from madang.catalog.rows import CatalogError

MIDDLING: Final = 1400
"""The score of a middling model: a little below the 71st of 31 March 2026, which had 1412."""

_PER_TENFOLD = 400
_FILE = "scores.yaml"


class ScoreRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model's score on Elo's scale, under the name that it is `listed` by, from so many `votes`."""

    model: str
    listed: str
    score: int
    votes: int
    as_of: date

    @property
    def chance(self) -> float:
        """The chance to be found better than a middling model, 0 to 1."""
        return float(1 / (1 + 10 ** ((MIDDLING - self.score) / _PER_TENFOLD)))


class Scores:
    """The scores of a catalogue's models, read when they are first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def quality_of(self, model: str) -> float | None:
        """What is known of a name, or of `provider/model`; None: nothing."""
        row = self._catalog.find(model)
        score = self.rows.get(row.name) if row else None
        return score.chance if score else None

    @cached_property
    def rows(self) -> dict[str, ScoreRow]:
        """By the catalogue's names. Raises CatalogError."""
        found = read(_FILE, text_of(_FILE), list[ScoreRow])
        rows = {row.model: row for row in found}
        strangers = rows.keys() - self._catalog.models.keys()
        if strangers or len(rows) < len(found):
            raise CatalogError(f"{_FILE}: unknown or twice: {', '.join(sorted(strangers))}")
        return rows
