"""Where drills are followed: every process learns which are under way; the first of several begins and reports them.

Done in the background, a few times a second. A drill ends by its own clock also where nobody tends it.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from madang.config.sections.alerts import Language
from madang.config.sections.drills import ScheduledDrill
from madang.errors import Conflict
from madang.ledger.reports.drills import DrillFigures, drill_figures
from madang.pipeline.chaos.book import DrillBook
from madang.pipeline.chaos.faults import Chaos, Injection
from madang.state.store import Store
from madang.watch.channels.message import Message, in_all
from madang.watch.texts import MESSAGES

_log = logging.getLogger("madang.drills")
_SETTLED_S: Final = 5.0
"""After its end, requests that it struck may still be under way, and rows in the journal."""

_LATE_S: Final = 3600.0
"""A drill whose time passed longer ago than this, while nothing ran, is not made up for."""

_LOOK_S: Final = 2.0
Tell = Callable[[Sequence[str], Message], None]


class DrillDesk:
    """Follows drills for one process. `leads`: whether this is the one that begins and reports them."""

    def __init__(self, store: Store, chaos: Chaos, tell: Tell, *, leads: bool) -> None:
        self._store = store
        self._book = DrillBook(store)
        self._chaos = chaos
        self._tell = tell
        self._leads = leads
        self._followed = -1
        self._look_at = 0.0
        self._scheduled: tuple[ScheduledDrill, ...] = ()
        self._since_s = time.time()

    def begin(self) -> None:
        """End what an earlier start has left: who restarts a gateway may do so because of it."""
        if self._leads:
            self._book.stop("the gateway was started again")

    def configure(self, scheduled: tuple[ScheduledDrill, ...]) -> None:
        """Put the drills of a configuration in force."""
        self._scheduled = scheduled

    def tend(self) -> None:
        """Do what is due. Raises StoreUnavailable."""
        revision = self._book.revision()
        if revision != self._followed or self._chaos.open:
            self._chaos.follow(self._book.running())
            self._followed = revision
        now_s = time.time()
        if self._leads and now_s >= self._look_at:
            self._look_at = now_s + _LOOK_S
            for one in self._scheduled:
                self._start(one, now_s)
            for drill in self._book.unreported(int((now_s - _SETTLED_S) * 1e6)):
                self._report(drill, now_s)

    def _start(self, one: ScheduledDrill, now_s: float) -> None:
        """Begin a drill of the configuration, if it is time."""
        prefix = name_of(one)
        last_us = self._book.last_began_us(prefix) if one.every_h is not None else None
        at_s = due_s(one, now_s, self._since_s if last_us is None else last_us / 1e6)
        if at_s is None:
            return
        try:
            self._book.start(one.drill, id_=f"{prefix}{int(at_s)}")
        except Conflict as conflict:
            _log.error("a drill does not begin: %s", conflict.message)

    def _report(self, drill: Injection, now_s: float) -> None:
        report = drill_figures(self._store, drill.id)
        self._book.report(drill.id, report)
        message = of_drill(drill, report, now_s)
        _log.info("%s; %s", message.title, message.text)
        for one in self._scheduled:
            if one.to and drill.id.startswith(name_of(one)):
                self._tell(one.to, message)
                break


def name_of(one: ScheduledDrill) -> str:
    """What the ids of a drill of the configuration begin with: the same as long as it stays as it is."""
    kept = msgspec.json.encode(msgspec.structs.replace(one, to=()))
    return f"drl_{hashlib.sha256(kept).hexdigest()[:8]}_"


def due_s(one: ScheduledDrill, now_s: float, last_s: float) -> float | None:
    """The moment (Unix seconds) at which a drill has to have begun by now; None: it is not time, or long past it.

    `last_s` is when it began last, or the gateway was started.
    """
    if one.every_h is not None:
        at_s = last_s + one.every_h * 3600
        return at_s if at_s <= now_s else None
    if one.at is None:
        return None
    now = datetime.fromtimestamp(now_s, ZoneInfo(one.time_zone))
    hour, _, minute = one.at.partition(":")
    at = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    if at > now:
        at -= timedelta(days=1)
    if one.days and _DAYS[at.weekday()] not in one.days:
        return None
    return at.timestamp() if now_s - at.timestamp() < _LATE_S else None


_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def of_drill(drill: Injection, report: DrillFigures, now_s: float) -> Message:
    """What a drill showed, as a message in every language."""
    return in_all(lambda language: _of_drill(drill, report, now_s, language))


def _of_drill(drill: Injection, report: DrillFigures, now_s: float, language: Language) -> Message:
    texts, share, wanted = MESSAGES[language], report.answered_share, drill.drill.answered
    passed = None if share is None else share >= wanted
    verdict = texts[_VERDICTS[passed]]
    counts = {"requests": report.requests, "answered": report.answered}
    lines = [texts["drill_struck"].format(targets=", ".join(drill.drill.targets), **counts)]
    if share is not None:
        lines.append(texts["drill_share"].format(share=share, wanted=wanted))
    lines += [f"{why}: {count}" for why, count in report.failed.items()]
    return Message(
        id=drill.id,
        type="drill.report",
        at=f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%dT%H:%M:%SZ}",
        title=texts["drill"].format(strike=drill.drill.strike, verdict=verdict),
        text="\n".join(lines),
        data={"drill": drill.id, "passed": passed, "report": msgspec.to_builtins(report)},
    )


_VERDICTS: Final = {None: "struck_nobody", True: "held", False: "did_not_hold"}
