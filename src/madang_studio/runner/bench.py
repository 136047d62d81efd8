"""What a job works with: the steps, the door they ask through, and what was charged there."""

import threading
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from madang_studio.gateway import Door
from madang_studio.model.work import Charge, Step
from madang_studio.runner.engine import steps_of


class Bench(Struct, frozen=True):
    """Steps by name; `charges` grows as they ask, also when nothing comes of it."""

    steps: Mapping[str, Step]
    charges: Sequence[Charge]


OpenBench = Callable[[Mapping[str, str], threading.Event], Bench]
"""Makes a bench for one job: with tags for the gateway's ledger, and an event that ends waiting."""


def benches_at(url: str, key: str | None) -> OpenBench:
    """Benches whose steps ask this gateway."""

    def open_bench(tags: Mapping[str, str], stop: threading.Event) -> Bench:
        door = Door(url, key, tags, stop)
        return Bench(steps_of(door), door.charges)

    return open_bench
