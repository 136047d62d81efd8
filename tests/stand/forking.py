"""`madang` in a process of its own, forked from one that has imported it: a start costs a quarter.

The command, its environment, its files and its signals are as ever; only the interpreter's start and the imports
are shared. Where the start itself is judged, it is the command line that users type (tests/cli).
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

from madang.cli import main

Way = Literal["forkserver", "spawn"]


def start(
    arguments: Sequence[str], environ: Mapping[str, str], log: Path, way: Way = "forkserver"
) -> tuple[BaseProcess, Connection]:
    """Run a command; its process, and what it says on stdout. What it says on stderr is added to `log`.

    `spawn` gives it an interpreter of its own, for which what is now in our own environment holds from the beginning.
    """
    context = multiprocessing.get_context(way)
    if way == "forkserver":
        _prepare()
    said, stdout = context.Pipe(duplex=False)
    with stdout:
        given = (arguments, environ, stdout, log)
        process = context.Process(target=_run, args=given, daemon=True)
        process.start()
    return process, said


@cache
def _prepare() -> None:
    """Begin the process that others are forked from; it finds the same modules as this one."""
    multiprocessing.set_forkserver_preload(["stand.warm"])
    before = dict(os.environ)
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _run(arguments: Sequence[str], environ: Mapping[str, str], stdout: Connection, log: Path):
    os.dup2(stdout.fileno(), sys.stdout.fileno())
    stdout.close()
    with log.open("ab") as stderr:
        os.dup2(stderr.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environ)
    main(list(arguments))
