"""Asking providers that are quiet for something free: whether they are there, before a request finds out.

One rule: only what no provider bills, and nobody who wants to be left alone. The status of the answer
is a row of the table below; what is in it does not matter.
"""

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Final

from madang.config.sections.health import Health
from madang.config.sections.providers import Provider as Given
from madang.config.sections.providers import Timeouts
from madang.errors import MadangError
from madang.routing.board import Board
from madang.routing.health import Standing
from madang.upstream.providers import Provider
from madang.upstream.transport import Outgoing, Transport

_log = logging.getLogger("madang.health")
_MOST_BYTES = 1024 * 1024

_SAYS_NOTHING: Final = (408, 425, 429)
_OF_THE_KEY: Final = (401, 402, 403)
"""Of several keys it may be this one alone; a single one will be refused for requests, too."""

_PROXY: Final = 407


class Prober:
    """Asks the providers of `board`'s targets, each when it is due."""

    def __init__(self, board: Board, transport: Transport) -> None:
        self._board = board
        self._transport = transport
        self._every_s: float | None = None
        self._providers: dict[str, Provider] = {}
        self._due_at: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def configure(
        self, health: Health, providers: Mapping[str, Provider], given: Mapping[str, Given]
    ) -> None:
        """Put a configuration in force."""
        self._every_s = None if health.probe_every_s == "off" else health.probe_every_s
        patience = Timeouts(*[health.probe_timeout_s] * 5)
        self._providers = {
            name: _probed(one, given[name].probe, patience)
            for name, one in providers.items()
            if given[name].probe != "off"
        }
        self._due_at.clear()

    def tend(self, now: float) -> None:
        """Ask whoever is due, without waiting for the answers."""
        every_s = self._every_s
        if every_s is None:
            return
        for name, standings in self._targets().items():
            due_at = self._due_at.setdefault(name, now + every_s * random.uniform(0.5, 1.0))
            if now < due_at or name in self._asking:
                continue
            quiet = [one for one in standings if one.is_quiet(now, every_s)]
            if not quiet or any(_is_closed(one, now) for one in standings):
                continue
            self._due_at[name] = now + every_s * random.uniform(0.9, 1.1)
            task = asyncio.create_task(self._ask(self._providers[name], quiet))
            self._asking[name] = task
            task.add_done_callback(partial(self._asked, name))

    async def close(self) -> None:
        """Ask nobody any more."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def _targets(self) -> dict[str, list[Standing]]:
        """The targets of the configuration and the catalogue by provider, where that can be asked."""
        found: dict[str, list[Standing]] = {}
        for (provider, _), standing in self._board.items():
            if standing.is_known and provider in self._providers:
                found.setdefault(provider, []).append(standing)
        return found

    def _asked(self, name: str, _: asyncio.Task[None]) -> None:
        self._asking.pop(name, None)

    async def _ask(self, provider: Provider, quiet: Sequence[Standing]) -> None:
        verdict, words = await _probe(self._transport, provider)
        if verdict is None:
            return
        now = monotonic()
        if any(one.is_unreachable == verdict for one in quiet):
            told = "answers again" if verdict else "does not answer as it should"
            _log.info("provider %s %s (%s)", provider.name, told, words)
        for standing in quiet:
            if verdict:
                standing.reached(now)
            else:
                standing.missed(now)


async def _probe(transport: Transport, provider: Provider) -> tuple[bool | None, str]:
    """Whether the provider answers (None: that cannot be told), and what it said."""
    head = provider.head(provider.speaks, provider.models_path, "GET")
    try:
        incoming = await transport.send(Outgoing(provider.origin, head, b"", provider.timeouts))
        left = _MOST_BYTES
        while left > 0 and (piece := await incoming.next()):
            left -= len(piece)
        incoming.close()
    except MadangError as error:
        return False, error.message
    return _verdict(incoming.status, len(provider.keys)), f"status {incoming.status}"


def _verdict(status: int, keys: int) -> bool | None:
    """Whether a status speaks for the provider; None: neither for nor against it."""
    if status in _SAYS_NOTHING or (status in _OF_THE_KEY and keys > 1):
        return None
    return status < 500 and status not in (*_OF_THE_KEY, _PROXY)


def _probed(provider: Provider, path: str | None, patience: Timeouts) -> Provider:
    """The provider as it is asked for something free."""
    if path is None:
        return replace(provider, timeouts=patience)
    return replace(provider, timeouts=patience, prefix="", models_path=path)


def _is_closed(standing: Standing, now: float) -> bool:
    """Whether the provider wants to be left alone."""
    turnstile = standing.turnstile
    return turnstile is not None and turnstile.is_closed(now, in_line=False)
