"""What leads requests of one name to different targets, as records: tasks, tiers, rules, and which regions are near."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from madang.config.problems import Fault, Path

Preference = Literal["quality", "speed", "cost"]
Name = Annotated[str, Meta(min_length=1, max_length=256)]

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


def task_faults(tasks: Mapping[str, Task], tiered: Collection[str]) -> Iterator[Fault]:
    """What is wrong with tasks of the right shape; `tiered` are the models with tiers."""
    for name, task in tasks.items():
        yield from _task_faults(("tasks", name), name, task, tiered)


def _task_faults(path: Path, name: str, task: Task, tiered: Collection[str]) -> Iterator[Fault]:
    if not _WORD.fullmatch(name):
        yield path, "a task's name is up to 64 letters, digits, `.`, `_`, `-`"
    if not task.candidates:
        yield (*path, "candidates"), "at least one candidate is expected"
    for index, candidate in enumerate(task.candidates):
        if candidate.startswith(TASK_PREFIX) or candidate in tiered:
            fault = "a candidate is `provider/model` or a model, but no task and none with tiers"
            yield (*path, "candidates", index), fault
