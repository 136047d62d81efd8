"""What watches a process: metrics, windows, alerts and telemetry, built here and tended in the background."""

import asyncio
import importlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Protocol

from madang.config.settings import Settings
from madang.errors import StoreUnavailable
from madang.keys import Keyring
from madang.ledger.alarm import Alarm
from madang.ledger.journal import Journal
from madang.model import Attempt
from madang.routing.board import Board
from madang.state.store import Store
from madang.watch.alerts.desk import Desk
from madang.watch.alerts.metrics import AlertMetrics
from madang.watch.channels.message import Message
from madang.watch.configuration import ConfigurationMetrics
from madang.watch.exchange import Exchange
from madang.watch.health import HealthMetrics
from madang.watch.keys import KeyMetrics
from madang.watch.metrics import Metrics
from madang.watch.monitor import Monitor
from madang.watch.pace import PaceUse
from madang.watch.report.daily import Daily
from madang.watch.tray import Tray

_log = logging.getLogger("madang.watch")
_LONG_S = 0.1
_OTEL = "madang.watch.otel"


class Counts(AbstractContextManager[object], Protocol):
    """Where limits are counted, by which worker of how many."""

    worker: int
    workers: int


class Exporter(Protocol):
    """Sends what it sees elsewhere; see `watch.otel`."""

    def saw(self, attempts: Sequence[Attempt]) -> None:
        """Note the attempts of finished requests."""

    def close(self) -> None:
        """Send what is left."""


class Watching:
    """The watchers of one process. Alerts are judged by the first of several workers, over all of them.

    `tray` is where finished requests are laid, for these watchers and for others.
    """

    def __init__(
        self, home: Path, counts: Counts, board: Board, journal: Journal, keyring: Keyring
    ) -> None:
        worker, workers = counts.worker, counts.workers
        exchange = Exchange(home, "metrics", worker, workers) if workers > 1 else None
        self.metrics = Metrics(board, journal, exchange)
        self.metrics.add(KeyMetrics(keyring))
        self.metrics.add(HealthMetrics(board))
        self.configuration = ConfigurationMetrics()
        self.metrics.add(self.configuration)
        self.pace = PaceUse(board, counts)
        self.metrics.add(self.pace)
        self.monitor = Monitor(home, board, worker=worker, workers=workers)
        self.tray = Tray(self.metrics.saw, self.monitor.saw)
        self.desk: Desk | None = None
        self._judges = worker == 0
        self._exporter: Exporter | None = None
        self._alarm = Alarm(_log)
        self._settings: Settings | None = None
        self._rendering: asyncio.Task[bytes] | None = None
        self._fresh_until = 0.0

    def begin(
        self, store: Store, reported: Callable[[date, str], Daily], settings: Settings
    ) -> None:
        """Begin to judge alerts, if this is the worker for it. `reported` makes reports. Raises StoreUnavailable."""
        if self._judges:
            self.desk = Desk(store, self.monitor, reported)
            self.metrics.add(AlertMetrics(self.desk))
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Put the alerts and the telemetry of a configuration in force."""
        if self.desk is not None:
            self.desk.configure(settings)
        if self._settings is None or self._settings.telemetry != settings.telemetry:
            self._export(settings)
        self._settings = settings

    async def scrape(self) -> bytes:
        """The metrics as text, rendered once for all who ask meanwhile: anybody may ask, and it may take a second.

        What took long is given again for nine times as long, so that it never takes more than a tenth of the time.
        """
        rendering = self._rendering
        if rendering is None or (rendering.done() and time.monotonic() >= self._fresh_until):
            self.tray.hand_on()
            rendering = self._rendering = asyncio.create_task(asyncio.to_thread(self._rendered))
        return await asyncio.shield(rendering)

    def _rendered(self) -> bytes:
        began = time.monotonic()
        text = self.metrics.render()
        now = time.monotonic()
        self._fresh_until = now + (9 * (now - began) if now - began > _LONG_S else 0)
        return text

    async def tend(self) -> None:
        """Do what is due, without keeping requests waiting."""
        self.pace.look(time.monotonic())
        self.tray.hand_on()
        try:
            await self.monitor.tend()
            await asyncio.to_thread(self.metrics.tell)
            if self.desk is not None:
                await asyncio.to_thread(self.desk.tend)
        except (OSError, StoreUnavailable) as error:
            self._alarm.sound(f"alerts are not judged: {error}")

    def tell(self, names: Sequence[str], message: Message) -> None:
        """Tell channels of something, if this is the worker for it."""
        if self.desk is not None:
            self.desk.courier.send(names, message)

    async def close(self) -> None:
        """Send what is left, for a moment."""
        self.tray.hand_on()
        if self.desk is not None:
            self.desk.close()
        if self._exporter is not None:
            await asyncio.to_thread(self._exporter.close)

    def _export(self, settings: Settings) -> None:
        """Send traces and metrics where the configuration says; what that takes is loaded only then."""
        before, self._exporter = self._exporter, None
        if before is not None:  # it sends what is left, which may take a while
            self.tray.hand_on()
            self.tray.takers.remove(before.saw)
            threading.Thread(target=before.close, name="madang-otel-end", daemon=True).start()
        if settings.telemetry.otlp is None:
            return
        try:
            otel = importlib.import_module(_OTEL)
        except ImportError as error:
            _log.error("telemetry is off: %s; install it by `pip install 'madang[otel]'`", error)
            return
        exporter: Exporter = otel.Otel(settings.telemetry)
        self._exporter = exporter
        self.tray.takers.append(exporter.saw)
