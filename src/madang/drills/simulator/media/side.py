"""The media side of the simulator: which provider a path belongs to, and the life of one request there.

route → key → behaviour → is the provider open? → act → the trap of a lost answer → send
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import parse_qsl

from madang.drills.simulator.book import Seen
from madang.drills.simulator.checks import check_key
from madang.drills.simulator.delivery import (
    Client,
    Flow,
    Message,
    Progress,
    Whole,
    before,
    send_answer,
    send_flow,
    send_whole,
)
from madang.drills.simulator.faults import Behaviour, Conduct
from madang.drills.simulator.media.book import MediaBook
from madang.drills.simulator.media.contract import Endpoint, Provider
from madang.drills.simulator.media.desk import Desk, Means
from madang.drills.simulator.media.hooks import Postman
from madang.drills.simulator.media.profile import Profile
from madang.drills.simulator.media.providers import files
from madang.drills.simulator.media.providers.elevenlabs import ELEVENLABS
from madang.drills.simulator.media.providers.fal import FAL
from madang.drills.simulator.media.providers.gemini import GEMINI
from madang.drills.simulator.media.providers.kling import KLING
from madang.drills.simulator.media.providers.openai_audio import AUDIO
from madang.drills.simulator.media.providers.openai_images import IMAGES
from madang.drills.simulator.media.providers.openai_videos import VIDEOS
from madang.drills.simulator.media.providers.runway import RUNWAY
from madang.drills.simulator.media.providers.seedance import SEEDANCE
from madang.drills.simulator.media.providers.stability import STABILITY, STABILITY_FILM
from madang.drills.simulator.media.providers.veo import GEMINI_VEO, VERTEX
from madang.drills.simulator.media.records import Ask, Reply, bearer
from madang.drills.simulator.media.traps import Trap, Traps
from madang.drills.simulator.media.workshop import Workshop
from madang.drills.simulator.records import Json, Refused

# Kling's paths look like one of OpenAI's videos, so it stands before
_PROVIDERS: tuple[Provider, ...] = (
    *(FAL, KLING, RUNWAY, VERTEX, GEMINI_VEO, GEMINI, SEEDANCE, STABILITY, ELEVENLABS),
    *(STABILITY_FILM, VIDEOS, AUDIO, IMAGES),
)


class Place(NamedTuple):
    """Where a request goes. `endpoint` None: the path is the provider's, the method is not."""

    provider: Provider
    endpoint: Endpoint | None
    found: re.Match[str]


