"""`madang` as a user starts it: a process of its own, spoken to by the standard library."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[2] / "src"
MADANG = (sys.executable, "-m", "madang")
BARE = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(SOURCE),
    "PYTHONWARNINGS": "error",
    "HOME": "/nonexistent",
}
"""An environment in which no provider's key can be found."""

_LAST_LINE = re.compile(r"^    -d ")
_ADDRESS = re.compile(r"serves on (http://\S+)")
_KEY = re.compile(r"mdg_[A-Za-z0-9_-]{43}")


class Up(NamedTuple):
    """A gateway that serves, and what it said at its start."""

    process: subprocess.Popen
    said: str
    home: Path

    @property
    def url(self):
        """Where it serves."""
        return _ADDRESS.search(self.said)[1]

    @property
    def key(self):
        """The key that it showed."""
        return _KEY.search(self.said)[0]


def run(*args, environ=None, **given):
    """Run a command to its end."""
    return subprocess.run(
        [*MADANG, *map(str, args)],
        env={**BARE, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **given,
    )


def starting(home, *args, environ=None, **given):
    """A gateway on a free port, from its first moment."""
    return subprocess.Popen(
        [*MADANG, "up", "--home", str(home), "--port", "0", *map(str, args)],
        env={**BARE, **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **given,
    )


@contextmanager
def up(home, *args, environ=None, **given):
    """A gateway on a free port, until the block is left."""
    process = starting(home, *args, environ=environ, **given)
    try:
        yield Up(process, _welcome(process), home)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _welcome(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if _LAST_LINE.match(line):
            return "".join(lines)
    raise AssertionError(f"it did not start: {''.join(lines)}{process.stderr.read()}")


def http(url, key=None, body=None, method=None):
    """Status, headers and decoded body of one exchange."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.load(error)


def ask(gateway, key, text="Hello!", model="gpt-4.1"):
    """One question in Chat Completions."""
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return http(f"{gateway.url}/v1/chat/completions", key, body)
