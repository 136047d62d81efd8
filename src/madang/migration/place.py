"""A value of a file together with where it stands, read as what another program takes it for.

One rule: every reader gives None for what is not such a value; it never raises.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from madang.config.parsing.tree import Node
from madang.config.problems import Path

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_WHOLE = re.compile(r"[0-9](_?[0-9]){0,14}")
_FIGURE = re.compile(r"[0-9.]{1,25}([eE][-+]?[0-9]{1,2})?")


class Place(Struct, frozen=True):
    """A node and its path from the top."""

    node: Node
    path: Path = ()

    def get(self, key: str) -> "Place | None":
        """What stands under a key; None where there is nothing, or a null."""
        below = self.node.value.get(key) if isinstance(self.node.value, dict) else None
        if below is None or below.value is None:
            return None
        return Place(below, (*self.path, key))

    def entries(self) -> Iterator[tuple[str, "Place"]]:
        """The keys of a mapping, and what stands under them."""
        if isinstance(self.node.value, dict):
            for key, below in self.node.value.items():
                yield key, Place(below, (*self.path, key))

    def items(self) -> Iterator["Place"]:
        """The items of a list."""
        if isinstance(self.node.value, list):
            for index, below in enumerate(self.node.value):
                yield Place(below, (*self.path, index))

    def text(self) -> str | None:
        """A text that is not empty; a number that stands where a text belongs is one."""
        value = self.node.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return value.strip() or None if isinstance(value, str) else None

    def truth(self) -> bool | None:
        """Yes or no, as YAML 1.1 spells them."""
        word = str(self.node.value).lower()
        return True if word in _YES else False if word in _NO else None

    def whole(self) -> int | None:
        """A whole number that is not negative; YAML 1.1 marks thousands by `_`."""
        value = self.node.value
        if isinstance(value, float) and value.is_integer() and value >= 0:
            return int(value)
        found = _WHOLE.fullmatch(str(value)) if not isinstance(value, bool) else None
        return int(found[0].replace("_", "")) if found else None

    def figure(self) -> Decimal | None:
        """A number that is not negative, exactly as it stands there (numbers to 17 digits, texts to 25)."""
        value = self.node.value
        if isinstance(value, bool) or not _FIGURE.fullmatch(str(value).replace("_", "")):
            return None
        try:
            return Decimal(str(value).replace("_", ""))
        except InvalidOperation:
            return None
