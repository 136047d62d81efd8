"""What operations on canaries and on cut-overs share: trials that are listed, shown, begun, and acted on by a word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import msgspec

from madang.pipeline.trial.view import CanaryShown, CanaryStory, Desk
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime
from madang.state.store import Store

W = TypeVar("W", bound=msgspec.Struct)
A = TypeVar("A")
Said = tuple[str, str]
"""The name and the summary of an operation."""


@dataclass(frozen=True)
class Trials(Generic[W, A]):
    """Trials of one kind under one path.

    `takes` is what begins one; `check` raises InvalidRequest or UnknownModel where that cannot be.
    `said` of listing, showing and beginning; `acts`: what can be done to one, the last part of its path.
    """

    path: str
    desk: Callable[[Store], Desk[W, A]]
    takes: type[W]
    check: Callable[[Runtime, W], None]
    said: tuple[Said, Said, Said]
    acts: Mapping[A, Said]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The rows of the administration's table."""
        path, one = self.path, f"{self.path}/{{id}}"
        listed, shown, begun = self.said
        signed = partial(Operation, signed=True)
        return (
            Operation("GET", path, self._list, list[CanaryShown], said=listed),
            signed("POST", path, self._begin, CanaryShown, self.takes, 201, said=begun),
            Operation("GET", one, self._show, CanaryStory, said=shown),
            *(
                signed("POST", f"{one}/{act}", partial(self._act, act), CanaryShown, said=said)
                for act, said in self.acts.items()
            ),
        )

    def _list(self, runtime: Runtime, _: str, __: None) -> list[CanaryShown]:
        return self.desk(runtime.store).list()

    def _show(self, runtime: Runtime, name: str, _: None) -> CanaryStory:
        return self.desk(runtime.store).story(name)

    def _begin(self, runtime: Runtime, _: str, wanted: W, by: str) -> CanaryShown:
        self.check(runtime, wanted)
        return self.desk(runtime.store).start(wanted, by)

    def _act(self, act: A, runtime: Runtime, name: str, _: None, by: str) -> CanaryShown:
        return self.desk(runtime.store).act(name, act, by)
