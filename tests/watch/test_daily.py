"""The report of a day: figures by hand, days of a time zone, and text that carries nothing dangerous."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from watch_rows import attempt, failed

from madang import catalog as catalogue
from madang.config.sections.alerts import Report
from madang.config.sections.budgets import Budget
from madang.keys import Keyring
from madang.keys.record import NewKey
from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.ledger.prices import Prices
from madang.state.store import Store
from madang.watch.alerts.book import Book, Event
from madang.watch.alerts.desk import due, of_report
from madang.watch.report.daily import Grounds, daily
from madang.watch.report.page import html, page, text

DAY = date(2026, 11, 19)
NOON_US = int(datetime(2026, 11, 19, 12, tzinfo=UTC).timestamp()) * 1_000_000
HOUR_US = 3_600_000_000


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    yield store
    store.close()


def entered(store, *rows):
    """Have rows in the ledger, the way that a gateway does it."""
    journal = Journal(store.home / "journal", "w0", segment_bytes=1 << 20)
    for row in rows:
        journal.append([row])
    journal.close()
    ingester = Ingester(store, store.home / "journal")
    while ingester.run_once().more:
        pass
    ingester.close()


def reported(store, day=DAY, zone="UTC", keys=(), budgets=(), now_us=NOON_US):
    catalog = catalogue.load()
    return daily(store, day, zone, Grounds(catalog, Prices(catalog.prices), keys, budgets, now_us))


def test_figures_are_those_of_the_attempts(store):
    rows = [
        failed(request_id="r", final=False, at_us=NOON_US, provider="a", cost_nusd=0),
        attempt(request_id="r", n=1, at_us=NOON_US, provider="b", cost_nusd=3, input_tokens=5),
        failed(at_us=NOON_US, provider="a", cost_nusd=0),
        attempt(at_us=NOON_US, cost_nusd=7, key_id="k2", model="n", latency_us=2_000_000),
    ]
    entered(store, *rows)
    told = reported(store)
    assert (told.requests, told.failed_requests, told.success_rate) == (3, 1, 2 / 3)
    assert (told.cost_nusd, told.input_tokens) == (10, 5)
    assert [(one["name"], one["cost_nusd"]) for one in told.by_model] == [("n", 7), ("m", 3)]
    assert {one["name"]: one["failed_requests"] for one in told.by_provider} == {
        "p": 0,
        "b": 0,
        "a": 1,
    }
    assert {one["name"]: one["requests"] for one in told.by_key} == {"k2": 1, "key_1": 1}
    assert told.latency_us["p50"] == pytest.approx(1_000_000, rel=0.05)
    assert told.latency_us["p99"] == pytest.approx(2_000_000, rel=0.05)


@pytest.mark.parametrize(("zone", "cost"), [("UTC", 6), ("Asia/Seoul", 12), ("Asia/Kolkata", 12)])
def test_a_day_is_one_of_its_time_zone(store, zone, cost):
    """At 17 o'clock UTC the next day has begun in Seoul and not in UTC; 20 o'clock is the next in Kolkata, too."""
    before, after = NOON_US - 17 * HOUR_US, NOON_US + 8 * HOUR_US
    entered(
        store,
        attempt(at_us=before, cost_nusd=8),
        attempt(at_us=NOON_US, cost_nusd=4),
        attempt(at_us=after, cost_nusd=2),
    )
    assert reported(store, zone=zone).cost_nusd == cost


def test_it_tells_the_alerts_of_the_day_only(store):
    book = Book(store)
    for number, at_us in enumerate((NOON_US - 24 * HOUR_US, NOON_US, NOON_US + 24 * HOUR_US)):
        facts = {"id": f"a{number}", "rule": "r", "subject": "s", "values": {}}
        book.enter(Event(at_us=at_us, severity="warning", state="firing", **facts))
    assert [event.id for event in reported(store).alerts] == ["a1"]


def test_it_tells_budgets_near_their_cap(store):
    keyring = Keyring(store)
    made = [
        keyring.create(NewKey(name=name, budget_nusd=100, budget_per="day"), now_s=0)[0]
        for name in ("near", "far")
    ]
    entered(
        store,
        attempt(at_us=NOON_US, key_id=made[0].id, cost_nusd=90),
        attempt(at_us=NOON_US, key_id=made[1].id, cost_nusd=50),
    )
    told = reported(store, keys=keyring.list(), budgets=[Budget("total", 0.00000015, per="day")])
    assert [(one.of, one.spent_nusd, one.cap_nusd) for one in told.budgets] == [
        ("", 140, 150),
        ("near", 90, 100),
    ]


def test_an_empty_day_is_reported_as_one(store):
    told = reported(store)
    assert (told.requests, told.success_rate, told.latency_us["p50"]) == (0, None, None)
    assert "Requests: 0" in text(page(told))


class Tags(HTMLParser):
    """Which tags a page has."""

    def __init__(self, content):
        super().__init__()
        self.found = set()
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)


def test_a_cost_that_is_not_known_is_not_told_as_none(store):
    rows = [
        attempt(at_us=NOON_US, model="dear", cost_nusd=3_000_000_000),
        attempt(at_us=NOON_US, model="odd", cost_nusd=None),
    ]
    entered(store, *rows)
    told = text(page(reported(store)))
    assert re.search(r"odd +1 +0 +\d+ +unknown\n", told)
    assert re.search(r"dear +1 +0 +\d+ +\$3.0000\n", told)
    assert "$3.0000 + unknown" in told  # the provider, and the key, of both


def test_names_that_callers_make_up_are_text_in_html(store):
    entered(store, attempt(at_us=NOON_US, model="<script>alert(1)</script>", cost_nusd=1))
    shown = html(page(reported(store)))
    assert "script" not in Tags(shown).found
    assert "&lt;script&gt;" in shown


def test_as_a_message_it_has_text_html_and_figures(store):
    message = of_report(reported(store), NOON_US / 1e6)
    assert (message.id, message.type) == ("rep_2026-11-19", "report.daily")
    assert message.data["report"]["requests"] == 0
    assert message.html is not None


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-11-20T07:59", None),
        ("2026-11-20T08:00", date(2026, 11, 19)),
        ("2026-11-20T19:59", date(2026, 11, 19)),
        ("2026-11-20T20:01", None),
    ],
)
def test_a_report_is_due_from_its_time_on_for_half_a_day(local, day):
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Seoul"))
    assert due(Report(at="08:00", time_zone="Asia/Seoul"), at.timestamp()) == day
    assert due(Report(), at.timestamp()) is None


@pytest.mark.parametrize(("language", "word"), [("ko", "모델별"), ("zh", "按模型")])
def test_a_report_in_another_language_has_the_same_figures(store, language, word):
    entered(store, attempt(at_us=NOON_US, model="m1", cost_nusd=1_000_000_000))
    told = reported(store)
    shown = text(page(told, language))
    assert word in shown
    assert word not in text(page(told))
    row = next(line for line in shown.splitlines() if line.strip().startswith("m1"))
    assert row.split() == ["m1", "1", "0", "0", "$1.0000"]
    assert f'lang="{language}"' in html(page(told, language))
    message = of_report(told, NOON_US / 1e6, language)
    assert message.text == shown
    assert message.data == of_report(told, NOON_US / 1e6).data
