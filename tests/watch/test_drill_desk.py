"""Drills by a schedule: when they begin, once for each time, and what is told of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from madang.config.sections.drills import Drill, ScheduledDrill, Strike
from madang.ledger.reports.drills import DrillFigures
from madang.pipeline.chaos.faults import FAULTS, Chaos, Injection
from madang.state.store import Store
from madang.watch.drill_desk import DrillDesk, due_s, name_of, of_drill


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "days", "due"),
    [
        ("2026-11-20T18:00:00", (), True),  # Saturday, 03:00 in Seoul
        ("2026-11-20T17:59:59", (), False),
        ("2026-11-20T18:59:59", ("sat",), True),
        ("2026-11-20T18:59:59", ("fri",), False),
        ("2026-11-20T19:00:01", (), False),  # an hour late is too late
    ],
)
def test_a_drill_begins_at_its_time_of_the_day(now, days, due):
    one = ScheduledDrill(
        strike="storm", targets=("openai",), at="03:00", days=days, time_zone="Asia/Seoul"
    )
    expected = at("2026-11-20T18:00:00") if due else None
    assert due_s(one, at(now), 0.0) == expected


def test_a_drill_of_every_so_many_hours_counts_from_the_last():
    one = ScheduledDrill(strike="storm", targets=("openai",), every_h=2)
    assert due_s(one, 7199.0, 0.0) is None
    assert due_s(one, 7300.0, 0.0) == 7200.0


def test_it_is_begun_once_for_each_time_whoever_looks(tmp_path):
    store = Store(tmp_path)
    now = datetime.now(UTC)
    one = ScheduledDrill(strike="storm", targets=("openai",), at=f"{now:%H:%M}")
    desks = [DrillDesk(store, Chaos(), lambda *_: None, leads=True) for _ in range(2)]
    for desk in desks:
        desk.configure((one,))
        desk.tend()
    rows = store.read("SELECT id FROM drills")
    assert len(rows) == 1
    assert rows[0]["id"].startswith(name_of(one))
    store.close()


@pytest.mark.parametrize(
    ("answered", "verdict"), [(999, "held"), (998, "did not hold"), (None, "struck nobody")]
)
def test_the_report_says_whether_it_held(answered, verdict):
    numbers = {"p50_s": 0.1, "p95_s": 0.2, "wasted_usd": 0.0, "failed": {}, "attempts": 0}
    requests = 0 if answered is None else 1000
    report = DrillFigures(requests=requests, answered=answered or 0, **numbers)
    drill = Injection("drl_1", Drill(strike="storm", targets=("openai",)), 0, 1)
    message = of_drill(drill, report, 0.0)
    assert verdict in message.title
    assert message.data["report"]["answered"] == (answered or 0)
    assert "훈련 storm" in message.spoken("ko").title


def test_every_strike_does_something_and_is_on_the_page():
    page = (Path(__file__).parents[2] / "docs" / "drills.md").read_text()
    assert list(FAULTS) == list(get_args(Strike))
    assert [
        strike for strike in FAULTS if f"| `{strike}` | {FAULTS[strike].what}" not in page
    ] == []
