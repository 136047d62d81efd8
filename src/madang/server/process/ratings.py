"""How good models' answers are, as routing may know it: what people rated here, else the catalogue's scores."""

from madang.catalog import Catalog
from madang.catalog.scores import Scores
from madang.quality.figures import REVISION, Qualities
from madang.state.store import Store


class Ratings:
    """The figures of one process, as of its last look. Raises StoreUnavailable when it cannot look."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._prior = Scores(catalog).quality_of
        self._revision = -1
        self._known = Qualities({}, self._prior)
        self.refresh()

    def quality_of(self, model: str) -> float | None:
        """0 to 1, of a model or of `provider/model`; None where nothing is known."""
        return self._known.quality_of(model)

    def refresh(self) -> None:
        """Take up new ratings: one cheap look-up where there are none."""
        revision = self._store.revision(REVISION)
        if revision != self._revision:
            self._known = Qualities.load(self._store, self._prior)
            self._revision = revision
