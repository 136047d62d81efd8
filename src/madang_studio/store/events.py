"""What happened, in order: for those who watch."""

from collections.abc import Callable

from msgspec import Struct

from madang_studio.store.database import Database


class Event(Struct, frozen=True, kw_only=True):
    """Something happened to a drama, or to one place of it.

    `what`: begun, made, kept, failed, held, noted (it has to do without something), or a state.
    """

    id: int
    at: float
    drama: str
    what: str
    place: str | None
    words: str | None


class Events:
    """The table of events."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def tell(
        self, drama: str, what: str, place: str | None = None, words: str | None = None
    ) -> None:
        """Add an event."""
        with self._database.transaction() as transaction:
            transaction.write(
                "INSERT INTO events (at, drama, what, place, words) VALUES (?, ?, ?, ?, ?)",
                self._clock(),
                drama,
                what,
                place,
                words,
            )

    def since(self, last: int = 0, *, drama: str | None = None, most: int = 1_000) -> list[Event]:
        """Events after one, oldest first; of one drama, or of all."""
        rows = self._database.read(
            "SELECT * FROM events WHERE id > ? AND (? IS NULL OR drama = ?) ORDER BY id LIMIT ?",
            last,
            drama,
            drama,
            most,
        )
        return [Event(**dict(row)) for row in rows]

    def last(self) -> int:
        """The id of the latest event; 0 if nothing has happened yet."""
        return int(self._database.read("SELECT COALESCE(MAX(id), 0) FROM events")[0][0])
