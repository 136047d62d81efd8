"""Calls back from providers: proved to be theirs, entered once, and passed on to the job that they are about.

Rule: a call changes nothing until its signature has been checked; what it says counts as if the
provider had been asked. One that comes twice, or before the order's own answer, does no harm.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from madang.errors import MadangError, NotFound, Unauthenticated
from madang.media.calling import call
from madang.media.jobs.job import read_job
from madang.media.jobs.told import News, kept_news
from madang.media.kit import Kit, now_us
from madang.state.jobs import Called, MediaJobs
from madang.upstream.providers import Provider
from madang.wire.media.contract import Outgoing
from madang.wire.media.registry import MEDIA

_log = logging.getLogger("madang.media")
_KEY_SETS: Final[Mapping[str, str]] = {"fal": "https://rest.fal.ai/.well-known/jwks.json"}
"""Where a kind of provider publishes the keys that it signs with."""

_KEEP_KEYS_S: Final = 3600.0
_ASK_AGAIN_S: Final = 30.0
_LONGEST_NAME: Final = 64


class KeySets:
    """The keys that providers sign with, as they publish them; kept for an hour, and asked for anew where none fits.

    They are asked for once in half a minute at most, however many strangers call, and also where they cannot be had.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._kept: dict[str, tuple[float, Any]] = {}
        self._asked_at: dict[str, float] = {}
        self._asking = asyncio.Lock()

    async def of(self, provider: Provider, *, fresh: bool = False) -> Any:  # noqa: ANN401 - a JSON document
        """The key set of a provider; None: it publishes none, or it cannot be had. `fresh`: newer than some seconds."""
        given = self._kit.settings.providers.get(provider.name)
        url = (given.webhook_keys if given is not None else None) or _KEY_SETS.get(provider.kind)
        if url is None:
            return None
        async with self._asking:
            now = time.monotonic()
            kept = self._kept.get(url)
            is_good = kept is not None and not fresh and now - kept[0] < _KEEP_KEYS_S
            if not is_good and now - self._asked_at.get(url, -_ASK_AGAIN_S) >= _ASK_AGAIN_S:
                self._asked_at[url] = now
                await self._ask(provider, url)
            kept = self._kept.get(url)
            return kept[1] if kept is not None else None

    async def _ask(self, provider: Provider, url: str) -> None:
        """Fetch a key set and keep it; where that fails the one before stays."""
        try:
            outgoing = Outgoing(method="GET", path=url, keyed=False)
            answer = await call(self._kit.pipeline.transport, provider, outgoing, total_s=10)
            keys = msgspec.json.decode(answer.body) if answer.status == 200 else None
        except (MadangError, msgspec.DecodeError) as problem:
            _log.error("the keys that %s signs with cannot be had: %s", provider.name, problem)
            keys = None
        if keys is not None:
            self._kept[url] = (time.monotonic(), keys)


def token_for(secret: str, name: str) -> str:
    """What a call about the order of this name has to know, where the provider signs nothing itself."""
    return hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:40]


class Ear:
    """Hears the calls of providers, for one process."""

    def __init__(self, kit: Kit, jobs: MediaJobs) -> None:
        self._kit = kit
        self._jobs = jobs
        self._keys = KeySets(kit)

    async def hear(
        self, name: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, str]
    ) -> str | None:
        """Take a call of a provider; the id of the job that it is about, where that is known.

        Raises NotFound, Unauthenticated, InvalidRequest.
        """
        provider = self._kit.snapshot.providers.get(name)
        wires = MEDIA.get(provider.kind) if provider is not None else None
        hook = wires.videos.hook if wires is not None and wires.videos is not None else None
        if provider is None or hook is None:
            raise NotFound(f"No provider `{name[:100]}` calls back here.")
        order, token = await asyncio.to_thread(self._order, query)
        given = dict(headers)
        given.pop("x-madang-hook-token", None)
        if "token" in query:
            given["x-madang-hook-token"] = query["token"]
        known = await self._secrets(provider, token)
        try:
            notice = hook(given, body, known, time.time())
        except Unauthenticated:
            if "jwks" not in known:
                raise
            notice = hook(
                given, body, await self._secrets(provider, token, fresh=True), time.time()
            )
        proved = order is not None and hmac.compare_digest(query.get("token", ""), token)
        about = order if proved and order is not None else notice.job
        news = kept_news(News(notice.job, notice.seen))
        called = Called(name, f"{about}:{notice.delivery}"[:600], about, news)
        return await asyncio.to_thread(self._heard, called)

    def _order(self, query: Mapping[str, str]) -> tuple[str | None, str]:
        """The order that a call names, and the token that it has to have; one that nobody knows, if there is none."""
        name = query.get("job", "")
        kept = (
            self._jobs.get(name.partition("-")[0], None) if 0 < len(name) <= _LONGEST_NAME else None
        )
        if kept is None:
            return None, secrets.token_hex(20)
        return name, token_for(read_job(kept).secret, name)

    async def _secrets(
        self, provider: Provider, token: str, *, fresh: bool = False
    ) -> dict[str, Any]:
        given = self._kit.settings.providers.get(provider.name)
        known: dict[str, Any] = {"token": token}
        if given is not None and given.webhook_secret:
            known["secret"] = given.webhook_secret
        keys = await self._keys.of(provider, fresh=fresh)
        if keys is not None:
            known["jwks"] = keys
        return known

    def _heard(self, called: Called) -> str | None:
        """Enter it; a delivery that was heard before changes nothing."""
        if not self._jobs.hear(called, now_us()):
            _log.info("a call of %s came again: %s", called.provider, called.delivery[:100])
            return None
        return called.job.partition("-")[0]
