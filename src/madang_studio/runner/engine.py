"""What a runner needs and what takes long to read, read when it is wanted: DBOS, and all that makes things.

Importing it takes half a second. A command that runs nothing does without it, and one that does reads it
while its gateway starts.
"""

import gc
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from madang_studio.gateway import Door
from madang_studio.model.work import Step
from madang_studio.runner.port import Queues

_QUEUES: Final = "madang_studio.runner.durable"
_STEPS: Final = "madang_studio.graph.wiring"


def read() -> None:
    """Import it now, so that it takes no time later.

    What is defined by then lives as long as the process, and is kept out of every later search for
    garbage: the one at the end alone took a tenth of a second.
    """
    importlib.import_module(_QUEUES)
    importlib.import_module(_STEPS)
    gc.freeze()


def engine(root: Path) -> Queues:
    """DBOS's queues for the project in this folder."""
    queues: Queues = importlib.import_module(_QUEUES).DurableQueues(root)
    return queues


def steps_of(door: Door) -> Mapping[str, Step]:
    """Every step by its name, with what it asks going through this door."""
    steps: Mapping[str, Step] = importlib.import_module(_STEPS).steps_of(door)
    return steps
