"""What replaying asks of a configuration. `configured` has it; a test may have another."""

from typing import Protocol

from madang.model import Dialect, PriceRow, Target
from madang.routing.route import Route


class World(Protocol):
    """Names and prices, as they would be."""

    def stays(self, asked: str, dialect: Dialect) -> bool:
        """Whether a name leads where it led when the attempts were made: then they stay where they were."""

    def route(self, name: str, dialect: Dialect) -> tuple[Route | None, bool]:
        """Where a name leads, and whether the configuration leads there, not the catalogue alone.

        None: nowhere, and the catalogue does not know it.
        """

    def canonical(self, name: str) -> str:
        """The catalogue's name of a model, or the name itself."""

    def price(self, target: Target, at_us: int) -> PriceRow | None:
        """The price of a target at a time (Unix µs); None: not known."""

    def price_known_as(
        self, provider: str, model: str, at_us: int, name: str | None = None
    ) -> PriceRow | None:
        """The price of an attempt as the ledger names its place; see `Snapshot.price_known_as`."""
