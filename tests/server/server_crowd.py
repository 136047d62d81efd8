"""A thousand callers at once: small, and as rude as they are told to be."""

import asyncio
import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any, Self

import httpx


class Vendor:
    """The simulator in a process of its own; `book` is what it says that it charged."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "madang", "sim", "--port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        said, deadline = b"", time.monotonic() + 20
        while not (found := re.search(rb"serves on (http://\S+);", said)):
            assert time.monotonic() < deadline, said
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                said += os.read(self._process.stdout.fileno(), 65536)
        self.url = found[1].decode()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        self._process.stdout.close()

    def behaves(self, *rows: dict[str, Any]) -> None:
        """Put these rows in force, and begin a new book."""
        with httpx.Client(trust_env=False, base_url=self.url) as client:
            assert client.put("/__sim", json=list(rows)).status_code == 200
            client.delete("/__sim/charges")

    def hurries(self) -> None:
        """Answer at once, and without faults."""
        with httpx.Client(trust_env=False, base_url=self.url) as client:
            assert client.put("/__sim", json={}).status_code == 200

    @property
    def book(self) -> list[dict[str, Any]]:
        """Every charge, oldest first."""
        with httpx.Client(trust_env=False, base_url=self.url, timeout=20) as client:
            return client.get("/__sim/charges").json()["charges"]


async def ask(
    port: int, key: str, body: dict[str, Any], *, leave_after: int = 0
) -> tuple[int, bytes]:
    """One request on a connection of its own: status and what came. `leave_after`: hang up after so many bytes."""
    content = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n"
        f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    try:
        writer.write(head.encode() + content)
        while piece := await reader.read(65536):
            heard += piece
            if leave_after and len(heard) >= leave_after:
                writer.transport.abort()
                break
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return int(heard[9:12]) if heard else 0, heard


async def insist(port: int, key: str, body: dict[str, Any], **manners: Any) -> int:
    """Ask until there is something else than 429, as official clients do; return the status."""
    while True:
        status, _ = await ask(port, key, body, **manners)
        if status != 429:
            return status
        await asyncio.sleep(0.25)


def crowd(
    port: int, key: str, requests: list[tuple[dict[str, Any], int]], at_once: int
) -> Counter[int]:
    """All requests, so many at once; how often each status came. Each is a body and after how many bytes to leave."""

    async def everybody() -> Counter[int]:
        room = asyncio.Semaphore(at_once)

        async def one(body: dict[str, Any], leave_after: int) -> int:
            async with room:
                return await insist(port, key, body, leave_after=leave_after)

        return Counter(await asyncio.gather(*(one(*request) for request in requests)))

    return asyncio.run(everybody())
