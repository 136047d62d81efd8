"""How fast a provider is asked where the configuration does not say: a data file, and its reader."""

from msgspec import Struct

from madang.catalog.files import read, text_of

_FILE = "paces.yaml"


class PaceRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests per second, tokens per minute, and how many requests may go at once."""

    rps: int
    tpm: int
    burst: int


class DefaultPaces(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The defaults: calls at once by the catalogue's name of a provider, paces by that of a model."""

    concurrency: dict[str, int]
    other_concurrency: int
    models: dict[str, PaceRow]
    other_models: PaceRow

    def calls_at_once(self, home: str | None) -> int:
        """How many calls a provider gets at once; `home` None: the catalogue does not know it."""
        return self.concurrency.get(home or "", self.other_concurrency)

    def pace(self, canonical: str | None) -> PaceRow:
        """The pace of a model; `canonical` None: the catalogue does not know it."""
        return self.models.get(canonical or "", self.other_models)


def load_paces() -> DefaultPaces:
    """The defaults that come with Madang. Raises CatalogError."""
    return read(_FILE, text_of(_FILE), DefaultPaces)
