"""`madang studio` as a user starts it, and the studio's API as a program speaks to it."""

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

SOURCE = Path(__file__).parents[3] / "src"
STUDIO = (sys.executable, "-m", "madang", "studio")
BARE = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": "/nonexistent"}
"""An environment in which no provider's key can be found."""

KEY = "mds_of-the-tests"
PATIENCE_S = 240


class Film(NamedTuple):
    """A project with a finished drama, what its making said, and what was handed over."""

    project: Path
    drama: str
    said: str
    made: dict


class Served(NamedTuple):
    """The studio's API on a project."""

    url: str
    project: Path


def studio(*args, cwd, environ=None):
    """Run a command to its end."""
    return subprocess.run(
        [*STUDIO, *map(str, args)],
        cwd=cwd,
        env={**BARE, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@contextmanager
def serving(project):
    """The API on a free port, with a runner at work, until the block is left."""
    process = subprocess.Popen(
        [*STUDIO, "serve", "--port", "0", "--project", str(project)],
        env={**BARE, "MADANG_STUDIO_KEY": KEY, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.stdout.readline()
        found = re.search(r"(http://\S+)/studio/api", said)
        assert found, said + process.stderr.read()
        yield Served(found[1], project)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def ask(served, path, body=None, method=None, key=KEY, **headers):
    """Status, headers and body of one exchange; JSON decoded."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    given = {
        "authorization": f"Bearer {key}",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    asked = urllib.request.Request(f"{served.url}/studio/api{path}", data, given, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.headers, _body(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, _body(error)


def _body(answer):
    data = answer.read()
    return json.loads(data) if "json" in answer.headers.get("content-type", "") else data
