"""The engine behind the queues, read when it is wanted: importing DBOS takes a third of a second.

So a command that runs nothing does without it, and one that does reads it while its gateway starts.
"""

import gc
import importlib
from pathlib import Path
from typing import Final

from madang_studio.runner.port import Queues

_MODULE: Final = "madang_studio.runner.durable"


def read() -> None:
    """Import it now, so that `engine` takes no time later.

    What is defined by then lives as long as the process, and is kept out of every later search for
    garbage: the one at the end alone took a tenth of a second.
    """
    importlib.import_module(_MODULE)
    gc.freeze()


def engine(root: Path) -> Queues:
    """DBOS's queues for the project in this folder."""
    queues: Queues = importlib.import_module(_MODULE).DurableQueues(root)
    return queues
