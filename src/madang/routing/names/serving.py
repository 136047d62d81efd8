"""Enabled providers as routing sees them: what each serves, under which name, and in which format it is asked."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from madang.catalog import Catalog, ModelRow
from madang.model import EMBEDDING, Dialect, Feature, Target

_FAMILY_APIS: dict[str, tuple[Dialect, ...]] = {
    "chat": ("chat", "responses"),
    "messages": ("messages",),
    "gemini": ("gemini",),
    "embeddings": ("embeddings",),
    "gemini_batch_embed": ("gemini_batch_embed", "gemini_embed"),
}


class Serving(Struct, frozen=True):
    """What routing needs to know of a provider.

    `home` is its name in the catalogue, if it has one. `features`, `context_window`, `max_output`
    and `may_lose` are what its settings say of all its models; `makes` are the media that it makes,
    `own` the models of its own for them.
    """

    name: str
    apis: tuple[Dialect, ...]
    home: str | None = None
    region: str | None = None
    serves_all: bool = False
    features: Mapping[Feature, bool] = {}
    context_window: int | None = None
    max_output: int | None = None
    may_lose: bool = False
    is_private: bool = False
    makes: tuple[Dialect, ...] = ()
    own: Mapping[Dialect, tuple[str, ...]] = {}

    def lists(self, row: ModelRow) -> bool:
        """Whether a model of the catalogue is there, for all that is known."""
        return self.serves_all or (self.home or self.name) in row.ids

    def serves(self, row: ModelRow, dialect: Dialect | None = None) -> bool:
        """Whether it answers for a model in any format; `dialect`: for the work that this one asks for."""
        able = row.generates(dialect) and self.lists(row)
        return able and _choose_api(self.apis, row.api, row.api) is not None

    def api_for(self, row: ModelRow | None, asked: Dialect) -> Dialect | None:
        """The format to ask it in for a model (None: unknown to the catalogue); None: it cannot do this work."""
        return _choose_api(self.apis, row.api if row else None, asked)

    def id_of(self, row: ModelRow | None, asked: str) -> str:
        """Its own name for a model that was asked for as `asked`."""
        if row is None or (self.home == row.home and asked in row.snapshots):
            return asked
        return row.ids.get(self.home or self.name, asked)


class Servings:
    """All enabled providers, by the words that callers and configurations use for them."""

    def __init__(self, servings: Iterable[Serving], catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_name = {serving.name: serving for serving in servings}
        self._by_alias = {
            alias: serving
            for serving in self
            if serving.home and serving.home in catalog.providers
            for alias in catalog.providers[serving.home].aliases
        }

    def __iter__(self) -> Iterator[Serving]:
        return iter(self._by_name.values())

    def named(self, word: str) -> Serving | None:
        """The provider that a word stands for: by its name in the configuration, else as the catalogue knows it."""
        return self._by_name.get(word) or self._by_alias.get(word)

    def any_serves(self, row: ModelRow) -> bool:
        """Whether a model of the catalogue can be asked for text or embeddings."""
        return any(serving.serves(row) for serving in self)

    def qualified(self, name: str, dialect: Dialect) -> tuple[Target, ...] | None:
        """The target of `provider/model`, none where it does other work; None where there is no such provider."""
        prefix, slash, rest = name.partition("/")
        if not slash or not rest:
            return None
        serving = self.named(prefix)
        if serving is None:
            return None
        row = self._catalog.find(name) or self._catalog.find(rest)
        if row is not None and not row.generates(dialect):
            return ()
        api = serving.api_for(row, dialect)
        return () if api is None else (self._target(serving, row, rest, api),)

    def catalogued(self, name: str, dialect: Dialect) -> tuple[Target, ...]:
        """The targets of a model of the catalogue, at every provider that serves it, its home first."""
        row = self._catalog.find(name)
        if row is None:
            return ()
        asked = name.rpartition("/")[2]
        able = [serving for serving in self if serving.serves(row, dialect)]
        able.sort(key=lambda serving: serving.home != row.home)
        chosen = [(serving, serving.api_for(row, dialect)) for serving in able]
        return tuple(self._target(serving, row, asked, api) for serving, api in chosen if api)

    def _target(self, serving: Serving, row: ModelRow | None, asked: str, api: Dialect) -> Target:
        """`asked` as that provider names it, spoken to in `api`."""
        home = self._catalog.providers.get(serving.home or "")
        lacks = {*(row.lacks if row else ()), *(home.cannot if home else ())}
        embeds = api in EMBEDDING  # their window is that of each text, not of all together
        window = serving.context_window or (row.context_window if row else None)
        return Target(
            provider=serving.name,
            model=serving.id_of(row, asked),
            api=api,
            canonical=row.name if row else None,
            region=serving.region,
            lacks=without(lacks, serving.features),
            context_window=None if embeds else window,
            max_output=serving.max_output or (row.max_output if row else None),
            may_lose=serving.may_lose,
            home=serving.home,
            is_private=serving.is_private,
        )


def without(lacks: Iterable[Feature], said: Mapping[Feature, bool]) -> frozenset[Feature]:
    """What is lacking once it has been said what is there and what is not."""
    missing = {feature for feature, is_there in said.items() if not is_there}
    return frozenset({feature for feature in lacks if not said.get(feature)} | missing)


def _choose_api(
    served: tuple[Dialect, ...], native: Dialect | None, asked: Dialect
) -> Dialect | None:
    """The model's own format where the provider serves it, so that least is lost; among equals the caller's.

    None where the model or the provider does not do the work that is asked for.
    """
    embeds = asked in EMBEDDING
    if native is not None and (native in EMBEDDING) is not embeds:
        return None
    fit = tuple(api for api in served if (api in EMBEDDING) is embeds)
    able = tuple(api for api in fit if native and api in _FAMILY_APIS[native]) or fit
    if asked in able:
        return asked
    return able[0] if able else None
