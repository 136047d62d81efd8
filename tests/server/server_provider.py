"""A provider under the test's control: real sockets in a thread of their own, and a script per model.

The model in a request picks the script; a model without one is answered sensibly in the format of
the path it was asked at. Everything that was asked is kept, byte for byte.
"""

import asyncio
import contextlib
import json
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

import server_answers as answers


class Asked(NamedTuple):
    """One request as it arrived. `headers` keep their order and repetitions, names in lower case."""

    kind: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    model: str
    stream: bool
    connection: int

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for given, value in self.headers if given == name]


class Visit:
    """One request being answered. `nth` counts the requests for this model, from 1."""

    def __init__(self, asked: Asked, nth: int, reader, writer) -> None:
        self.asked = asked
        self.nth = nth
        self._reader = reader
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Write each piece and let it leave."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    async def answer(self, **said: Any) -> None:
        """A good answer, whole or streamed as asked; see `answers`."""
        asked = self.asked
        if asked.path.endswith("/count_tokens"):
            await self.send(answers.http(b'{"input_tokens": 23}'))
        elif asked.stream:
            await self.send(answers.sse_head())
            for event in answers.events(asked.kind, model=asked.model, **said):
                await self.send(answers.chunk(event))
            await self.send(answers.LAST_CHUNK)
        else:
            body = answers.plain(asked.kind, model=asked.model, **said)
            await self.send(answers.http(json.dumps(body).encode()))

    async def begin(self, *texts: str) -> None:
        """The beginning of a good stream, one piece of text in each event, and no end."""
        opening = answers.opening(self.asked.kind, self.asked.model, texts)
        await self.send(answers.sse_head(), *map(answers.chunk, opening))

    async def gone(self, within_s: float = 5.0) -> float:
        """Wait until the other side has closed; return how long that took in seconds."""
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(within_s):
                while await self._reader.read(65536):
                    continue
        return time.monotonic() - began

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        socket = self._writer.get_extra_info("socket")
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """Close with FIN, after what was sent."""
        self._writer.close()


_GONE = (ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError)
Script = Callable[[Visit], Awaitable[object]]


class Provider:
    """Answers on `port`. `asked` has every request by model; `connections` counts all ever made."""

    def __init__(self) -> None:
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        self.scripts: dict[str, Script] = {}
        self.connections = 0
        self.open = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def plays(self, model: str, script: Script) -> str:
        """Answer requests for `model` by `script`; return the name."""
        assert model not in self.scripts, "one script for one model"
        self.scripts[model] = script
        return model

    def last(self, model: str) -> Asked:
        """The latest request for a model."""
        return self.asked[model][-1]

    def counts(self) -> dict[str, int]:
        """How often each model was asked; without the gateway's own looks, which name none."""
        return {model: len(asked) for model, asked in self.asked.items() if model}

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        start = asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24)
        server = self._loop.run_until_complete(start)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        server.close()
        self._loop.close()

    async def _serve(self, reader, writer) -> None:
        self.connections += 1
        self.open += 1
        number = self.connections
        try:
            with contextlib.suppress(*_GONE):
                while not writer.is_closing():
                    asked = await _read(reader, number)
                    self.asked[asked.model].append(asked)
                    script = self.scripts.get(asked.model, Visit.answer)
                    await script(Visit(asked, len(self.asked[asked.model]), reader, writer))
        finally:
            self.open -= 1
            writer.close()


async def _read(reader, connection: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    method, path, _ = first.split(" ")
    headers = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines)]
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    body = await reader.readexactly(length)
    kind = "anthropic" if "/messages" in path else "gemini" if "/models/" in path else "openai"
    if kind == "gemini":
        model, _, action = unquote(path.partition("/models/")[2]).rpartition(":")
        stream = action.startswith("stream")
    else:
        content = json.loads(body or b"{}")
        model, stream = content.get("model", ""), bool(content.get("stream"))
    return Asked(kind, method, path, headers, body, model, stream, connection)
