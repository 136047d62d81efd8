"""The catalogue as a whole: every row by every name it goes by."""

from collections.abc import Iterable, Iterator

from madang.catalog import names
from madang.catalog.rows import CatalogError, ModelRow, ProviderRow
from madang.model import PriceRow

_MAX_PREFIXES = 3  # openrouter/anthropic/claude-sonnet-4 has two


class Catalog:
    """Providers by name, models by canonical name, and prices. Immutable; every look-up is O(1)."""

    __slots__ = ("_by_name", "_prefixes", "models", "prices", "providers")

    def __init__(
        self,
        providers: Iterable[ProviderRow],
        models: Iterable[ModelRow],
        prices: Iterable[PriceRow],
    ) -> None:
        self.providers: dict[str, ProviderRow] = {}
        self.models: dict[str, ModelRow] = {}
        self.prices: tuple[PriceRow, ...] = tuple(prices)
        self._by_name: dict[str, ModelRow] = {}
        for provider in providers:
            if self.providers.setdefault(provider.name, provider) is not provider:
                raise CatalogError(f"provider `{provider.name}` is there twice")
        for model in models:
            self._add(model)
        self._prefixes = frozenset(self._known_prefixes())
        self._check_prices()

    def find(self, name: str) -> ModelRow | None:
        """The model that `name` speaks of, or None.

        Understands canonical names, aliases and providers' own ids, with a date or without, in any
        case, with dots or dashes in the version, and behind the names of providers or vendors
        (which say where, not what).
        """
        return self._by_name.get(name) or self._search(names.key(name))

    def nearest(self, name: str, among: Iterable[str], n: int = 3) -> list[str]:
        """The names in `among` that are most like `name`; see `names.nearest`."""
        return names.nearest(name, among, n)

    def _search(self, key: str) -> ModelRow | None:
        for _ in range(_MAX_PREFIXES):
            row = self._by_name.get(key) or self._by_name.get(names.undated(key))
            if row is not None:
                return row
            prefix, slash, key = key.partition("/")
            if not slash or prefix not in self._prefixes:
                return None
        return None

    def _add(self, model: ModelRow) -> None:
        if not model.ids:
            raise CatalogError(f"model `{model.name}` is served by no provider: `ids` is empty")
        for provider in model.ids:
            if provider not in self.providers:
                raise CatalogError(f"model `{model.name}`: provider `{provider}` is unknown")
        if self.models.setdefault(model.name, model) is not model:
            raise CatalogError(f"model `{model.name}` is there twice")
        for name in (model.name, *model.aliases, *model.snapshots, *model.ids.values()):
            for spelling in (name, names.key(name)):
                other = self._by_name.setdefault(spelling, model)
                if other is not model:
                    raise CatalogError(f"`{name}` names both `{other.name}` and `{model.name}`")

    def _known_prefixes(self) -> Iterator[str]:
        for provider in self.providers.values():
            yield from map(names.key, (provider.name, *provider.aliases))
        for model in self.models.values():
            yield names.key(model.vendor)

    def _check_prices(self) -> None:
        for price in self.prices:
            if not price.served:
                continue
            if price.provider not in self.providers:
                raise CatalogError(f"price `{price.id}`: provider `{price.provider}` is unknown")
            if self.find(price.model) is None:
                raise CatalogError(f"price `{price.id}`: model `{price.model}` is unknown")