class MediaSide:
    """All providers of media behind one socket, their books, and the traps that are set for them.

    `conduct` is the simulator's own: its faults strike here as well. `workshop` makes the files.
    """

    def __init__(
        self,
        conduct: Conduct,
        seed: int = 0,
        *,
        workshop: Workshop | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._conduct = conduct
        self.book = MediaBook()
        self.traps = Traps((), seed)
        self._profile = Profile()
        self._postman = Postman(clock)
        means = Means(workshop or Workshop(), self.book, self.traps, self._postman, clock)
        self.desks = {name: Desk(name, self._profile, means) for name in self._profile.providers}

    @property
    def profile(self) -> Profile:
        """The settings in force."""
        return self._profile

    def settle(self, profile: Profile) -> None:
        """Put other settings in force; jobs that are under way keep their times."""
        self._profile = profile
        for desk in self.desks.values():
            desk.profile = profile

    def change(self, **settings: Json) -> None:
        """Change some settings (`speed=1000, providers={"runway": {"cap": 2}}`). Raises ValueError."""
        self.settle(self._profile.changed(settings))

    def set_traps(self, *rows: Trap) -> None:
        """Set other traps."""
        self.traps.set(rows)

    async def close(self) -> None:
        """Stop posting webhooks."""
        await self._postman.close()

    def place(self, method: str, path: str) -> Place | None:
        """Where a request goes; None: it is none of media's."""
        return _place(method, path)

    async def perform(
        self, scope: Message, client: Client, body: bytes, seen: Seen, place: Place
    ) -> None:
        """Answer one request. Raises ClientLeft."""
        ask = _ask(scope, body, place)
        behaviour = Behaviour()
        try:
            desk, endpoint = self._desk(place), _endpoint(place)
            if not endpoint.free:
                check_key(ask.key)
            behaviour = self._conduct.decide(desk.name, ask.headers)
            seen.fault = behaviour.fault
            await before(client, behaviour)
            reply = await self._act(ask, desk, endpoint, client)
        except Refused as refused:
            reply = _refused(place.provider, refused, ask, behaviour)
        seen.status = reply.status
        if reply.entry is not None:
            reply.entry.request = blake2b(body, digest_size=16).hexdigest()
        lost = reply.entry is not None and reply.entry.trap == "lost_answer"
        if behaviour.fault == "refuse" or lost:
            seen.status = None
            await client.drop()
        elif behaviour.fault == "empty":
            await send_answer(client, reply.status, reply.headers, b"")
        else:
            await _send(client, reply, behaviour)

    def _desk(self, place: Place) -> Desk:
        name = place.found.groupdict().get("provider") or place.provider.name
        if name not in self.desks:
            raise Refused("not_found")
        return self.desks[name]

    async def _act(self, ask: Ask, desk: Desk, endpoint: Endpoint, client: Client) -> Reply:
        settings = desk.settings
        if settings.gone and (endpoint.makes or settings.gone_jobs) and not endpoint.free:
            raise Refused("not_found", "This API has been shut down.", status=settings.gone)
        if endpoint.makes != "file":
            return await endpoint.act(ask, desk)
        with desk.place():
            await client.pause(desk.real_s(settings.answer_s))
            return await endpoint.act(ask, desk)


@lru_cache(maxsize=4_096)
def _place(method: str, path: str) -> Place | None:
    """Look through all endpoints, which is too slow to be done for every request about text."""
    wrong: Place | None = None
    for provider in (*_PROVIDERS, _FILES):
        for endpoint in provider.endpoints:
            found = endpoint.path.search(path)
            if found and endpoint.method == method:
                return Place(provider, endpoint, found)
            if found and wrong is None:
                wrong = Place(provider, None, found)
    return wrong


def _endpoint(place: Place) -> Endpoint:
    if place.endpoint is None:
        raise Refused("method", "The method is not allowed here.")
    return place.endpoint


def _refused(provider: Provider, refused: Refused, ask: Ask, behaviour: Behaviour) -> Reply:
    if refused.status == 200 and not provider.hides:
        refused.status = None
    reply = provider.refuse(refused, ask)
    if refused.kind in {"rate_limit", "overloaded"} and behaviour.retry_after_s is not None:
        reply.headers.append((b"retry-after", b"%g" % behaviour.retry_after_s))
    return reply


def _ask(scope: Message, body: bytes, place: Place) -> Ask:
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    path: str = scope["path"]
    host = headers.get(b"host", b"localhost").decode("latin-1")
    base = f"{scope.get('scheme', 'http')}://{host}{path[: place.found.start()]}"
    key = place.provider.key(headers, query)
    return Ask(scope["method"], path, query, headers, body, base, place.found.groupdict(), key)


async def _send(client: Client, reply: Reply, behaviour: Behaviour) -> None:
    if reply.frames is not None:
        await send_flow(
            client, Flow(reply.headers, reply.frames, 0, b"data: {", b""), behaviour, Progress()
        )
    elif reply.status == 200:
        await send_whole(client, Whole(reply.headers, reply.body), behaviour, Progress())
    else:
        await send_answer(client, reply.status, reply.headers, reply.body)


def _file_key(headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str:
    """Any provider's way of showing a key."""
    given = headers.get(b"x-goog-api-key", headers.get(b"xi-api-key", b"")).decode("latin-1")
    return bearer(headers) or given or query.get("key", "")


def _file_refusal(refused: Refused, _ask: Ask) -> Reply:
    status = {"no_key": 401, "auth": 401, "method": 405}.get(refused.kind, 404)
    return Reply(
        refused.status or status, [(b"content-type", b"text/plain")], str(refused).encode()
    )


_FILES = Provider(
    "files",
    (Endpoint("GET", files.PATH, files.give, free=True),),
    _file_key,
    _file_refusal,
)
