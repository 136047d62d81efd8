"""Names that stand for a choice among models: tasks, tiers by complexity, and a model's rules, made into routes.

The models themselves are found by whoever calls (`Find`); one that is not served is left out, and a
choice of which nothing is left is unknown.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from madang.config.scorer import LoadedScorer
from madang.config.sections.routes import TASK_PREFIX, Task, Tiers
from madang.config.sections.routes import Rule as RuleSetting
from madang.errors import UnknownModel
from madang.model import Target
from madang.routing.names.built_in_tasks import BUILT_IN
from madang.routing.route import Fallback, Route, Rule

Find = Callable[[str], Route]
"""The route of a model's name. Raises UnknownModel, or InvalidRequest for one that does other work."""


class Ways(Struct, frozen=True):
    """What a configuration says beside models: its tasks, and the regions, this gateway's own first (none: unknown)."""

    tasks: Mapping[str, Task] = {}
    region: str | None = None
    near: tuple[str, ...] = ()

    @property
    def distances(self) -> dict[str, int]:
        """Regions with how far away they are, 0 for the gateway's own."""
        nearest_first = (*([self.region] if self.region else []), *self.near)
        return {region: at for at, region in enumerate(dict.fromkeys(nearest_first))}


class Tasks:
    """The tasks of a configuration and the built-in ones."""

    def __init__(self, configured: Mapping[str, Task]) -> None:
        self._configured = configured
        self._tasks = {**BUILT_IN, **configured}

    def names(self) -> list[str]:
        """What requests may name them by: the configured ones."""
        return [f"{TASK_PREFIX}{name}" for name in self._configured]

    def route(self, name: str, find: Find) -> Route:
        """The route of `task:NAME`: the targets of all candidates. Raises UnknownModel."""
        word = name.removeprefix(TASK_PREFIX)
        task = self._tasks.get(word)
        if task is None:
            known = ", ".join(sorted(self._tasks))
            raise UnknownModel(
                f"There is no task `{word}`. There are: {known}.",
                param="model",
                code="model_not_found",
            )
        try:
            routes = served(task.candidates, find, must_be=word in self._configured)
        except UnknownModel as error:
            raise UnknownModel(
                f"The task `{word}` has a candidate that nobody serves. {error.message}",
                param="model",
                code="model_not_found",
            ) from error
        if not routes:
            raise UnknownModel(
                f"No configured provider serves a model for the task `{word}`: it asks for"
                f" {', '.join(task.candidates)}. Write your own in the section `tasks`.",
                param="model",
                code="model_not_found",
            )
        return Route(
            name,
            all_targets(routes),
            fallbacks=_fallbacks(routes),
            task=word,
            prefer=task.prefer,
            near=routes[0].near,
        )


def tiered(name: str, tiers: Tiers, find: Find, scorer: LoadedScorer | None = None) -> Route:
    """The route of a model with tiers: all that may answer, and a way for each complexity."""
    given = (tiers.simple, tiers.medium, tiers.complex)
    known = {to: find(to) for to in given if to is not None}
    simple, medium, hard = (known[to] if to is not None else None for to in given)
    ways = (
        simple or medium or hard,
        medium or hard or simple,
        hard or medium or simple,
    )
    routes = [way for way in ways if way is not None]
    targets, near = all_targets(routes), routes[0].near
    return Route(name, targets, tiers=tuple(routes), near=near, scorer=scorer)


def with_rules(route: Route, rules: Iterable[RuleSetting], find: Find) -> Route:
    """The route with its rules, each a way of its own."""
    ways = []
    for rule in rules:
        targets = all_targets([find(to) for to in rule.targets])
        behind = () if rule.only else (Fallback(route.targets), *route.fallbacks)
        way = replace(route, targets=targets, fallbacks=behind, longer=None, threshold_tokens=0)
        ways.append(Rule(rule.when, way))
    return replace(route, rules=tuple(ways))


def served(names: Iterable[str], find: Find, *, must_be: bool) -> list[Route]:
    """The routes of those names that are served; `must_be`: every one has to be. Raises UnknownModel then."""
    routes = []
    for name in names:
        try:
            routes.append(find(name))
        except UnknownModel:
            if must_be:
                raise
    return routes


def all_targets(routes: Iterable[Route]) -> tuple[Target, ...]:
    """Every target once, in order."""
    return tuple(dict.fromkeys(target for route in routes for target in route.targets))


def _fallbacks(routes: Iterable[Route]) -> tuple[Fallback, ...]:
    return tuple(dict.fromkeys(fallback for route in routes for fallback in route.fallbacks))
