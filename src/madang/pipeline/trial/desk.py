"""Where trials are followed and judged: every process learns how they stand, the first of several decides.

Done in the background, a few times a second; what it decides by is the ledger, so that a restart changes nothing.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from madang.config.sections.canaries import Canary
from madang.errors import Conflict, MadangError
from madang.ledger.reports.trials import FirstAttempt, first_attempts
from madang.pipeline.trial.book import Kept, TrialBook
from madang.pipeline.trial.sides import Trials
from madang.quality.figures import REVISION as RATED
from madang.quality.preferred import preferred
from madang.routing.canary.evidence import Seen
from madang.routing.canary.ramp import Kind, Trial, judge
from madang.routing.canary.rated import liked_less
from madang.state.store import Store

_log = logging.getLogger("madang.canary")
_AT_ONCE: Final = 5000
_OURS: Final = frozenset({"internal", "store_unavailable"})
_NOT_ITS_FAULT: Final = frozenset(
    {"invalid_request", "context_overflow", "unsupported_feature", "content_filter"}
)
"""Failures that a request can bring upon any target: they count where sides are compared, and not in a row."""


class TrialDesk:
    """Follows the trials in the store for one process. `judges`: whether this is the one that decides.

    `look_up` raises MadangError for a name that leads nowhere.
    """

    def __init__(
        self, store: Store, trials: Trials, look_up: Callable[[str], object], *, judges: bool
    ) -> None:
        self._store = store
        self._book = TrialBook(store)
        self._trials = trials
        self._look_up = look_up
        self._judges = judges
        self._followed = -1
        self._kept: dict[str, Kept] = {}
        self._wanted: Mapping[str, Canary] | None = None
        self._rated: dict[str, tuple[int, str | None]] = {}

    def configure(self, canaries: Mapping[str, Canary]) -> None:
        """Take up the canaries of a configuration; `tend` begins and ends trials accordingly."""
        self._wanted = canaries

    def _take_up(self, canaries: Mapping[str, Canary]) -> None:
        """Begin those that the configuration brings, and end those that it does not have any more."""
        known = {kept.trial.name: kept.trial for kept in self._book.all()}
        for name, trial in known.items():
            is_gone = canaries.get(name) != trial.terms
            if trial.is_configured and trial.percent > 0 and is_gone:
                kind: Kind = "aborted" if trial.state == "running" else "rolled_back"
                self._book.happen(name, kind, "the configuration has changed")
        for name, terms in canaries.items():
            if name in known and known[name].terms == terms:
                continue  # whatever became of it
            try:
                self._book.begin(name, terms, is_configured=True)
            except Conflict as conflict:
                _log.error("canary %s: %s", name, conflict.message)

    def tend(self) -> None:
        """Learn how trials stand, and judge them where this is the process for it. Raises StoreUnavailable."""
        if self._judges and self._wanted is not None:
            self._take_up(self._wanted)
            self._wanted = None
        self.follow()
        if not self._judges:
            return
        for kept in list(self._kept.values()):
            if kept.trial.state == "running":
                self._judge(kept)
        self.follow()

    def follow(self) -> None:
        """Learn how trials stand, if any has changed."""
        revision = self._book.revision()
        if revision == self._followed:
            return
        every = self._book.all()
        self._kept = {one.trial.name: one for one in every}
        self._trials.follow(one.trial for one in every)
        self._followed = revision
        if self._judges:
            for one in self._trials.open.values():
                self._say_astray(one)

    def _say_astray(self, trial: Trial) -> None:
        """Tell of targets that are not there: who began it at the home folder was not told."""
        for name in (trial.terms.to, *trial.also, *((trial.origin,) if trial.origin else ())):
            try:
                self._look_up(name)
            except MadangError as error:
                _log.error("%s: no request goes to `%s`. %s", trial.name, name, error.message)

    def _judge(self, kept: Kept) -> None:
        trial, evidence, seq = kept
        rows = list(first_attempts(self._store, trial.id, seq, _AT_ONCE))
        for row in rows:
            evidence.take(seen(row), trial.terms.tolerate)
        decision = judge(trial, evidence, time.time_ns() // 1000, self._disliked(trial))
        if not rows and decision is None:
            return
        now = Kept(trial, evidence, rows[-1].seq if rows else seq)
        self._kept[trial.name] = now
        self._book.learn(trial, now, decision)
        if decision is not None:
            _log.warning("canary %s %s: %s", trial.name, decision.kind, decision.why)

    def _disliked(self, trial: Trial) -> str | None:
        """Why people's verdicts on both sides, given since it began, end a trial; looked at when there are new ones."""
        revision = self._store.revision(RATED)
        at, why = self._rated.get(trial.id, (0, None))
        if revision != at:
            terms = trial.terms
            verdicts = preferred(self._store, terms.to, terms.model, trial.began_us)
            why = liked_less(verdicts.first, verdicts.second)
            self._rated[trial.id] = (revision, why)
        return why


def seen(row: FirstAttempt) -> Seen:
    """A row of the ledger as evidence."""
    says_nothing = (
        not row.was_asked or row.cause in _OURS or row.outcome in ("client_closed", "lost", "hit")
    )
    failed = None if says_nothing else row.outcome != "ok"
    is_ok = failed is False
    return Seen(
        row.arm,
        row.drawn,
        row.at_us + row.latency_us,
        failed,
        is_fault=row.cause not in _NOT_ITS_FAULT,
        latency=row.latency_us if is_ok else None,
        first_token=row.first_token_us if is_ok and row.streamed else None,
        cost=row.cost_nusd if is_ok else None,
    )
