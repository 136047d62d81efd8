"""Requests that may be answered without asking: the same, several times, one after the other or at once."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
from server_sockets import asking

T = TypeVar("T")


def ask(gateway, key: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    """One chat request on a connection of its own."""
    own = {"authorization": f"Bearer {key}"}
    own |= {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(trust_env=False, timeout=20) as client:
        return client.post(f"{gateway.url}/v1/chat/completions", json=body, headers=own)


def settled(model: str, **more: Any) -> dict[str, Any]:
    """A small request that leaves nothing to chance."""
    return asking(model, temperature=0, **more)


def at_once(many: int, action: Callable[[], T]) -> list[T]:
    """Do the same so many times at once; return what came of each."""
    with ThreadPoolExecutor(many) as pool:
        return [future.result() for future in [pool.submit(action) for _ in range(many)]]


def told(answer: httpx.Response) -> tuple[int, str | None, bytes]:
    """What matters of an answer: its status, what the cache did, and the body."""
    return answer.status_code, answer.headers.get("x-madang-cache"), answer.content


def rows(gateway, model: str) -> list[dict[str, Any]]:
    """The attempts at a model, as the ledger has them once it has caught up."""
    gateway.call("GET", "/v1/usage/current-month")
    with sqlite3.connect(f"file:{gateway.home}/madang.db?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM attempts WHERE model = ?", (model,))
        return [dict(row) for row in found]
