"""A gateway among simulated providers, for as long as a block lasts: a process and sockets as in earnest.

The providers play in a thread of this process; the gateway is `madang up` in a temporary home. Nothing of the caller's
environment reaches it that could hold a provider's key.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from madang.client import Gateway
from madang.drills import simulator
from madang.errors import InternalError
from madang.keys import make_raw

_PATIENCE_S = 10.0
_SERVES = re.compile(r"serves on (http://\S+)")
_LOG = "gateway.log"
_SHOWN_LOG_CHARS = 2_000


class SimulatedProviders:
    """Simulated providers by name. Leaving the block ends them."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulators", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event
        self.urls: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_PATIENCE_S):
            raise InternalError("The simulated providers did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_PATIENCE_S)

    def behave(self, name: str, **behaviour: object) -> None:
        """From now on, this one behaves so; see `simulator.Behaviour`."""
        Gateway(self.urls[name]).call("PUT", "/__sim", behaviour)

    def _run(self) -> None:
        asyncio.run(self._play())

    async def _play(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        running = {name: await simulator.serve() for name in self._names}
        self.urls = {name: one.url for name, one in running.items()}
        self._ready.set()
        await self._over.wait()
        for one in running.values():
            await one.close()


class RunningGateway(NamedTuple):
    """A gateway that runs: where, and its admin key."""

    url: str
    admin_key: str
    home: Path


@contextmanager
def start_gateway(configuration: Mapping[str, Any]) -> Iterator[RunningGateway]:
    """Start a gateway with this configuration on a free port; leaving the block ends it and removes its home.

    Raises InternalError, with the end of its log, when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="madang-") as folder:
        home = Path(folder)
        file = home / "madang.yaml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        with start_gateway_at(home, file, _harmless(os.environ)) as running:
            yield running


@contextmanager
def start_gateway_at(
    home: Path, config: Path | None, environ: Mapping[str, str]
) -> Iterator[RunningGateway]:
    """Start a gateway on a home, on a free port of this machine, until the block is left.

    Its admin key is made for this run, and is not kept. Raises InternalError, with the end of its log,
    when it does not start.
    """
    admin_key = make_raw()
    command = [sys.executable, "-m", "madang", "up", "--port", "0", "--home", str(home)]
    if config is not None:
        command += ["--config", str(config)]
    with tempfile.TemporaryDirectory(prefix="madang-") as folder:
        log = Path(folder) / _LOG
        with log.open("wb") as said:
            process = subprocess.Popen(  # noqa: S603 - this very program
                command,
                env={**environ, "MADANG_ADMIN_KEY": admin_key},
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        try:
            yield RunningGateway(_address(process, log), admin_key, home)
        finally:
            _end(process)


def _harmless(environ: Mapping[str, str]) -> dict[str, str]:
    """What a Python program needs to start, and no more."""
    return {
        name: value
        for name, value in environ.items()
        if name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR") or name.startswith("PYTHON")
    }


def _address(process: "subprocess.Popen[str]", log: Path) -> str:
    """Read the address that the gateway prints when it serves."""
    impatient = threading.Timer(_PATIENCE_S, process.kill)
    impatient.start()
    try:
        for line in process.stdout or ():
            if found := _SERVES.search(line):
                return found[1]
    finally:
        impatient.cancel()
    said = log.read_text(errors="replace")[-_SHOWN_LOG_CHARS:]
    raise InternalError(f"The gateway did not start. Its log ends:\n{said}")


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.communicate(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
