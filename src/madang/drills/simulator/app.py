"""The simulator as an ASGI application: routes, keys, behaviour, and the life of one request.

receive → route → key → behaviour → play (read, answer) → pause → send → book
"""

import re
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from madang.drills.simulator.book import Book, Charge, Seen
from madang.drills.simulator.checks import check_key
from madang.drills.simulator.control import PREFIX, control
from madang.drills.simulator.delivery import (
    BodyTooLarge,
    Client,
    ClientLeft,
    Flow,
    Message,
    Progress,
    Receive,
    Send,
    before,
    send_answer,
    send_flow,
    send_whole,
)
from madang.drills.simulator.faults import Behaviour, Conduct
from madang.drills.simulator.media.side import MediaSide
from madang.drills.simulator.records import Refused
from madang.drills.simulator.stage import (
    Play,
    Played,
    Stage,
    count_gemini,
    count_messages,
    embed_gemini,
    embed_openai,
    list_models,
    model_of,
    refusal,
    report,
)
from madang.drills.simulator.wires.anthropic.answer import WIRE as MESSAGES
from madang.drills.simulator.wires.contract import Asked, Caller, Wire
from madang.drills.simulator.wires.gemini.answer import WIRE as GEMINI
from madang.drills.simulator.wires.openai_chat.answer import WIRE as CHAT

_GEMINI_PATH = re.compile(r"/models/(?P<model>[^:]+):(?P<method>\w+)$")
_MODELS_PATH = re.compile(r"/models(?:/(?P<model>.+))?$")
_REPORT_PATH = re.compile(
    r"/organizations?/(?P<what>usage/completions|usage/embeddings|costs|usage_report/messages|cost_report)$"
)
_KEPT_OF_MEDIA = 65_536  # bytes of a body: pictures would fill the memory
_KEY_HEADERS = (b"x-api-key", b"x-goog-api-key", b"api-key")


class Route(NamedTuple):
    """Where a request goes: its wire, what plays it (None: nothing does), and what its path says."""

    wire: Wire
    play: Play | None
    method: str = "POST"
    model: str = ""
    verb: str = ""


