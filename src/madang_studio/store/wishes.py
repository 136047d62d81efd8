"""What people said about a drama after its brief: edits, retakes, approvals, takes they picked."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from madang_studio.model.edits import Edits, LineEdit
from madang_studio.model.script import Character, Place
from madang_studio.store.database import Database

_ANY = ""

_WHOLE = "whole"
_REVISED = ("lines", "characters", "places")


class Wishes:
    """The tables of edits, pins and approvals.

    Changes of lines, people and places belong to one script (the hash of its content): if the script
    is written anew they wait until it comes back, instead of landing on other lines.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def edits(self, drama: str, script: str | None) -> Edits:
        """The changes that hold for this content of the script (None: there is none yet)."""
        rows = self._database.read(
            "SELECT sort, name, value FROM edits WHERE drama = ? AND script IN (?, ?)",
            drama,
            _ANY,
            script or _ANY,
        )
        found: dict[str, dict[str, object]] = {}
        for row in rows:
            found.setdefault(row["sort"], {})[row["name"]] = msgspec.json.decode(row["value"])
        whole = found.pop(_WHOLE, {}).get(_ANY)
        return msgspec.convert({**found, _WHOLE: whole}, Edits)

    def revise(self, drama: str, script: str, edits: Edits) -> None:
        """Put these changes of what is said, of people and places in the place of all there were, at once."""
        told: dict[str, Mapping[str, object]] = {sort: getattr(edits, sort) for sort in _REVISED}
        told[_WHOLE] = {} if edits.whole is None else {_ANY: edits.whole}
        now = self._clock()
        rows = [
            (drama, script, sort, name, msgspec.json.encode(value).decode(), now)
            for sort, values in told.items()
            for name, value in values.items()
        ]
        with self._database.transaction() as transaction:
            transaction.write(
                "DELETE FROM edits WHERE drama = ? AND script = ? AND sort IN "
                "('lines', 'characters', 'places', 'whole')",
                drama,
                script,
            )
            transaction.write_all("INSERT INTO edits VALUES (?, ?, ?, ?, ?, ?)", rows)

    def edit_line(self, drama: str, script: str, line: str, edit: LineEdit) -> None:
        """Change what a line says, or how."""
        self._put(drama, script, "lines", line, edit)

    def edit_character(self, drama: str, script: str, character: Character) -> None:
        """Change somebody's entry of the bible."""
        self._put(drama, script, "characters", character.name, character)

    def edit_place(self, drama: str, script: str, place: Place) -> None:
        """Change a place's entry of the bible."""
        self._put(drama, script, "places", place.name, place)

    def use_model(self, drama: str, place: str, model: str) -> None:
        """Have one place made by another model."""
        self._put(drama, _ANY, "models", place, model)

    def retake(self, drama: str, place: str) -> int:
        """Ask for a place again; the number of the take. A picked version is let go."""
        with self._database.transaction() as transaction:
            rows = transaction.read(
                "INSERT INTO edits VALUES (?, ?, 'retakes', ?, '1', ?) "
                "ON CONFLICT (drama, script, sort, name) "
                "DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value",
                drama,
                _ANY,
                place,
                self._clock(),
            )
            transaction.write("DELETE FROM pins WHERE drama = ? AND place = ?", drama, place)
        return int(rows[0]["value"])

    def pick(self, drama: str, place: str, stamp: str | None) -> None:
        """Keep a version at a place, whatever it depends on becomes; None: let it go."""
        with self._database.transaction() as transaction:
            transaction.write("DELETE FROM pins WHERE drama = ? AND place = ?", drama, place)
            if stamp is not None:
                transaction.write("INSERT INTO pins VALUES (?, ?, ?)", drama, place, stamp)

    def picked(self, drama: str) -> dict[str, str]:
        """The versions that were picked: stamps by place."""
        rows = self._database.read("SELECT place, stamp FROM pins WHERE drama = ?", drama)
        return {row["place"]: row["stamp"] for row in rows}

    def approve(self, drama: str, contents: Iterable[tuple[str, str]]) -> None:
        """Approve what is at places now: (place, content) of each. Other contents wait again."""
        rows = [(drama, place, content, self._clock()) for place, content in contents]
        with self._database.transaction() as transaction:
            transaction.write_all(
                "INSERT INTO approvals VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
            )

    def approved(self, drama: str) -> frozenset[tuple[str, str]]:
        """What was approved: (place, content) of each."""
        rows = self._database.read("SELECT place, content FROM approvals WHERE drama = ?", drama)
        return frozenset((row["place"], row["content"]) for row in rows)

    def _put(self, drama: str, script: str, sort: str, name: str, value: object) -> None:
        with self._database.transaction() as transaction:
            transaction.write(
                "INSERT INTO edits VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (drama, script, sort, name) "
                "DO UPDATE SET value = excluded.value, at = excluded.at",
                drama,
                script,
                sort,
                name,
                msgspec.json.encode(value).decode(),
                self._clock(),
            )
