"""The build: what is made of what. A node is one artefact to be; a step says how it is made.

Rule: an artefact depends on nothing but what its node names: the step and its version, its
parameters, and the contents of its inputs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from msgspec import Struct

Kind = Literal["script", "scenes", "render", "audio", "export"]
"""The five kinds of durable job (S9): each has a queue of its own."""


class Node(Struct, frozen=True, kw_only=True):
    """One artefact that a drama needs: `key` is its place (`shot/1.2/clip`), `inputs` the places it is made of.

    `params` is plain JSON: text, prompt template version, model, seed, sizes. `paid`: making it may
    cost money.
    """

    key: str
    step: str
    kind: Kind
    inputs: tuple[str, ...] = ()
    params: Mapping[str, Any] = {}
    paid: bool = False


class Made(Struct, frozen=True, kw_only=True):
    """An artefact: its files by name, in the folder where it is, and what is known of it.

    `facts` is plain JSON (durations in ms, sizes, timings). `cost_nusd` is what making it cost;
    `requests` are the gateway's ids of the requests that were paid for.
    """

    folder: Path
    files: Mapping[str, str] = {}
    facts: Mapping[str, Any] = {}
    cost_nusd: int = 0
    requests: tuple[str, ...] = ()

    def path(self, name: str) -> Path:
        """Where a file is. Raises KeyError."""
        return self.folder / self.files[name]


class Task(Struct, frozen=True, kw_only=True):
    """A node that is being made: what it is made of, by place, and an empty folder to make it in.

    `name` is the same whenever this very content is made again, after a crash too: it goes to the
    gateway as Idempotency-Key, so that nothing is paid twice.
    """

    node: Node
    inputs: Mapping[str, Made]
    folder: Path
    name: str


class Charge(Struct, frozen=True):
    """A request that may have cost something, under the name it was sent with.

    `cost_nusd` None: the gateway knows no price. What a name cost is paid once, however often it was sent.
    """

    name: str
    request: str
    cost_nusd: int | None


class Step(Protocol):
    """How artefacts of one sort are made. Raises a StudioError that says what to do."""

    def __call__(self, task: Task) -> Made:
        """Make it, in `task.folder`."""


class Estimate(Struct, frozen=True):
    """What making something would cost, before it is made."""

    nusd: int
    seconds: float
