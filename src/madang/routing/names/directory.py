"""Model names: what a caller may ask for, and which targets can answer it.

A name is looked up in this order:
1. a model of the configuration, by its exact name; `task:NAME`; `auto`;
2. `provider/model` where `provider` is enabled: that provider, whether or not the catalogue knows the model;
3. a model of the catalogue, by canonical name, alias, dated or vendor-qualified name: every enabled
   provider that serves it, the vendor's own first.

Anything else is unknown, and the error names the nearest names. A model either generates or makes
embeddings; asked for the other it is refused, and a target whose provider cannot do it is no target.
Answers are remembered, so a look-up is one dictionary access.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import partial

from msgspec.structs import replace

from madang.catalog import Catalog, ModelRow
from madang.config.scorer import LoadedScorer
from madang.config.sections.models import FallbackRef, Model, TargetRef
from madang.config.sections.routes import TASK_PREFIX, Tiers
from madang.config.sections.routes import TIERS as TIER_NAMES
from madang.errors import InvalidRequest, UnknownModel
from madang.model import EMBEDDING, MEDIA, Dialect, Target
from madang.routing.names.built_in_tasks import AUTO, TIERS
from madang.routing.names.choices import Tasks, Ways, served, tiered, with_rules
from madang.routing.names.media import MAX_NAME, MEDIA_PATHS, MediaNames
from madang.routing.names.serving import Serving, Servings, without
from madang.routing.route import Fallback, Route

_MAX_REMEMBERED = 20_000


class Directory:
    """All names under one configuration."""

    def __init__(
        self,
        models: Mapping[str, Model],
        catalog: Catalog,
        servings: Iterable[Serving],
        ways: Ways = Ways(),  # noqa: B008 - a frozen record
    ) -> None:
        self._models = models
        self._catalog = catalog
        self.region = ways.region
        self._tasks = Tasks(ways.tasks)
        self._near = ways.distances
        self._servings = Servings(servings, catalog)
        self._routes: dict[tuple[str, Dialect], Route] = {}
        self.media = MediaNames(models, catalog, self._servings)

    def resolve(self, name: str, dialect: Dialect) -> Route:
        """The route for `name` when asked in `dialect`.

        Raises UnknownModel, or InvalidRequest for a model that does other work.
        """
        route = self._routes.get((name, dialect))
        if route is None:
            route = self._find(name, dialect)
            if len(self._routes) >= _MAX_REMEMBERED:
                self._routes.clear()
            self._routes[(name, dialect)] = route
        return route

    def lookup(self, name: str) -> Route:
        """The route for `name` in the work that it does, for lists and checks. Raises UnknownModel."""
        try:
            return self.resolve(name, "chat")
        except (InvalidRequest, UnknownModel) as problem:
            work = self.media.work_of(name)
            if work is None and isinstance(problem, UnknownModel):
                raise
        return self.resolve(name, work or "embeddings")

    def names(self) -> list[str]:
        """Every name that `/v1/models` lists: the configured ones, then the catalogue's that a provider serves."""
        listed = dict.fromkeys((*self._models, *self._tasks.names()))
        for row in self._catalog.models.values():
            if self._servings.any_serves(row):
                listed.setdefault(row.name)
        for work in sorted(MEDIA):
            listed |= dict.fromkeys(self.media.served(work))
        return list(listed)

    def row(self, name: str) -> ModelRow | None:
        """The catalogue's row behind a name, if it has one."""
        return self._catalog.find(name)

    def _find(self, name: str, dialect: Dialect) -> Route:
        if len(name) > MAX_NAME or not name.isprintable():
            raise UnknownModel(
                f"No model has a name of more than {MAX_NAME} characters or of unprintable ones.",
                param="model",
                code="model_not_found",
            )
        if dialect in MEDIA:
            return self.media.resolve(name, dialect)
        if self.media.makes(name):
            raise self._other_work(name, dialect)
        model = self._models.get(name)
        if model is None and name.startswith(TASK_PREFIX):
            return self._tasks.route(name, partial(self._way, dialect=dialect))
        if model is not None and model.tiers is not None:
            scorer = model.scorer if isinstance(model.scorer, LoadedScorer) else None
            return tiered(name, model.tiers, partial(self.resolve, dialect=dialect), scorer)
        if model is None and name == AUTO and not self._known(name):
            return self._automatic(dialect)
        return self._way(name, dialect)

    def _automatic(self, dialect: Dialect) -> Route:
        """The route of `auto` where the configuration does not say: the built-in tasks of three tiers."""
        find = partial(self.resolve, dialect=dialect)
        given = {
            tier: task
            for tier, task in zip(TIER_NAMES, TIERS, strict=True)
            if served([task], find, must_be=False)
        }
        if not given:
            raise self._unknown(AUTO)
        return tiered(AUTO, Tiers(**given), find)

    def _way(self, name: str, dialect: Dialect) -> Route:
        """The route of a model by its own name. Raises UnknownModel or InvalidRequest."""
        targets = self._targets(name, dialect)
        model = self._models.get(name)
        if model is None:
            return Route(name, targets, near=self._near)
        route = self._configured_way(name, model, targets, dialect)
        if not model.rules:
            return route
        return with_rules(route, model.rules, partial(self._way, dialect=dialect))

    def _configured_way(
        self, name: str, model: Model, targets: tuple[Target, ...], dialect: Dialect
    ) -> Route:
        fallbacks = tuple(self._fallbacks(name, model, dialect))
        budget = model.latency_budget_ms
        route = Route(
            name,
            targets,
            model.pick,
            fallbacks,
            is_sticky=model.sticky,
            near=self._near,
            budget_s=budget / 1000 if budget is not None else None,
        )
        if model.long_context is None:
            return route
        first = self._elsewhere(name, model.long_context.to, dialect)
        behind = (Fallback(targets), *fallbacks)
        longer = replace(route, targets=first, pick="order", fallbacks=behind)
        threshold = model.long_context.threshold_tokens
        return replace(route, threshold_tokens=threshold, longer=longer)

    def _targets(self, name: str, dialect: Dialect) -> tuple[Target, ...]:
        """Where a name leads by itself, without its fallbacks: two models may fall back to one another."""
        model = self._models.get(name)
        if model is not None:
            return self._configured(name, model, dialect)
        targets = self._servings.qualified(name, dialect)
        if targets is None:
            targets = self._servings.catalogued(name, dialect)
        if not targets:
            is_known = self._known(name) or self._makes_media(name)
            raise self._other_work(name, dialect) if is_known else self._unknown(name)
        return targets

    def _configured(self, name: str, model: Model, dialect: Dialect) -> tuple[Target, ...]:
        targets: list[Target] = []
        for given in model.targets:
            ref = given if isinstance(given, TargetRef) else TargetRef(given)
            found = self._servings.qualified(ref.to, dialect)
            if found is None:
                raise UnknownModel(
                    f"Model `{name}` points to `{ref.to}`, but that provider is not configured."
                )
            targets += [replace(target, weight=ref.weight) for target in found]
        if not model.targets:
            targets = list(self._servings.catalogued(name, dialect))
        if not targets and (model.targets or self._is_catalogued(name)):
            raise self._other_work(name, dialect)
        if not targets:
            raise UnknownModel(f"Model `{name}` has no targets, and no provider serves it.")
        return tuple(_overridden(target, model) for target in targets)

    def _fallbacks(self, name: str, model: Model, dialect: Dialect) -> Iterable[Fallback]:
        for given in model.fallback:
            ref = given if isinstance(given, FallbackRef) else FallbackRef(given)
            if ref.to == name:
                continue
            yield Fallback(self._elsewhere(name, ref.to, dialect), frozenset(ref.on))

    def _elsewhere(self, name: str, to: str, dialect: Dialect) -> tuple[Target, ...]:
        """The targets of the model that another one leads on to."""
        targets = self._targets(to, dialect) if self._known(to) else ()
        if not targets:
            raise UnknownModel(f"Model `{name}` falls back to `{to}`, which is not served.")
        return targets

    def _known(self, name: str) -> bool:
        return (
            name in self._models
            or self._servings.qualified(name, "chat") is not None
            or self._is_catalogued(name)
        )

    def _is_catalogued(self, name: str) -> bool:
        row = self._catalog.find(name)
        return row is not None and self._servings.any_serves(row)

    def _makes_media(self, name: str) -> bool:
        """Whether a name is that of a picture, video, speech or transcription model that a provider serves."""
        row = self._catalog.find(name)
        homes = {serving.home or serving.name for serving in self._servings}
        return row is not None and row.makes != "text" and not homes.isdisjoint(row.ids)

    def _other_work(self, name: str, asked: Dialect) -> InvalidRequest:
        row = self._catalog.find(name)
        if row is not None and row.makes != "text":
            said = f"`{name}` makes {row.makes}: ask for it at {MEDIA_PATHS[row.makes]}."
        elif self.media.makes(name):
            said = f"`{name}` makes no text: ask for it at {', '.join(MEDIA_PATHS.values())}."
        elif asked in EMBEDDING:
            said = f"`{name}` makes no embeddings: it generates, or its provider has none to offer."
        else:
            said = f"`{name}` makes embeddings and generates nothing: ask for it at /v1/embeddings."
        return InvalidRequest(said, param="model", code="unsupported_model")

    def _unknown(self, name: str) -> UnknownModel:
        nearest = self._catalog.nearest(name, self.names())
        hint = f" Did you mean {_or(nearest)}?" if nearest else ""
        return UnknownModel(
            f"The model `{name}` does not exist or no configured provider serves it.{hint}",
            param="model",
            code="model_not_found",
        )


def allows(patterns: tuple[str, ...], target: Target) -> bool:
    """Whether a key limited to `patterns` may use a target by its own name."""
    name = target.canonical or target.model
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def allowed(patterns: tuple[str, ...], route: Route, asked: str) -> bool:
    """Whether a key limited to `patterns` (names or globs; empty: everything) may use the route."""
    if not patterns:
        return True
    names = {asked, route.name, *(target.canonical or target.model for target in route.targets)}
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _overridden(target: Target, model: Model) -> Target:
    """A target as the settings of a model describe it."""
    if not (model.features or model.context_window or model.max_output):
        return target
    return replace(
        target,
        lacks=without(target.lacks, model.features),
        context_window=model.context_window or target.context_window,
        max_output=model.max_output or target.max_output,
    )


def _or(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