class Simulator:
    """One simulated provider behind all wire formats. Any base path works: routes are told by the end of the path."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self.conduct = Conduct([behaviour], seed)
        self.book = Book()
        self.media = MediaSide(self.conduct, seed)
        self._stage = Stage(seed)
        generate = self._stage.generate
        self._posts: tuple[tuple[str, Wire, Play], ...] = (
            ("/chat/completions", CHAT, generate(CHAT)),
            ("/messages", MESSAGES, generate(MESSAGES)),
            ("/responses", self._stage.responses, generate(self._stage.responses)),
            ("/messages/count_tokens", MESSAGES, count_messages),
            ("/embeddings", CHAT, embed_openai),
        )
        self._verbs: dict[str, Play] = {
            "generateContent": generate(GEMINI),
            "streamGenerateContent": generate(GEMINI),
            "countTokens": count_gemini,
            "embedContent": embed_gemini,
            "batchEmbedContents": embed_gemini,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's lifespan messages."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            client = Client(scope, receive, send)
            try:
                await self._serve(scope, client)
            finally:
                client.close()

    async def _serve(self, scope: Message, client: Client) -> None:
        try:
            body = await client.body()
        except ClientLeft:
            return
        except BodyTooLarge:
            wire = self._route(scope, dict(scope["headers"])).wire
            await _refuse(client, wire, Refused("too_large"), Caller())
            return
        if scope["path"].startswith(PREFIX):
            status, told = control(scope["method"], scope["path"], body, self)
            await send_answer(client, status, [(b"content-type", b"application/json")], told)
        else:
            await self._witness(scope, client, body)

    async def _witness(self, scope: Message, client: Client, body: bytes) -> None:
        """Keep what was seen, and perform."""
        place = self.media.place(scope["method"], scope["path"])
        seen = Seen(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            headers=scope["headers"],
            body=body if place is None else body[:_KEPT_OF_MEDIA],
            body_bytes=len(body),
            at_s=time.time(),
        )
        self.book.saw(seen)
        try:
            if place is None:
                await self._perform(scope, client, body, seen)
            else:
                await self.media.perform(scope, client, body, seen, place)
        except ClientLeft:
            seen.closed_early = True

    def _route(self, scope: Message, headers: Mapping[bytes, bytes]) -> Route:
        path: str = scope["path"]
        if found := _GEMINI_PATH.search(path):
            verb = found["method"]
            return Route(GEMINI, self._verbs.get(verb), "POST", found["model"], verb)
        if found := _REPORT_PATH.search(path):
            wire = MESSAGES if "report" in found["what"] else CHAT
            return Route(wire, report(wire, self.book, found["what"]), "GET")
        for end, wire, play in self._posts:
            if path.endswith(end):
                return Route(wire, play)
        wire = _wire_shown(path, headers)
        if found := _MODELS_PATH.search(path):
            return Route(wire, list_models(wire), "GET", found["model"] or "")
        return Route(wire, None)

    async def _perform(self, scope: Message, client: Client, body: bytes, seen: Seen) -> None:
        headers = dict(scope["headers"])
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        route = self._route(scope, headers)
        key = self._stage.next_key()
        caller = Caller(route.model or model_of(body), _api_key(headers, query), key)
        asked = Asked(body, query, headers, route.model, route.verb)
        behaviour = Behaviour()
        try:
            _check_route(route, scope["method"], scope["path"])
            check_key(caller.api_key)
            behaviour = self.conduct.decide(caller.model, headers)
            seen.fault = behaviour.fault
            await before(client, behaviour)
            played = _play(route, asked, key)
            _check_streams(played, behaviour)
        except Refused as refused:
            seen.status = await _refuse(client, route.wire, _patient(refused, behaviour), caller)
            return
        seen.status = 200
        if behaviour.fault == "refuse":
            seen.status = None
            await client.drop()
        elif behaviour.fault == "empty":
            await send_answer(client, 200, played.answer.headers, b"")
        else:
            await self._deliver(client, played, behaviour)

    async def _deliver(self, client: Client, played: Played, behaviour: Behaviour) -> None:
        """Send the answer and book what went out of it, also where the client leaves in the middle."""
        progress = Progress()
        try:
            if isinstance(played.answer, Flow):
                await send_flow(client, played.answer, behaviour, progress)
            else:
                await send_whole(client, played.answer, behaviour, progress)
        finally:
            if played.charge is not None and progress.started:
                self.book.charge(_charged(played.charge, progress))


def _wire_shown(path: str, headers: Mapping[bytes, bytes]) -> Wire:
    """The wire of a path that several have, by what the client sends. Google's client asks below /v1 as well."""
    if b"anthropic-version" in headers:
        return MESSAGES
    if b"x-goog-api-key" in headers or ("/v1beta" in path and "/openai" not in path):
        return GEMINI
    return CHAT


def _charged(charge: Charge, progress: Progress) -> Charge:
    """The charge for what was sent: all of the input, and the output so far."""
    if progress.complete:
        charge.complete = True
    else:
        charge.usage = charge.usage.after(progress.tokens)
    return charge


def _play(route: Route, asked: Asked, key: str) -> Played:
    if route.play is None:
        raise Refused("not_found")
    try:
        return route.play(asked, key, time.time())
    except RecursionError as error:
        raise Refused("invalid", "The request is nested too deeply.") from error


def _check_streams(played: Played, behaviour: Behaviour) -> None:
    """An error event needs a stream; a whole answer becomes a plain error."""
    if behaviour.fault == "stream_error" and not isinstance(played.answer, Flow):
        raise Refused("server")


def _check_route(route: Route, method: str, path: str) -> None:
    if route.play is None:
        raise Refused("not_found", f"Invalid URL ({method} {path})")
    if method != route.method:
        raise Refused("method")


def _api_key(headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str:
    bearer = headers.get(b"authorization", b"")
    if bearer[:7].lower() == b"bearer ":
        return bearer[7:].strip().decode("latin-1")
    given = next((headers[name] for name in _KEY_HEADERS if name in headers), b"")
    return given.decode("latin-1") or query.get("key", "")


def _patient(refused: Refused, behaviour: Behaviour) -> Refused:
    """Let refusals that a wait may heal say when to come back."""
    if refused.kind in {"rate_limit", "overloaded"}:
        refused.retry_after_s = behaviour.retry_after_s
    return refused


async def _refuse(client: Client, wire: Wire, refused: Refused, caller: Caller) -> int:
    status, headers, body = refusal(wire, refused, caller, time.time())
    await send_answer(client, status, headers, body)
    return status


async def _lifespan(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
