"""A gateway of the studio's own, for those who have none: `madang up` as a child, at home in the project.

Rule: one home and one key per project, so that what was paid under a name is found again by the next
run. A gateway that a killed run left behind is taken over, not doubled.
"""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from madang_studio.errors import StudioError, Unavailable
from madang_studio.gateway import Door
from madang_studio.graph.estimates import PriceList

_PATIENCE_S: Final = 60.0
_FAREWELL_S: Final = 15.0
_LOOK_S: Final = 0.01
_SERVES: Final = re.compile(r"serves on (http://\S+)")
_PLAYGROUND: Final = "the playground answers"
_SHOWN_LOG_CHARS: Final = 1_500
_MADANG: Final = (sys.executable, "-m", "madang")
_OTHERS: Final = frozenset({"MADANG_URL", "MADANG_KEY", "MADANG_HOME"})


class Access(Struct, frozen=True):
    """Where a gateway is, and a key for it. `playground`: it has no providers, and plays stand-ins.

    `admin`: a key that may see prices, if there is one.
    """

    url: str
    key: str | None
    playground: bool = False
    admin: str | None = None

    def prices(self) -> PriceList:
        """What the gateway asks for clips and speech; nothing for a key that may not see prices."""
        return Door(self.url, self.admin or self.key).prices(datetime.now(UTC).date())


class _Left(Struct, frozen=True):
    """What a running gateway's file says."""

    url: str
    pid: int
    playground: bool


@contextmanager
def own_gateway(
    home: Path,
    environ: Mapping[str, str] | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[Access]:
    """A gateway at home in this folder, on a free port of this machine, until the block is left.

    It uses the providers whose keys are in the environment (ours, or what is given) or in `madang.yaml`
    in its home, else the playground; whoever names its stand-ins gets them in any case. It takes a while
    to start; `meanwhile` is done then. Raises Unavailable, with the end of its log, when it does not start.
    """
    home.mkdir(parents=True, exist_ok=True)
    admin = _kept(home / "admin.key", lambda: f"mdg_{secrets.token_urlsafe(32)}")
    environ = _environ(admin, os.environ if environ is None else environ)
    key = _kept(home / "studio.key", lambda: _made_key(home, environ))
    file = home / "serving.json"
    left = _left(file, key) or _started(home, environ, meanwhile)
    file.write_bytes(msgspec.json.encode(left))
    try:
        with leaving_in_order():
            yield Access(left.url, key, left.playground, admin)
    finally:
        _end(left.pid)
        file.unlink(missing_ok=True)


def running_gateway(home: Path) -> Access | None:
    """The gateway that another process runs at home in this folder; None: there is none that answers."""
    key = home / "studio.key"
    left = _left(home / "serving.json", key.read_text().strip()) if key.exists() else None
    if left is None:
        return None
    admin = home / "admin.key"
    return Access(
        left.url, key.read_text().strip(), left.playground, admin.read_text().strip() or None
    )


@contextmanager
def leaving_in_order() -> Iterator[None]:
    """Have SIGTERM end the block as Ctrl-C does: by itself it would leave the gateway running."""
    if threading.current_thread() is not threading.main_thread():  # no other may set a handler
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _kept(file: Path, make: Callable[[], str]) -> str:
    """A key that is made once, and kept where only its owner can read it."""
    if file.exists():
        return file.read_text().strip()
    key = make()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
        target.write(key)
    return key


def _made_key(home: Path, environ: Mapping[str, str]) -> str:
    """A key of the gateway for the studio."""
    made = subprocess.run(  # noqa: S603 - this very program
        [*_MADANG, "key", "create", "--home", str(home), "--name", "studio", "--json"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Unavailable(f"No key could be made for the studio's gateway: {made.stderr.strip()}")
    return str(json.loads(made.stdout)["key"])


def _left(file: Path, key: str) -> _Left | None:
    """The gateway that a killed run left behind, if it still answers."""
    try:
        left = msgspec.json.decode(file.read_bytes(), type=_Left)
        Door(left.url, key).models()
    except (FileNotFoundError, msgspec.DecodeError, StudioError):
        return None
    return left


def _started(home: Path, environ: Mapping[str, str], meanwhile: Callable[[], None]) -> _Left:
    """Start one. What goes wrong on our side meanwhile, Ctrl-C too, does not leave it behind."""
    log, said = home / "gateway.log", home / "gateway.out"
    with log.open("wb") as errors, said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [*_MADANG, "up", "--port", "0", "--home", str(home), "--stand-ins"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for the studio, which ends it when its work has stopped
        )
    threading.Thread(target=process.wait, name="gateway", daemon=True).start()
    left = None
    try:
        meanwhile()
        left = _serving(process, said)
    finally:
        if left is None:
            _end(process.pid)
    if left is not None:
        return left
    told = f"{said.read_text(errors='replace')}{log.read_text(errors='replace')}"
    raise Unavailable(f"The studio's gateway did not start:\n{told[-_SHOWN_LOG_CHARS:]}")


def _serving(process: "subprocess.Popen[bytes]", said: Path) -> _Left | None:
    """Wait until it serves; None if it ends before that, or takes too long."""
    until = time.monotonic() + _PATIENCE_S
    while process.returncode is None and time.monotonic() < until:
        text = said.read_text(errors="replace")
        if (found := _SERVES.search(text)) and "Try it:" in text:
            said.unlink()
            return _Left(found[1], process.pid, _PLAYGROUND in text)
        time.sleep(_LOOK_S)
    return None


def _environ(admin: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Without what would send the commands to another gateway; with its admin key, so that none is shown."""
    ours = {name: value for name, value in environ.items() if name not in _OTHERS}
    return {**ours, "PYTHONUNBUFFERED": "1", "MADANG_ADMIN_KEY": admin}


def _end(pid: int) -> None:
    """Ask it to end, wait, and insist."""
    until = time.monotonic() + _FAREWELL_S
    kind = signal.SIGTERM
    try:
        os.kill(pid, kind)
        while time.monotonic() < until:
            time.sleep(_LOOK_S)
            os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
