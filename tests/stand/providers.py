"""A provider of set answers on a real socket, and the official clients that ask it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from anthropic import AsyncAnthropic
from google import genai
from openai import AsyncOpenAI


class Reply(NamedTuple):
    """What a provider answers; each of `pieces` is written to the socket on its own."""

    pieces: list[bytes]
    status: int = 200
    kind: str = "application/json"


class Asked(NamedTuple):
    """A request as the provider got it."""

    path: str
    body: bytes


class Provider(NamedTuple):
    """Where it is, and what it was asked so far."""

    url: str
    asked: list[Asked]


def whole(body: bytes, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply([body], status)


def stream(body: bytes, piece: int = 0) -> Reply:
    """Server-sent events, in pieces of so many bytes where given."""
    step = piece or len(body) or 1
    return Reply([body[at : at + step] for at in range(0, len(body), step)], 200, _EVENTS)


def streamed(pieces: list[bytes]) -> Reply:
    """Server-sent events that are written as they are cut here."""
    return Reply(pieces, 200, _EVENTS)


_EVENTS = "text/event-stream"


@asynccontextmanager
async def answering(*replies: Reply) -> AsyncIterator[Provider]:
    """A provider that gives these replies, one to each request; the last one to all that follow."""
    connections: set[asyncio.StreamWriter] = set()
    asked: list[Asked] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
        body = await reader.readexactly(int(length or 0))
        reply = replies[min(len(asked), len(replies) - 1)]
        asked.append(Asked(head.split(" ")[1], body))
        size = sum(map(len, reply.pieces))
        writer.write(f"HTTP/1.1 {reply.status} X\r\ncontent-type: {reply.kind}\r\n".encode())
        writer.write(f"content-length: {size}\r\nconnection: close\r\n\r\n".encode())
        for piece in reply.pieces:
            writer.write(piece)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Provider(f"http://127.0.0.1:{port}", asked)
    finally:
        server.close()
        for writer in connections:
            writer.close()
        await server.wait_closed()


@asynccontextmanager
async def openai_client(reply: Reply) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's client, whose every request gets this reply."""
    async with (
        answering(reply) as provider,
        AsyncOpenAI(api_key="k", base_url=provider.url, max_retries=0) as client,
    ):
        yield client


@asynccontextmanager
async def anthropic_client(reply: Reply) -> AsyncIterator[AsyncAnthropic]:
    """Anthropic's client, whose every request gets this reply."""
    async with (
        answering(reply) as provider,
        AsyncAnthropic(api_key="k", base_url=provider.url, max_retries=0) as client,
    ):
        yield client


@asynccontextmanager
async def gemini_client(*replies: Reply) -> AsyncIterator[tuple[genai.Client, list[Asked]]]:
    """Google's client, whose requests get these replies, and what it asked."""
    async with answering(*replies) as provider:
        options = genai.types.HttpOptions(base_url=provider.url)
        client = genai.Client(api_key="k", http_options=options)
        try:
            yield client, provider.asked
        finally:
            await client.aio.aclose()
