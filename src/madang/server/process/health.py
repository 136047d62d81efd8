"""How the health of targets is kept: the rules of the configuration in force, what other workers know, free calls."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import monotonic

from madang.config.sections.health import Breaker, Rules, rules_of
from madang.config.sections.providers import Provider
from madang.config.settings import Settings
from madang.ledger.alarm import Alarm
from madang.pipeline.lane import Snapshot
from madang.routing.board import Board
from madang.routing.health.bulletin import Bulletin
from madang.server.process.probing import Prober
from madang.state.table import SharedTable, Table
from madang.upstream.transport import Transport

_log = logging.getLogger("madang.health")
_EVERY_S = 0.2


class Rounds:
    """Goes around the targets of one process, several times a second. The first of several workers asks for all."""

    def __init__(self, board: Board, table: Table | SharedTable, transport: Transport) -> None:
        self._board = board
        self._bulletin = Bulletin(table)
        self._prober = Prober(board, transport) if table.worker == 0 else None
        self._round: asyncio.Task[None] | None = None

    def configure(
        self, settings: Settings, providers: Mapping[str, Provider], snapshot: Snapshot
    ) -> None:
        """Put the rules in force, and tell the board which targets stand beside one another.

        Raises MadangError for a model that leads nowhere.
        """
        routes = [snapshot.directory.lookup(name).every_target() for name in settings.models]
        rules = _rules(settings.breaker, providers)
        self._board.configure(rules, routes, settings.health.max_ejected)
        if self._prober is not None:
            self._prober.configure(settings.health, snapshot.providers, providers)

    def start(self) -> None:
        """Begin."""
        self._round = asyncio.create_task(self._go_around())

    async def stop(self) -> None:
        """End."""
        if self._round is not None:
            self._round.cancel()
        if self._prober is not None:
            await self._prober.close()

    async def _go_around(self) -> None:
        alarm = Alarm(_log)
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                now = monotonic()
                self._bulletin.trade(self._board.items(), now)
                if self._prober is not None:
                    self._prober.tend(now)
            except Exception:  # noqa: BLE001 - logged; the next round may succeed
                alarm.sound("looking after the targets failed; it goes on", traceback=True)


def _rules(everywhere: Breaker, providers: Mapping[str, Provider]) -> Callable[[str, str], Rules]:
    """The rules for a model of a provider: the model's own come before the provider's."""

    def find(provider: str, model: str) -> Rules:
        given = providers.get(provider)
        if given is None:
            return rules_of(everywhere)
        return rules_of(everywhere, given.breaker, given.breakers.get(model))

    return find
