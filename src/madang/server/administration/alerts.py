"""Operations that tell how it goes: windows, alerts, the report of a day, and a test of a channel."""

import time
from datetime import UTC, date, datetime, timedelta

import msgspec

from madang.accounts.zones import zone
from madang.config.sections.alerts import DEFAULT_ALERTS, Span
from madang.errors import InvalidRequest
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime
from madang.watch.alerts.book import MOST_SHOWN, Book, Event
from madang.watch.alerts.desk import try_channel
from madang.watch.alerts.judge import named
from madang.watch.report.daily import Daily
from madang.watch.windows import SPANS_S

_CATCH_UP_S = 5.0
_KNOWN = ("provider", "model", "key")


class StatsAsked(msgspec.Struct):
    """Which window, and what to look at apart: `provider`, `model`, `key`, with commas between."""

    window: Span = "5m"
    by: str = "provider,model"


class Stat(msgspec.Struct):
    """What happened with one of those; null: not looked at apart, or not known.

    `measures` as conditions of alerts know them, `causes` why attempts failed, `rate_limit_use` what
    is used of a target's limits now.
    """

    provider: str | None
    model: str | None
    key: str | None
    measures: dict[str, float | None]
    causes: dict[str, int]
    rate_limit_use: float | None


class Stats(msgspec.Struct):
    """A window, from which moment on it knows what happened, and its rows, the busiest first."""

    window: Span
    since: str
    healthy_providers: int
    failing_providers: int
    rows: list[Stat]


class RuleShown(msgspec.Struct):
    """A rule in force."""

    rule: str
    severity: str
    cooldown_s: float
    min_count: int
    to: list[str]


class Alerts(msgspec.Struct):
    """What is raised now, and the rules."""

    firing: list[Event]
    rules: list[RuleShown]


class HistoryAsked(msgspec.Struct):
    """How many days back, and how many at most."""

    days: int = 30
    limit: int = 100


class History(msgspec.Struct):
    """What was raised and ended, the latest first."""

    rows: list[Event]


class DayAsked(msgspec.Struct):
    """Which day (null: yesterday) of which time zone (null: that of the configured report)."""

    day: date | None = None
    time_zone: str | None = None


class Tested(msgspec.Struct):
    """A channel that took a message."""

    channel: str
    delivered: bool = True


def show_stats(runtime: Runtime, _: str, asked: StatsAsked) -> Stats:
    """What happened in the last minute, five minutes, hour or day, over all workers."""
    by = tuple(part.strip() for part in asked.by.split(",") if part.strip())
    if not set(by) <= set(_KNOWN):
        raise InvalidRequest(f"`by` knows {', '.join(_KNOWN)}.", param="by")
    monitor, now_s = runtime.watching.monitor, time.time()
    shares = runtime.watching.pace.shares
    rows = [
        Stat(
            *labels,
            *seen,
            shares.get((labels.provider or "", labels.model or "")),
        )
        for labels, seen in monitor.windows.look(asked.window, by, now_s).items()
    ]
    since_s = max(monitor.windows.since_s, now_s - SPANS_S[asked.window])
    return Stats(asked.window, _moment(since_s), *monitor.healthy_providers(), rows)


def show_alerts(runtime: Runtime, _: str, __: None) -> Alerts:
    """The alerts that are raised, and the rules in force."""
    given = runtime.settings.alerts
    rules = [
        RuleShown(named(one), one.severity, one.cooldown_s, one.min_count, list(one.to))
        for one in (DEFAULT_ALERTS if given is None else given)
    ]
    return Alerts(Book(runtime.store).firing(), rules)


def show_history(runtime: Runtime, _: str, asked: HistoryAsked) -> History:
    """What was raised and ended."""
    if not (1 <= asked.limit <= MOST_SHOWN and 1 <= asked.days <= 366):
        raise InvalidRequest(f"`limit` is between 1 and {MOST_SHOWN}, `days` between 1 and 366.")
    since_us = int((time.time() - asked.days * 86_400) * 1_000_000)
    return History(Book(runtime.store).history(since_us, limit=asked.limit))


def show_day(runtime: Runtime, _: str, asked: DayAsked) -> Daily:
    """The report of a day: requests, latency, cost, savings, alerts, and budgets near their cap."""
    name = asked.time_zone or runtime.settings.report.time_zone
    where = zone(name)
    runtime.ingest.catch_up(_CATCH_UP_S)
    yesterday = datetime.now(where).date() - timedelta(days=1)
    return runtime.reported(asked.day or yesterday, name)


def tell_channel(runtime: Runtime, name: str, _: None) -> Tested:
    """Send a test to a channel, once."""
    try_channel(runtime.settings, name, time.time())
    return Tested(name)


def _moment(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


ALERTS: tuple[Operation, ...] = (
    Operation("GET", "/api/stats", show_stats, Stats, query=StatsAsked),
    Operation("GET", "/api/alerts", show_alerts, Alerts),
    Operation("GET", "/api/alerts/history", show_history, History, query=HistoryAsked),
    Operation("GET", "/api/report/daily", show_day, Daily, query=DayAsked),
    Operation("POST", "/api/channels/{id}/test", tell_channel, Tested),
)
