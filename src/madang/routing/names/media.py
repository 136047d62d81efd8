"""Names of models that make media: what a caller may ask for, and who can make it.

Looked up in this order: a model of the configuration; `provider/model` of an enabled provider,
whether or not the catalogue knows the model; a model of the catalogue that an enabled provider
serves, its home first.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from madang.catalog import Catalog, ModelRow
from madang.config.settings import FallbackRef, Model, TargetRef
from madang.errors import InvalidRequest, UnknownModel
from madang.model import MEDIA, Dialect, Target
from madang.routing.route import Fallback, Route

STAND_INS = "playground"
"""The provider whose models stand in for others': beside others nobody is led there who has not named it."""

_MAX_NAME = 256
_PATHS: Mapping[str, str] = {
    "videos": "/v1/videos",
    "speech": "/v1/audio/speech",
    "images": "/v1/images/generations",
    "transcriptions": "/v1/audio/transcriptions",
}


class Maker(Protocol):
    """What has to be known of a provider: `makes` are the kinds of work that it can be asked for."""

    @property
    def name(self) -> str:
        """What the configuration calls it."""

    @property
    def home(self) -> str | None:
        """What the catalogue calls it."""

    @property
    def region(self) -> str | None:
        """Where it is."""

    @property
    def serves_all(self) -> bool:
        """Whether it makes whatever the catalogue lists, under its own name."""

    @property
    def apis(self) -> tuple[Dialect, ...]:
        """The dialects of text that it speaks."""

    @property
    def makes(self) -> tuple[Dialect, ...]:
        """The work of `MEDIA` that it does."""

    @property
    def own(self) -> Mapping[Dialect, tuple[str, ...]]:
        """The names of its own models, which the catalogue does not know, by their work."""


class MediaNames:
    """All names of media models under one configuration. `aliases` are other words for providers."""

    def __init__(
        self,
        models: Mapping[str, Model],
        catalog: Catalog,
        makers: Mapping[str, Maker],
        aliases: Mapping[str, Maker],
    ) -> None:
        self._models = models
        self._catalog = catalog
        self._makers = makers
        self._aliases = aliases

    def resolve(self, name: str, work: Dialect) -> Route:
        """Who can do this work under a name.

        Raises UnknownModel, or InvalidRequest for a model that does other work.
        """
        if not 0 < len(name) <= _MAX_NAME or not name.isprintable():
            raise UnknownModel("No model has such a name.", param="model", code="model_not_found")
        model = self._models.get(name)
        if model is None or not model.targets:
            return Route(name, self._targets(name, work))
        targets: list[Target] = []
        for given in model.targets:
            ref = given if isinstance(given, TargetRef) else TargetRef(given)
            targets += self._targets(ref.to, work)
        fallbacks = []
        for aim in model.fallback:
            other = aim if isinstance(aim, FallbackRef) else FallbackRef(aim)
            fallbacks.append(Fallback(self._targets(other.to, work), frozenset(other.on)))
        return Route(name, tuple(targets), model.pick, tuple(fallbacks))

    def work_of(self, name: str) -> Dialect | None:
        """The first work that can be done under a name; None: there is none."""
        for work in sorted(MEDIA):
            try:
                self.resolve(name, work)
            except (InvalidRequest, UnknownModel):
                continue
            return work
        return None

    def served(self, work: Dialect) -> list[str]:
        """What may be asked for this work: providers' own models, and the catalogue's that one of them serves."""
        own = [name for maker in self._makers.values() for name in maker.own.get(work, ())]
        return [*own, *self._catalogued(work, listed=False)]

    def listed(self, work: Dialect) -> list[str]:
        """The names of the catalogue that a provider is known to serve: not those of one that takes any name."""
        return self._catalogued(work, listed=True)

    def own(self, work: Dialect) -> list[Target]:
        """Models of one's own, which no table knows."""
        return [
            _target(maker, None, name, work)
            for maker in self._makers.values()
            for name in maker.own.get(work, ())
            if work in maker.makes
        ]

    def _catalogued(self, work: Dialect, *, listed: bool) -> list[str]:
        return [
            row.name
            for row in self._catalog.models.values()
            if row.makes == work
            and any(
                self._serves(one, row) and not (listed and one.serves_all)
                for one in self._makers.values()
            )
        ]

    def makes(self, name: str) -> bool:
        """Whether a name of the configuration leads to makers of media, or is that of a model of one's own."""
        model = self._models.get(name)
        if model is None:
            return any(name in own for maker in self._makers.values() for own in maker.own.values())
        aims = [one if isinstance(one, str) else one.to for one in model.targets]
        return any(self._is_media(aim) for aim in aims)

    def _is_media(self, aim: str) -> bool:
        row = self._row(aim)
        if row is not None:
            return row.makes != "text"
        provider = self._provider(aim.partition("/")[0])
        return provider is not None and not provider.apis

    def _targets(self, name: str, work: Dialect) -> tuple[Target, ...]:
        found = tuple(self._found(name, work))
        if found:
            return found
        row = self._row(name)
        if row is not None and row.makes not in (work, "text"):
            path = _PATHS[row.makes]
            raise _unsuitable(f"`{name}` makes {row.makes}: ask for it at {path}.")
        provider = self._provider(name.partition("/")[0])
        if provider is not None or (row is not None and row.makes == "text"):
            raise _unsuitable(f"`{name}` does not make {work}, as far as is known.")
        nearest = self._catalog.nearest(name, self.served(work))
        hint = f" Did you mean {' or '.join(f'`{one}`' for one in nearest)}?" if nearest else ""
        raise UnknownModel(
            f"No configured provider makes {work} under the name `{name}`.{hint}",
            param="model",
            code="model_not_found",
        )

    def _found(self, name: str, work: Dialect) -> Iterable[Target]:
        prefix, slash, rest = name.partition("/")
        provider = self._provider(prefix) if slash else None
        row = self._row(name)
        if provider is not None:
            if work in provider.makes and (row is None or row.makes == work):
                yield _target(provider, row, rest, work)
            return
        for maker in self._makers.values():
            if name in maker.own.get(work, ()) and work in maker.makes:
                yield _target(maker, None, name, work)
                return
        if row is None or row.makes != work:
            return
        home = row.home
        able = [one for one in self._makers.values() if self._serves(one, row)]
        for one in sorted(able, key=lambda one: one.home != home):
            yield _target(one, row, name.rpartition("/")[2], work)

    def _provider(self, name: str) -> Maker | None:
        return self._makers.get(name) or self._aliases.get(name)

    def _row(self, name: str) -> ModelRow | None:
        return self._catalog.find(name) or self._catalog.find(name.partition("/")[2])

    @staticmethod
    def _serves(maker: Maker, row: ModelRow) -> bool:
        listed = maker.serves_all or (maker.home or maker.name) in row.ids
        return listed and row.makes in maker.makes


def _target(provider: Maker, row: ModelRow | None, asked: str, work: Dialect) -> Target:
    model = asked
    if row is not None and not (provider.home == row.home and asked in row.snapshots):
        model = row.ids.get(provider.home or provider.name, asked)
    return Target(
        provider=provider.name,
        model=model,
        api=work,
        canonical=row.name if row is not None else None,
        region=provider.region,
        home=provider.home,
    )


def _unsuitable(why: str) -> InvalidRequest:
    return InvalidRequest(why, param="model", code="unsupported_model")
