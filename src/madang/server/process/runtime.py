"""One process of the gateway: the only place that builds and owns the parts and joins them.

The configuration in force is a `Snapshot`; a changed file or changed keys replace it (or the
keyring) within a second, a broken file leaves the last good one running and says so.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from madang import catalog as catalogue
from madang.accounts import Register
from madang.config.problems import ConfigError
from madang.config.sections import plans
from madang.config.sections.providers import Provider as ProviderSettings
from madang.config.settings import Ledger, Settings
from madang.config.watch import Watcher
from madang.errors import MadangError
from madang.keys import Keyring
from madang.ledger.alarm import Alarm
from madang.ledger.ingest.background import IngestThread
from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.ledger.prices import Prices
from madang.media.house import House
from madang.model import Attempt, PriceRow
from madang.pipeline import Pipeline, Snapshot
from madang.pipeline.admission import Admission
from madang.pipeline.again.recall import Recall
from madang.pipeline.patience import Patience
from madang.pipeline.shadows.shadow import KEY as SHADOW_KEY
from madang.pipeline.shadows.shadow import Mirror, shadows_of
from madang.pipeline.trial.desk import TrialDesk
from madang.pipeline.trial.sides import lead_somewhere
from madang.routing.board import Board
from madang.routing.pacing import Pacing
from madang.routing.route import Route
from madang.server.process.assembly import assemble, given_providers, ways_of
from madang.server.process.counting import Counting, open_table
from madang.server.process.health import Rounds
from madang.server.process.keykeeping import KeyKeeper
from madang.server.process.payment_desk import PaymentDesk
from madang.server.process.ratings import Ratings
from madang.server.process.watching import Watching
from madang.state.responses import HeldResponses
from madang.state.store import Store
from madang.state.table import Arena
from madang.state.vault import MasterKeys, Vault
from madang.upstream.outbox import Outbox
from madang.upstream.providers import ProviderProblem
from madang.upstream.transport import Transport
from madang.watch.drill_desk import DrillDesk
from madang.watch.report.daily import Daily, Grounds, daily
from madang.watch.shadows import ShadowMetrics

_log = logging.getLogger("madang.runtime")
_POLL_S = 0.3
_PURGE_S = 60.0
_CATCH_UP_S = 10.0
_JOURNAL = "journal"
LENT_KEY_NAME = "playground"


@dataclass(frozen=True)
class Options:
    """What a process is started with.

    `stand_ins` are the providers used when none is configured and none is found in the environment.
    `beside` are those that are there in any case, under names that are not configured.
    `worker` numbers the process, `arena` is where several of them count limits together. `lent_key` is a
    raw key that works for as long as the process runs (None: no such key).
    """

    home: Path
    config: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    stand_ins: Mapping[str, ProviderSettings] = field(default_factory=dict)
    beside: Mapping[str, ProviderSettings] = field(default_factory=dict)
    worker: int = 0
    arena: Arena | None = None
    lent_key: str | None = field(default=None, repr=False)


def _open_journal(options: Options, bounds: Ledger) -> Journal:
    return Journal(
        options.home / _JOURNAL,
        f"w{options.worker}",
        segment_bytes=bounds.segment_mb * 1024 * 1024,
        fsync=bounds.fsync,
    )


def _open_transport(options: Options, journal: Journal) -> Transport:
    """The way to the providers: what is under way is on record before any request leaves."""
    return Transport(environ=options.environ, outbox=Outbox(first=journal.under_way.flush))


class Runtime:
    """The parts of one process, joined. Raises ConfigError or ProviderProblem when it cannot start."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._watcher = Watcher(options.config, options.environ)
        self.settings = self._watcher.settings
        self.catalog = catalogue.load()
        self.table = open_table(options.arena, options.worker)
        self.board = Board(Pacing(self.table))
        self.store = Store(options.home)
        self.held = HeldResponses(self.store)
        self._ratings = Ratings(self.store, self.catalog)
        self.keyring = Keyring(self.store)
        self.accounts = Register(self.store, plans.in_force(self.settings.plans))
        self.admin_key = self.keyring.ensure_admin(
            options.environ.get("MADANG_ADMIN_KEY"), now_s=time.time()
        )
        if options.lent_key:
            self.keyring.lend(LENT_KEY_NAME, options.lent_key, now_s=time.time())
        self.vault = Vault(self.store, MasterKeys(options.home, options.environ))
        self._say_shut()
        self._keeper = KeyKeeper(self.keyring, self.vault, tells=options.worker == 0)
        self.journal = _open_journal(options, self.settings.ledger)
        self.outbox = Outbox(first=self.journal.flush)
        self.ingest = IngestThread(
            Ingester(self.store, options.home / _JOURNAL, find=self._price, on_lost=self._owe)
        )
        self.transport = _open_transport(options, self.journal)
        self._rounds = Rounds(self.board, self.table, self.transport)
        self.desk = PaymentDesk(self.store, self.settings.payments, self.transport)
        self.watching = Watching(options.home, self.table, self.board, self.journal, self.keyring)
        self.watching.tray.takers.append(self._keeper.saw)
        self.counting = Counting(self.table, self.accounts, self.watching.metrics.budget_passed)
        self.counting.configure(self.settings)
        self.pipeline = Pipeline(
            self._snapshot(self.settings),
            self.transport,
            self.journal,
            Admission(self.counting.gate),
            self.outbox,
            self.watching.tray.lay,
        )
        self.recall = Recall(self.pipeline, self.store, self.settings)
        self.media = House(self.pipeline, self.store, self.keyring, self.settings)
        self.watching.begin(self.store, self.reported, self.settings)
        self.in_flight = 0
        self.draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poller: asyncio.Task[None] | None = None
        self._purge_at = 0.0
        self._id_prefix = f"req_{secrets.token_hex(3)}{options.worker:x}"
        self._id_count = 0

    def new_request_id(self, at_ns: int) -> str:
        """A request id, unique across processes and restarts, in order of time within a process."""
        self._id_count += 1
        return f"{self._id_prefix}{at_ns // 1_000_000:011x}{self._id_count:x}"

    @cached_property
    def canaries(self) -> TrialDesk:
        """Where trials of new targets are followed; decided by the first of several workers."""

        def look_up(name: str) -> Route:
            return self.pipeline.snapshot.directory.lookup(name)

        judges = self.options.worker == 0
        return TrialDesk(self.store, self.pipeline.trials, look_up, judges=judges)

    @cached_property
    def mirror(self) -> Mirror:
        """Copies of requests; what they cost counts where all that the house spends is limited."""
        gate, workers = self.counting.gate, self.table.workers

        def charge(row: Attempt) -> None:
            gate.balances.charge(SHADOW_KEY, {}, row.cost_nusd or 0, row.at_us)

        mirror = Mirror(self.pipeline, self.store, workers, charge)
        self.watching.metrics.add(ShadowMetrics(mirror))
        return mirror

    @cached_property
    def drills(self) -> DrillDesk:
        """Where faults injected on purpose are followed; begun and reported by the first of several workers."""
        chaos, leads = self.pipeline.chaos, self.options.worker == 0
        return DrillDesk(self.store, chaos, self.watching.tell, leads=leads)

    async def start(self) -> None:
        """Begin the background work."""
        self._loop = asyncio.get_running_loop()
        self.drills.configure(self.settings.drills)
        await asyncio.to_thread(self.drills.begin)
        self.canaries.configure(self.settings.canaries)
        await asyncio.to_thread(self.canaries.tend)
        self.mirror.configure(shadows_of(self.settings.models))
        self.ingest.start()
        if self.counting.has_budgets(self.settings, self.keyring.list()):
            # what a killed process left in the journal counts against budgets, too
            await asyncio.to_thread(self.ingest.catch_up, _CATCH_UP_S)
        self.counting.begin(self.store, self.keyring.list())
        await self.media.start(self.options.worker)
        self._poller = asyncio.create_task(self._poll())
        self._rounds.start()

    async def stop(self) -> None:
        """End it in order: nothing written to the journal stays behind in it needlessly."""
        if self._poller is not None:
            self._poller.cancel()
        await self._rounds.stop()
        await self.mirror.stop()
        await self.media.stop()
        await self.transport.close()
        await self.recall.stop()
        await self.watching.close()
        await self._keeper.close()
        self.journal.close()
        await asyncio.to_thread(self.ingest.stop)
        await asyncio.get_running_loop().shutdown_default_executor()  # it may be using the store
        self.store.close()

    @property
    def ready(self) -> bool:
        """Whether this process should get traffic."""
        return not self.draining and bool(self.pipeline.snapshot.providers)

    async def _poll(self) -> None:
        """Notice changed keys and a changed configuration, and forget what has expired."""
        alarm = Alarm(_log)
        while True:
            await asyncio.sleep(_POLL_S)
            try:
                self.journal.flush()  # what a full disk refused is tried again without new requests, too
                self.accounts.refresh()
                self._ratings.refresh()
                self.counting.follow(time.time())
                if self.keyring.refresh() or self.counting.gate.applicable.has_unknown:
                    self.counting.recall(self.store, self.keyring.list())
                self.counting.follow_prices(self.store, self.keyring.list)
                self._reload()
                if self.vault.refresh():
                    self._renew_keys()
                await self._keeper.tend(time.time(), self.settings.keys.warn_s)
                self.counting.sweep(time.monotonic())
                await self._purge()
                await asyncio.to_thread(self.canaries.tend)
                await asyncio.to_thread(self.drills.tend)
                await self.watching.tend()
            except Exception:  # noqa: BLE001 - logged; the next poll may succeed
                alarm.sound("the poll for changes failed; it goes on", traceback=True)

    async def _purge(self) -> None:
        """Forget held responses that have expired, now and then; one process of an installation does so."""
        now = time.monotonic()
        if self.options.worker == 0 and now >= self._purge_at:
            self._purge_at = now + _PURGE_S
            key_bytes = self.settings.responses.key_mb * 1024 * 1024
            await asyncio.to_thread(self.held.purge, time.time(), key_bytes)
            await asyncio.to_thread(self.recall.purge, time.time())

    def reported(self, day: date, time_zone: str) -> Daily:
        """The report of a day. Raises StoreUnavailable."""
        prices, keys = Prices(self.pipeline.snapshot.prices), self.keyring.list()
        now_us = time.time_ns() // 1000
        grounds = Grounds(self.catalog, prices, keys, self.settings.budgets, now_us)
        return daily(self.store, day, time_zone, grounds)

    @property
    def ledger_state(self) -> dict[str, str | int]:
        """How the ledger fares: what waits to be written, what was lost."""
        journal = self.journal
        state = "store_unwritable" if self.ingest.is_stuck else "ok"
        if journal.last_error is not None:
            state = "journal_unwritable"
        return {"state": state, "held_rows": journal.held, "lost_rows": journal.lost}

    def _price(self, provider: str, model: str, at_us: int, name: str | None) -> PriceRow | None:
        return self.pipeline.snapshot.price_known_as(provider, model, at_us, name)

    def _owe(self, lost: Sequence[Attempt]) -> None:
        """Have budgets know what a process that died has used, before its reservations go. In the ingester's thread."""
        if self._loop is not None:
            owing = self.counting.owe(lost, self.keyring.list())
            asyncio.run_coroutine_threadsafe(owing, self._loop).result(_CATCH_UP_S)

    def _reload(self) -> None:
        changed = self._watcher.changed()
        if changed is None:
            return
        try:
            if isinstance(changed, ConfigError):
                raise changed
            self.pipeline.snapshot = self._snapshot(changed)
        except (ConfigError, ProviderProblem, MadangError) as problem:
            self.watching.configuration.is_stale = True
            _log.error("%s\nThe last good configuration stays in force.", problem)
            return
        self.watching.configuration.is_stale = False
        self.settings = changed
        self.media.configure(changed)
        self.accounts.plans = plans.in_force(changed.plans)
        self.desk.configure(changed.payments)
        self.recall.configure(changed)
        self.counting.configure(changed)
        self.watching.configure(changed)
        self.canaries.configure(changed.canaries)
        self.drills.configure(changed.drills)
        self.mirror.configure(shadows_of(changed.models))
        self.counting.recall(self.store, self.keyring.list())
        _log.info("the configuration was reloaded")

    def _renew_keys(self) -> None:
        """Stored keys of providers have changed: the same configuration with these."""
        self._say_shut()
        try:
            self.pipeline.snapshot = self._snapshot(self.settings)
        except (ProviderProblem, MadangError) as problem:
            _log.error("%s\nThe keys from before stay in force.", problem)
            return
        _log.info("the stored keys of providers were taken up")

    def _say_shut(self) -> None:
        for fault in self.vault.opened.faults:
            _log.error("%s Other providers are served all the same.", fault)

    def _snapshot(self, settings: Settings) -> Snapshot:
        environ, stored = self.options.environ, self.vault.opened
        given = given_providers(settings, self.catalog, environ, stored)
        providers = {**self.options.beside, **given} if given else self.options.stand_ins
        ways, patience = ways_of(settings), Patience(settings.retries, settings.models)
        snapshot = assemble(
            settings.models, providers, self.catalog, self.board, settings.prices, ways, patience
        )
        snapshot.quality = self._ratings.quality_of
        snapshot.refuses_unpriced = settings.unknown_price == "refuse"
        lead_somewhere(settings, snapshot.directory)
        self._rounds.configure(settings, providers, snapshot)
        self.board.pacing.keep({name: one.keys for name, one in snapshot.providers.items()})
        return snapshot
