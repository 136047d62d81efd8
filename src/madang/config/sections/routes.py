"""What leads requests of one name to different targets, as records: tasks, tiers, rules, and which regions are near."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Final, Literal, Protocol

from msgspec import Meta, Struct, field

from madang.config.problems import Path
from madang.config.scorer import ScorerRef

Preference = Literal["quality", "speed", "cost"]
Name = Annotated[str, Meta(min_length=1, max_length=256)]
Fault = tuple[Path, str]

TASK_PREFIX: Final = "task:"
"""What stands before a task's name where a model's is expected."""

TIERS: Final = ("simple", "medium", "complex")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Task(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of work. `candidates` are models or `provider/model`; `prefer` is what weighs most among them."""

    candidates: tuple[Name, ...]
    prefer: Preference = "quality"


class Tiers(Struct, frozen=True, forbid_unknown_fields=True):
    """Models, `provider/model` or `task:NAME` for requests by their complexity; one may stand for its neighbours."""

    simple: Name | None = None
    medium: Name | None = None
    complex: Name | None = None


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """What must be true of a request; what is not said does not matter.

    `tag`: it has each of these. `region` is that of this gateway (`server.region`).
    """

    tag: dict[str, str] = field(default_factory=dict)
    priority: Literal["high", "normal", "low"] | None = None
    region: str | None = None
    stream: bool | None = None
    tools: bool | None = None


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """Other targets for certain requests: models or `provider/model`.

    Where none of them answers, the model's own follow, unless they are the `only` ones.
    """

    when: When
    targets: tuple[Name, ...]
    only: bool = False


class Led(Protocol):
    """A model as far as these rules look at it."""

    @property
    def targets(self) -> tuple[object, ...]:
        """Where it goes."""

    @property
    def tiers(self) -> Tiers | None:
        """Where it goes by complexity."""

    @property
    def scorer(self) -> str | ScorerRef | None:
        """What judges complexity, if not the rules."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Where some requests go."""


def route_faults(models: Mapping[str, Led], tasks: Mapping[str, Task]) -> Iterator[Fault]:
    """Everything that is wrong with tasks, tiers and rules."""
    tiered = {name for name, model in models.items() if model.tiers is not None}
    for name, task in tasks.items():
        yield from _task_faults(("tasks", name), name, task, tiered)
    for name, model in models.items():
        yield from _tier_faults(("models", name), model, tiered)
        for index, rule in enumerate(model.rules):
            yield from _rule_faults(("models", name, "rules", index), rule, tiered)


def _task_faults(path: Path, name: str, task: Task, tiered: Collection[str]) -> Iterator[Fault]:
    if not _WORD.fullmatch(name):
        yield path, "a task's name is up to 64 letters, digits, `.`, `_`, `-`"
    if not task.candidates:
        yield (*path, "candidates"), "at least one candidate is expected"
    for index, candidate in enumerate(task.candidates):
        if candidate.startswith(TASK_PREFIX) or candidate in tiered:
            fault = "a candidate is `provider/model` or a model, but no task and none with tiers"
            yield (*path, "candidates", index), fault


def _tier_faults(path: Path, model: Led, tiered: Collection[str]) -> Iterator[Fault]:
    if model.tiers is None:
        if model.scorer is not None:
            yield (*path, "scorer"), "a scorer judges for `tiers`, and this model has none"
        return
    given = {name: getattr(model.tiers, name) for name in TIERS}
    if not any(given.values()):
        yield (*path, "tiers"), "give at least one of `simple`, `medium` and `complex`"
    if model.targets:
        yield (*path, "tiers"), "a model has either `targets` or `tiers`"
    for tier, to in given.items():
        if to in tiered:
            yield (*path, "tiers", tier), "a tier is a model without tiers"


def _rule_faults(path: Path, rule: Rule, tiered: Collection[str]) -> Iterator[Fault]:
    if rule.when == When():
        yield (*path, "when"), "say at least one thing that must be true of a request"
    if not rule.targets:
        yield (*path, "targets"), "at least one target is expected"
    for index, to in enumerate(rule.targets):
        if to in tiered or to.startswith(TASK_PREFIX):
            fault = "a target is `provider/model` or a model, but no task and none with tiers"
            yield (*path, "targets", index), fault
