"""Which artefacts there are, and which stands at which place of which drama."""

from collections.abc import Callable

from msgspec import Struct

from madang_studio.model.work import Made
from madang_studio.store.database import Database
from madang_studio.store.objects import Artefact, Objects

_MOST_SEEN = 5_000
_MOST_READ = 1_000


class Version(Struct, frozen=True):
    """Something that stood at a place; the last of a list stands there now."""

    stamp: str
    at: float


class Shelf:
    """Artefacts by stamp, and by the place where they stand."""

    def __init__(self, database: Database, objects: Objects, clock: Callable[[], float]) -> None:
        self._database, self._objects, self._clock = database, objects, clock
        self._seen: dict[str, Artefact] = {}
        self._read: dict[tuple[str, str], bytes] = {}

    def find(self, stamp: str) -> Artefact | None:
        """An artefact, if it was made in any drama: they never change once they are there."""
        found = self._seen.get(stamp) or self._objects.load(stamp)
        if found is not None:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[stamp] = found
        return found

    def made(self, artefact: Artefact) -> Made:
        """An artefact as steps get it."""
        return self._objects.made(artefact)

    def read(self, artefact: Artefact, name: str) -> bytes:
        """A small file of an artefact, which is read once."""
        key = (artefact.stamp, name)
        data = self._read.get(key)
        if data is None:
            data = self.made(artefact).path(name).read_bytes()
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            self._read[key] = data
        return data

    def note(self, artefact: Artefact, amount: int) -> None:
        """Remember what an artefact cost and took; `amount` is what its price goes by."""
        model = artefact.recipe.params.get("model")
        with self._database.transaction() as transaction:
            transaction.write(
                "INSERT INTO artefacts VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                artefact.stamp,
                artefact.content,
                artefact.recipe.step,
                model,
                artefact.cost_nusd,
                artefact.seconds,
                amount,
                self._clock(),
            )

    def put(self, drama: str, place: str, stamp: str) -> bool:
        """Let an artefact stand at a place; whether another stood there."""
        now = self.now(drama).get(place)
        if now == stamp:
            return False
        with self._database.transaction() as transaction:
            transaction.write(
                "INSERT INTO versions VALUES (?, ?, ?, ?) "
                "ON CONFLICT (drama, place, stamp) DO UPDATE SET at = excluded.at",
                drama,
                place,
                stamp,
                self._clock(),
            )
        return True

    def now(self, drama: str) -> dict[str, str]:
        """What stands at each place: stamps."""
        rows = self._database.read(
            "SELECT place, stamp FROM versions WHERE drama = ? ORDER BY at", drama
        )
        return {row["place"]: row["stamp"] for row in rows}

    def versions(self, drama: str, place: str) -> list[Version]:
        """Everything that ever stood at a place, oldest first."""
        rows = self._database.read(
            "SELECT stamp, at FROM versions WHERE drama = ? AND place = ? ORDER BY at", drama, place
        )
        return [Version(*row) for row in rows]

    def takes(self, drama: str, place: str) -> list[Version]:
        """The same in the order in which they were made, which picking one does not change."""
        rows = self._database.read(
            "SELECT stamp, made FROM versions JOIN artefacts USING (stamp) "
            "WHERE drama = ? AND place = ? ORDER BY made, stamp",
            drama,
            place,
        )
        return [Version(*row) for row in rows]

    def counts(self, drama: str) -> dict[str, int]:
        """How many versions ever stood at each place."""
        rows = self._database.read(
            "SELECT place, COUNT(*) FROM versions WHERE drama = ? GROUP BY place", drama
        )
        return {row[0]: int(row[1]) for row in rows}
