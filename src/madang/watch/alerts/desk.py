"""Alerts and daily reports at work, in one process of an installation: looked at every two seconds, entered, told.

Everything here happens in a thread, away from requests: it reads the windows and, where a condition speaks of what was
spent, the ledger.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from madang.config.sections.alerts import DEFAULT_ALERTS, Alert, Language, Report, Span
from madang.config.settings import Settings
from madang.errors import NotFound
from madang.ledger.reports.usage import usage
from madang.model.money import NUSD
from madang.state.store import Store
from madang.watch.alerts.book import Book, Event, new_id
from madang.watch.alerts.judge import Judge, Measures, rule_names
from madang.watch.cells import Labels
from madang.watch.channels.courier import Courier, deliver
from madang.watch.channels.message import Message, of_event, of_test
from madang.watch.monitor import Monitor
from madang.watch.report.daily import Daily
from madang.watch.report.page import html, page, text
from madang.watch.texts import MESSAGES

_log = logging.getLogger("madang.alerts")
LOOK_S: Final = 2.0
_SPENT_S: Final = 10.0
"""How old a sum of the ledger may be."""

_LATE_H: Final = 12
"""A report whose time passed longer ago than this, while nothing ran, is not made up for."""

Reported = Callable[[date, str], Daily]
"""(day, time zone) → its report."""


class Desk:
    """Judges, enters and tells. `reported` makes the report of a day. Raises StoreUnavailable."""

    def __init__(
        self,
        store: Store,
        monitor: Monitor,
        reported: Reported,
        courier: Courier | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._monitor = monitor
        self._reported = reported
        self._clock = clock
        self._book = Book(store)
        self._judge = Judge(self._book.firing())
        self._look_at = 0.0
        self._report = Report()
        self._sums: dict[tuple[str, ...], tuple[float, dict[Labels, dict[str, float | None]]]] = {}
        self._money: frozenset[str] = frozenset()
        self.courier = courier or Courier(clock=clock)

    def configure(self, settings: Settings) -> None:
        """Put the alerts, channels and the report of a configuration in force; what is raised stays raised."""
        alerts = DEFAULT_ALERTS if settings.alerts is None else settings.alerts
        self._judge.configure(alerts)
        self._money = frozenset(name for one in alerts for name in rule_names(one)) & _SPENT
        self._report = settings.report
        self.courier.configure(settings.channels)

    def tend(self) -> None:
        """Do what is due."""
        now_s = self._clock()
        if now_s < self._look_at:
            return
        self._look_at = now_s + LOOK_S
        for event in self._judge.judge(self._look, int(now_s * 1_000_000)):
            self._book.enter(event)
            self._tell(event)
        self._tell_of_yesterday(now_s)

    def close(self) -> None:
        """Let go of the channels."""
        self.courier.stop()

    @property
    def firing(self) -> list[Event]:
        """What is raised now."""
        return self._judge.firing

    def _tell(self, event: Event) -> None:
        alert: Alert | None = self._judge.alert_of(event)
        message = of_event(event)
        level = logging.WARNING if event.state == "firing" else logging.INFO
        _log.log(level, "%s; %s", message.title, " ".join(message.text.splitlines()))
        self.courier.send(alert.to if alert is not None else (), message)

    def _look(self, span: Span, dimensions: Sequence[str]) -> Mapping[Labels, Measures]:
        now_s = self._clock()
        seen = self._monitor.windows.look(span, dimensions, now_s)
        found = {labels: one.measures for labels, one in seen.items()}
        if not dimensions:
            found.setdefault(Labels(), {})
            healthy, failing = self._monitor.healthy_providers()
            found[Labels()] |= {"healthy_providers": healthy, "failing_providers": failing}
        if self._money:
            for labels, spent in self._spent(tuple(dimensions), now_s).items():
                found[labels] = {**found.get(labels, {}), **spent}
        return found

    def _spent(
        self, dimensions: tuple[str, ...], now_s: float
    ) -> dict[Labels, dict[str, float | None]]:
        """What the ledger says was spent this UTC day and month, in dollars."""
        at_s, found = self._sums.get(dimensions, (0.0, {}))
        if now_s - at_s < _SPENT_S:
            return found
        today = datetime.fromtimestamp(now_s, UTC).date()
        fresh: dict[Labels, dict[str, float | None]] = {}
        for name, first in (("spent_day_usd", today), ("spent_month_usd", today.replace(day=1))):
            if name not in self._money:
                continue
            rows = usage(self._store, from_day=first, to_day=today, by=dimensions)
            for row in rows:
                labels = Labels(**{dimension: row[dimension] for dimension in dimensions})
                fresh.setdefault(labels, {})[name] = row["cost_nusd"] / NUSD
        self._sums[dimensions] = (now_s, fresh)
        return fresh

    def _tell_of_yesterday(self, now_s: float) -> None:
        """Send the report of the day before, once, when its time has come."""
        day = due(self._report, now_s)
        if day is None:
            return
        with self._store.transaction() as transaction:
            is_first = transaction.write(
                "INSERT INTO reported_days (day, sent_us) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (f"{day.isoformat()} {self._report.time_zone}", int(now_s * 1_000_000)),
            )
        if is_first:
            told = self._reported(day, self._report.time_zone)
            self.courier.send(self._report.to, of_report(told, now_s, self._report.language))


_SPENT: Final = frozenset(("spent_day_usd", "spent_month_usd"))


def due(report: Report, now_s: float) -> date | None:
    """The day whose report should have been sent by now; None: it is not time, or long past it."""
    if report.at is None:
        return None
    now = datetime.fromtimestamp(now_s, ZoneInfo(report.time_zone))
    hour, _, minute = report.at.partition(":")
    at = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    if now < at:
        at -= timedelta(days=1)
    late = now - at > timedelta(hours=_LATE_H)
    return None if late else at.date() - timedelta(days=1)


def of_report(told: Daily, now_s: float, language: Language = "en") -> Message:
    """The report of a day as a message: text and HTML for people, the figures for programs."""
    shown = page(told, language)
    return Message(
        id=f"rep_{told.day.isoformat()}",
        type="report.daily",
        at=f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%dT%H:%M:%SZ}",
        title=MESSAGES[language]["report"].format(day=told.day),
        text=text(shown),
        html=html(shown),
        data={"report": msgspec.to_builtins(told)},
    )


def try_channel(settings: Settings, name: str, now_s: float) -> None:
    """Tell a channel that this is a test, once. Raises NotFound, and Undeliverable with the reason."""
    channel = settings.channels.get(name)
    if channel is None:
        raise NotFound(f"There is no channel {name[:64]!r} in the configuration.")
    at = f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
    deliver(channel, of_test(name, new_id(), at, channel.language), now_s)
