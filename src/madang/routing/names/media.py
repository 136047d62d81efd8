"""Names of models that make media: what a caller may ask for, and who can make it.

Looked up in this order: a model of the configuration; `provider/model` of an enabled provider,
whether or not the catalogue knows the model; a model of the catalogue that an enabled provider
serves, its home first.
"""

from collections.abc import Iterable, Mapping

from madang.catalog import Catalog, ModelRow
from madang.config.sections.models import FallbackRef, Model, TargetRef
from madang.errors import InvalidRequest, UnknownModel
from madang.model import MEDIA, Dialect, Target
from madang.routing.names.serving import Serving, Servings
from madang.routing.route import Fallback, Route

STAND_INS = "playground"
"""The provider whose models stand in for others': beside others nobody is led there who has not named it."""

MAX_NAME = 256
MEDIA_PATHS: Mapping[str, str] = {
    "videos": "/v1/videos",
    "speech": "/v1/audio/speech",
    "images": "/v1/images/generations",
    "transcriptions": "/v1/audio/transcriptions",
}


class MediaNames:
    """All names of media models under one configuration."""

    def __init__(self, models: Mapping[str, Model], catalog: Catalog, servings: Servings) -> None:
        self._models = models
        self._catalog = catalog
        self._servings = servings

    def resolve(self, name: str, work: Dialect) -> Route:
        """Who can do this work under a name.

        Raises UnknownModel, or InvalidRequest for a model that does other work.
        """
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
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
        own = [name for serving in self._servings for name in serving.own.get(work, ())]
        return [*own, *self._catalogued(work, listed=False)]

    def listed(self, work: Dialect) -> list[str]:
        """The names of the catalogue that a provider is known to serve: not those of one that takes any name."""
        return self._catalogued(work, listed=True)

    def own(self, work: Dialect) -> list[Target]:
        """Models of one's own, which no table knows."""
        return [
            _target(serving, None, name, work)
            for serving in self._servings
            for name in serving.own.get(work, ())
            if work in serving.makes
        ]

    def _catalogued(self, work: Dialect, *, listed: bool) -> list[str]:
        return [
            row.name
            for row in self._catalog.models.values()
            if row.makes == work
            and any(_makes(one, row) and not (listed and one.serves_all) for one in self._servings)
        ]

    def makes(self, name: str) -> bool:
        """Whether a name of the configuration leads to makers of media, or is that of a model of one's own."""
        model = self._models.get(name)
        if model is None:
            return any(name in own for serving in self._servings for own in serving.own.values())
        aims = [one if isinstance(one, str) else one.to for one in model.targets]
        return any(self._is_media(aim) for aim in aims)

    def _is_media(self, aim: str) -> bool:
        row = self._row(aim)
        if row is not None:
            return row.makes != "text"
        provider = self._servings.named(aim.partition("/")[0])
        return provider is not None and not provider.apis

    def _targets(self, name: str, work: Dialect) -> tuple[Target, ...]:
        found = tuple(self._found(name, work))
        if found:
            return found
        row = self._row(name)
        if row is not None and row.makes not in (work, "text"):
            path = MEDIA_PATHS[row.makes]
            raise _unsuitable(f"`{name}` makes {row.makes}: ask for it at {path}.")
        provider = self._servings.named(name.partition("/")[0])
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
        provider = self._servings.named(prefix) if slash else None
        row = self._row(name)
        if provider is not None:
            if work in provider.makes and (row is None or row.makes == work):
                yield _target(provider, row, rest, work)
            return
        for serving in self._servings:
            if name in serving.own.get(work, ()) and work in serving.makes:
                yield _target(serving, None, name, work)
                return
        if row is None or row.makes != work:
            return
        home = row.home
        able = [one for one in self._servings if _makes(one, row)]
        for one in sorted(able, key=lambda one: one.home != home):
            yield _target(one, row, name.rpartition("/")[2], work)

    def _row(self, name: str) -> ModelRow | None:
        return self._catalog.find(name) or self._catalog.find(name.partition("/")[2])


def _makes(serving: Serving, row: ModelRow) -> bool:
    return serving.lists(row) and row.makes in serving.makes


def _target(serving: Serving, row: ModelRow | None, asked: str, work: Dialect) -> Target:
    return Target(
        provider=serving.name,
        model=serving.id_of(row, asked),
        api=work,
        canonical=row.name if row is not None else None,
        region=serving.region,
        home=serving.home,
    )


def _unsuitable(why: str) -> InvalidRequest:
    return InvalidRequest(why, param="model", code="unsupported_model")
