"""The gateways that are measured, one row each: how to install, configure, start and address them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.upstream import nginx_proxy

CACHE = Path(os.environ.get("MADANG_BENCH_CACHE", Path.home() / ".cache" / "madang-bench"))
ADMIN_KEY = "mdg_bench_admin_key_0123456789abcdefghijklmnop"
LITELLM_KEY = "sk-bench-0123456789abcdefghijklmnopqrstuvwxyz"


class NotInstallable(Exception):
    """A peer could not be installed; the message says why."""


class NotStarted(Exception):
    """A peer was installed and does not answer; the message says why."""


@dataclass(frozen=True)
class Site:
    """Where one run keeps its files, and where its upstreams are."""

    folder: Path
    whole_port: int
    streaming_port: int


@dataclass(frozen=True)
class Peer:
    """One gateway. `paths` maps a cell to the path that serves it; a cell that is missing is not offered.

    `routed_model` is one with all of routing switched on (None: not measured).

    `books` is a path that answers when everything served so far is entered (None: nothing is).
    """

    name: str
    install: Callable[[], str]
    command: Callable[[Site, int], list[str]]
    headers: Callable[[Site, bool], dict[str, str]]
    paths: dict[str, str]
    environ: dict[str, str] = field(default_factory=dict)
    start_timeout_s: float = 90.0
    model: str = "gpt-4.1"
    stream_model: str = "gpt-4.1"
    routed_model: str | None = None
    installed: Callable[[], tuple[int | None, float | None]] = lambda: (None, None)
    books: str | None = None


def _run(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstallable(f"{' '.join(command[:4])} …: {(done.stderr or done.stdout)[-400:]}")


def _size_mb(folder: Path) -> float:
    total = sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())
    return round(total / 1_000_000, 1)


# --- Madang ------------------------------------------------------------------------------------------------------


def _madang_version() -> str:
    from madang import __version__  # noqa: PLC0415 - the bench also runs where only a peer is installed

    return __version__


def madang_config(site: Site, models: int = 0) -> str:
    """Madang's configuration: providers of the same wire format, one for streams, asked as fast as can be.

    `routed` has all that may decide where a request goes: latency, a fallback and a canary.
    """
    fast = "api_key: sk-bench, limits: off, concurrency: off"
    lines = [
        "providers:",
        f"  openai: {{{fast}, base_url: 'http://127.0.0.1:{site.whole_port}/v1'}}",
        f"  streams: {{{fast}, kind: openai, base_url: 'http://127.0.0.1:{site.streaming_port}/v1'}}",
        f"  second: {{{fast}, kind: openai, base_url: 'http://127.0.0.1:{site.whole_port}/v1'}}",
        "canaries: {next: {model: routed, to: openai/gpt-4o, percent: 5}}",
        "models:",
        "  streamed: {targets: [streams/gpt-4.1]}",
        "  routed:",
        "    targets: [openai/gpt-4.1, second/gpt-4.1]",
        "    pick: latency",
        "    fallback: [gpt-4o]",
    ]
    lines += [f"  model-{n}: {{targets: [openai/gpt-4.1]}}" for n in range(models)]
    return "\n".join(lines) + "\n"


def _madang(site: Site, port: int) -> list[str]:
    config = site.folder / "madang.yaml"
    if not config.exists():
        config.write_text(madang_config(site))
    home = site.folder / "madang-home"
    return [
        str(Path(sys.executable).parent / "madang"),
        *("up", "--config", str(config), "--home", str(home), "--port", str(port)),
    ]


def _bearer(_: Site, __: bool) -> dict[str, str]:
    return {"authorization": f"Bearer {ADMIN_KEY}", "content-type": "application/json"}


# --- nginx -------------------------------------------------------------------------------------------------------


def _nginx_version() -> str:
    if not shutil.which("nginx"):
        raise NotInstallable("nginx is not on the PATH (Debian: apt-get install nginx-light)")
    shown = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True)
    return shown.stderr.strip().rpartition("/")[2]


def _nginx(site: Site, port: int) -> list[str]:
    config = site.folder / "proxy.conf"
    config.write_text(nginx_proxy(port, site.whole_port, site.streaming_port, site.folder))
    return ["nginx", "-c", str(config), "-e", str(site.folder / "nginx.err")]


# --- LiteLLM -----------------------------------------------------------------------------------------------------

_LITELLM = CACHE / "litellm"


def _litellm_version() -> str:
    python = _LITELLM / "bin" / "python"
    if not (_LITELLM / "bin" / "litellm").exists():
        _run([sys.executable, "-m", "venv", str(_LITELLM)])
        _run([str(python), "-m", "pip", "install", "-q", "litellm[proxy]"])
    code = "from importlib.metadata import version; print(version('litellm'))"
    shown = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return shown.stdout.strip()


def _litellm(site: Site, port: int) -> list[str]:
    def row(name: str, base: int) -> dict:
        params = {
            "model": "openai/gpt-4.1",
            "api_base": f"http://127.0.0.1:{base}/v1",
            "api_key": "sk-bench",
        }
        return {"model_name": name, "litellm_params": params}

    rows = [row("gpt-4.1", site.whole_port), row("streamed", site.streaming_port)]
    config = site.folder / "litellm.yaml"
    config.write_text(json.dumps({"model_list": rows}))
    return [
        str(_LITELLM / "bin" / "litellm"),
        *("--config", str(config), "--host", "127.0.0.1", "--port", str(port)),
        *("--num_workers", "1", "--telemetry", "False"),
    ]


def _litellm_headers(_: Site, __: bool) -> dict[str, str]:
    return {"authorization": f"Bearer {LITELLM_KEY}", "content-type": "application/json"}


def _litellm_size() -> tuple[int | None, float | None]:
    packages = list((_LITELLM / "lib").glob("python*/site-packages"))
    if not packages:
        return None, None
    return len(list(packages[0].glob("*.dist-info"))), _size_mb(packages[0])


# --- Portkey -----------------------------------------------------------------------------------------------------

_PORTKEY = CACHE / "portkey"


def _portkey_version() -> str:
    package = _PORTKEY / "node_modules" / "@portkey-ai" / "gateway" / "package.json"
    if not package.exists():
        if not shutil.which("npm"):
            raise NotInstallable("npm is not on the PATH")
        _PORTKEY.mkdir(parents=True, exist_ok=True)
        _run(["npm", "init", "-y"], _PORTKEY)
        _run(["npm", "install", "--silent", "@portkey-ai/gateway"], _PORTKEY)
    return json.loads(package.read_text())["version"]


def _portkey(_: Site, port: int) -> list[str]:
    server = _PORTKEY / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    return ["node", str(server), f"--port={port}", "--headless"]


def _portkey_headers(site: Site, streaming: bool) -> dict[str, str]:
    port = site.streaming_port if streaming else site.whole_port
    return {
        "authorization": "Bearer sk-bench",
        "content-type": "application/json",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{port}/v1",
    }


def _portkey_size() -> tuple[int | None, float | None]:
    modules = _PORTKEY / "node_modules"
    if not modules.exists():
        return None, None
    return len(list(modules.rglob("package.json"))), _size_mb(modules)


def _madang_size() -> tuple[int | None, float | None]:
    lock = Path(__file__).parent.parent / "requirements" / "run.lock"
    names = [line for line in lock.read_text().splitlines() if "==" in line]
    return len(names) + 1, None


_CHAT = "/v1/chat/completions"
PEERS = (
    Peer(
        "madang",
        _madang_version,
        _madang,
        _bearer,
        {"whole": _CHAT, "stream": _CHAT, "translated": "/v1/messages"},
        environ={"MADANG_ADMIN_KEY": ADMIN_KEY},
        stream_model="streamed",
        routed_model="routed",
        installed=_madang_size,
        books="/v1/usage/current-month",
    ),
    Peer(
        "nginx",
        _nginx_version,
        _nginx,
        _bearer,
        {"whole": _CHAT, "stream": "/streams/v1/chat/completions"},
    ),
    Peer(
        "litellm",
        _litellm_version,
        _litellm,
        _litellm_headers,
        {"whole": _CHAT, "stream": _CHAT, "translated": "/v1/messages"},
        environ={
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
            "LITELLM_MASTER_KEY": LITELLM_KEY,
            "LITELLM_MODE": "PRODUCTION",
        },
        stream_model="streamed",
        installed=_litellm_size,
    ),
    Peer(
        "portkey",
        _portkey_version,
        _portkey,
        _portkey_headers,
        {"whole": _CHAT, "stream": _CHAT},
        environ={"NODE_ENV": "production"},
        installed=_portkey_size,
    ),
)
