"""A real gateway: the program itself, as a process of its own, with a home that is thrown away."""

import json
import os
import re
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from stand.forking import Way, start

T = TypeVar("T")

ADMIN_KEY = "an-admin-key-that-nobody-may-see-again"
PROVIDER_KEYS = {
    "oa": "sk-oa-PLANTED-openai-secret",
    "an": "sk-an-PLANTED-anthropic-secret",
    "ge": "AIza-PLANTED-gemini-secret",
}
KINDS = {"oa": "openai", "an": "anthropic", "ge": "gemini"}
DIALECTS = {"chat": "oa", "messages": "an", "gemini": "ge"}
"""Each dialect, and the provider that speaks it."""

UNPACED = {"limits": "off", "concurrency": "off"}
"""For providers that no test paces: as fast as they can, and their refusals are the caller's."""

HASTE = {"connect_s": 2, "first_byte_s": 0.4, "first_token_s": 0.4, "idle_s": 0.4, "total_s": 2}


def settings(port: int, models: dict[str, Any] | None = None, **server: Any) -> dict[str, Any]:
    """A configuration of three kinds of provider at `port`.

    `hasty-…` are the same with short time-outs, `dead` is one that refuses connections.
    """
    paths = {"oa": "/v1", "an": "/v1", "ge": "/v1beta"}
    providers: dict[str, Any] = {"dead": {"kind": "openai", "base_url": "http://127.0.0.1:9/v1"}}
    for name, kind in KINDS.items():
        base_url = f"http://127.0.0.1:{port}{paths[name]}"
        providers[name] = {
            "kind": kind,
            "base_url": base_url,
            "api_key": PROVIDER_KEYS[name],
            **UNPACED,
        }
        providers[f"hasty-{name}"] = {**providers[name], "timeouts": HASTE}
    retries = {"attempts": 1}  # whatever fails here is to be seen, and at once
    return {
        "providers": providers,
        "models": models or {},
        "server": server,
        "retries": retries,
    }


class Gateway:
    """One process of `madang up`. `url` is where it serves; `log` is all that it said on stderr."""

    def __init__(
        self, home: Path, config: dict[str, Any], *arguments: str, way: Way = "forkserver"
    ) -> None:
        self.home = home
        self.config = home / "madang.yaml"
        self.url = ""
        self._arguments = arguments
        self._way = way
        self._client = httpx.Client(trust_env=False, timeout=20)
        self._log = home / "stderr.txt"
        self.configure(config)
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def configure(self, config: dict[str, Any] | str) -> None:
        """Write the configuration (JSON is YAML)."""
        self.config.write_text(config if isinstance(config, str) else json.dumps(config))

    def start(self) -> None:
        """Start it and wait until it serves."""
        command = ["up", "--home", str(self.home), "--port", "0", *map(str, self._arguments)]
        names = ("PATH", "PYTHONPATH", *(name for name in os.environ if name.startswith("AWS_")))
        kept = {name: os.environ[name] for name in names if name in os.environ}
        environ = {**kept, "MADANG_ADMIN_KEY": ADMIN_KEY}
        self._process, self._stdout = start(command, environ, self._log, self._way)
        self.url = self._announced()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """The processes that serve, where there are several."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """Everything it has logged, over all its starts."""
        return self._log.read_text()

    def kill(self) -> None:
        """End it without any warning."""
        self._process.kill()
        self._ended(10)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def stop(self) -> int:
        """Ask it to end, wait, and return its exit status."""
        if self._process.is_alive():
            self.terminate()
        return self._ended(30)

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def resident_mib(self) -> float:
        """How much memory it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def call(self, method: str, path: str, key: str = ADMIN_KEY, **more: Any) -> httpx.Response:
        """One request, by a client that knows no dialect."""
        own = {"authorization": f"Bearer {key}"} if key else {}
        headers = {**own, **more.pop("headers", {})}
        return self._client.request(method, self.url + path, headers=headers, **more)

    def make_key(self, name: str = "test", **limits: Any) -> tuple[str, str]:
        """A new key: its id and the secret."""
        made = self.call("POST", "/api/keys", json={"name": name, **limits})
        assert made.status_code == 201, made.text
        return made.json()["id"], made.json()["key"]

    def story(self, request_id: str) -> dict[str, Any]:
        """What the ledger tells of one request."""
        told = self.call("GET", f"/v1/requests/{request_id}")
        assert told.status_code == 200, told.text
        return told.json()

    def status(self) -> dict[str, Any]:
        """What the process says of itself."""
        return self.call("GET", "/api/status").json()

    def _announced(self) -> str:
        """The address from its greeting."""
        deadline = time.monotonic() + 20
        said = b""
        while time.monotonic() < deadline and self._process.is_alive():
            if select.select([self._stdout], [], [], 0.2)[0]:
                said += os.read(self._stdout.fileno(), 65536)
                if found := re.search(rb"serves on (http://[^\s]+)\n", said):
                    return found[1].decode()
        raise AssertionError(f"the gateway did not start: {said.decode()}\n{self.log}")

    def _ended(self, within_s: float) -> int:
        self._client.close()
        self._client = httpx.Client(trust_env=False, timeout=20)
        self._process.join(within_s)
        late = self._process.is_alive()
        if late:
            self._process.kill()
            self._process.join(10)
        self._stdout.close()
        assert not late, f"it did not end within {within_s:g} s"
        return self._process.exitcode


def eventually(look: Callable[[], T], within_s: float = 60.0) -> T:
    """Return the first true answer; fail with the last one after `within_s`."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {within_s} s"
        time.sleep(0.02)
    return seen
