"""What became of each setting of a file that is carried over.

One rule: nothing is dropped in silence. Whatever no row speaks of in the end gets one that says so, and no
row repeats a value of the file but names of models, providers and variables.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from madang.config.parsing.tree import Node
from madang.config.problems import Path, spell
from madang.migration.place import Place

Verdict = Literal["carried", "changed", "left"]
"""The setting means the same here, or nearly the same (the row says how), or it is not here."""

_UNKNOWN = "Madang knows no such setting of LiteLLM, so nothing was made of it"


class Row(Struct, frozen=True):
    """One setting, or all below one: where it stood (`line` is 1-based), and what became of it."""

    path: str
    line: int
    verdict: Verdict
    told: str


class Variable(Struct, frozen=True):
    """A variable of the environment that the configuration reads, and what it has to hold."""

    name: str
    told: str


class Translation(Struct, frozen=True):
    """The configuration as text, what became of every setting, and what has to be done beside it."""

    text: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...]
    notes: tuple[str, ...]


class Findings:
    """Rows as they are found, one per path: the last word counts. Also variables, notes, and samples.

    `samples` are values that variables might have, for judging what was written.
    """

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.samples: dict[str, str] = {}
        self.notes: list[str] = []
        self._rows: dict[Path, tuple[Verdict, str]] = {}

    def carried(self, path: Path, told: str = "") -> None:
        """It means the same."""
        self._rows[path] = ("carried", told)

    def changed(self, path: Path, told: str) -> None:
        """It became something that is not quite the same."""
        self._rows[path] = ("changed", told)

    def left(self, path: Path, told: str) -> None:
        """It is not carried over."""
        self._rows[path] = ("left", told)

    def left_whole(self, path: Path, told: str) -> None:
        """It is not carried over with all below it, whatever was found there before."""
        below = [one for one in self._rows if one[: len(path)] == path]
        for one in below:
            del self._rows[one]
        self._rows[path] = ("left", told)

    def tell(self, places: Mapping[str, Place], fates: Mapping[str, tuple[Verdict, str]]) -> None:
        """What a table says of the settings that are in it."""
        for name, place in places.items():
            if name in fates:
                self._rows[place.path] = fates[name]

    def verdict(self, path: Path) -> Verdict | None:
        """What was found of exactly this, so far."""
        found = self._rows.get(path)
        return found[0] if found else None

    def needs(self, name: str, told: str, sample: str = "x") -> str:
        """Note a variable, and give how a value refers to it. What was said of it first stays."""
        self.variables.setdefault(name, told)
        self.samples.setdefault(name, sample)
        return f"${{{name}}}"

    def note(self, text: str) -> None:
        """Something that concerns no single setting; said once."""
        if text not in self.notes:
            self.notes.append(text)

    def complete(self, root: Node) -> tuple[Row, ...]:
        """The rows in the order of the file, with one for everything that none has spoken of."""
        spoken = {path[:length] for path in self._rows for length in range(len(path) + 1)} | {()}
        for path, node in list(_silent(root, (), spoken, self._rows.keys())):
            if node.value in (None, [], {}):
                self.carried(path, "empty")
            else:
                self.left(path, _UNKNOWN)
        rows = [
            Row(spell(path), root.line_of(path), verdict, told)
            for path, (verdict, told) in self._rows.items()
        ]
        return tuple(sorted(rows, key=lambda row: (row.line, row.path)))


def _silent(
    node: Node, path: Path, spoken: set[Path], said: Collection[Path]
) -> Iterator[tuple[Path, Node]]:
    """The highest places below which nothing was said."""
    if path in said:
        return
    if path not in spoken:
        yield path, node
    elif isinstance(node.value, dict):
        for key, below in node.value.items():
            yield from _silent(below, (*path, key), spoken, said)
    elif isinstance(node.value, list):
        for index, below in enumerate(node.value):
            yield from _silent(below, (*path, index), spoken, said)
