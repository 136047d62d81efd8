"""Names of models that make media: what a caller may ask for, and who can make it.

Looked up in this order: a model of the configuration; `provider/model` of an enabled provider,
whether or not the catalogue knows the model; a model of the catalogue that an enabled provider
serves, its home first.
"""

from collections.abc import Iterable, Mapping

from madang.catalog import Catalog, ModelRow
from madang.config.settings import FallbackRef, Model, TargetRef
from madang.errors import InvalidRequest, UnknownModel
from madang.model import Dialect, Target
from madang.routing.route import Fallback, Route
from madang.upstream.providers import Provider
from madang.wire.media.registry import MEDIA

_MAX_NAME = 256
_PATHS: Mapping[Dialect, str] = {
    "videos": "/v1/videos",
    "speech": "/v1/audio/speech",
    "images": "/v1/images/generations",
    "transcriptions": "/v1/audio/transcriptions",
}


class Names:
    """All names of media models under one configuration."""

    def __init__(
        self, models: Mapping[str, Model], catalog: Catalog, providers: Mapping[str, Provider]
    ) -> None:
        self._models = models
        self._catalog = catalog
        self._providers = providers
        self._aliases = {
            alias: provider
            for provider in providers.values()
            if provider.home and provider.home in catalog.providers
            for alias in catalog.providers[provider.home].aliases
        }

    def resolve(self, name: str, work: Dialect) -> Route:
        """Who can do this work under a name. Raises UnknownModel, or InvalidRequest for a model that does other work."""
        if not 0 < len(name) <= _MAX_NAME or not name.isprintable():
            raise UnknownModel("No model has such a name.", param="model", code="model_not_found")
        model = self._models.get(name)
        if model is None:
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

    def served(self, work: Dialect) -> list[str]:
        """The names of the catalogue that an enabled provider serves for this work, in its order."""
        return [
            row.name
            for row in self._catalog.models.values()
            if row.makes == work and any(self._serves(one, row) for one in self._providers.values())
        ]

    def makes_media(self, model: Model) -> bool:
        """Whether a model of the configuration leads to makers of media."""
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
        if row is not None and row.makes != work and row.makes != "text":
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
            if _offers(provider, work) and (row is None or row.makes == work):
                yield _target(provider, row, rest, work)
            return
        if row is None or row.makes != work:
            return
        home = row.home
        able = [one for one in self._providers.values() if self._serves(one, row)]
        for one in sorted(able, key=lambda one: one.home != home):
            if _offers(one, work):
                yield _target(one, row, name.rpartition("/")[2], work)

    def _provider(self, name: str) -> Provider | None:
        return self._providers.get(name) or self._aliases.get(name)

    def _row(self, name: str) -> ModelRow | None:
        return self._catalog.find(name) or self._catalog.find(name.partition("/")[2])

    @staticmethod
    def _serves(provider: Provider, row: ModelRow) -> bool:
        return (provider.home or provider.name) in row.ids


def _offers(provider: Provider, work: Dialect) -> bool:
    wires = MEDIA.get(provider.kind)
    return wires is not None and getattr(wires, work) is not None


def _target(provider: Provider, row: ModelRow | None, asked: str, work: Dialect) -> Target:
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
