"""`madang alerts` and `madang report --daily`: the same from a home folder and from a running gateway."""

import json
from datetime import UTC, datetime

import pytest
from cli_gateway import ask

from madang.state.store import Store
from madang.watch.alerts.book import Book, Event


@pytest.fixture(scope="module")
def places(gateway):
    """Where to look, after a question was answered and two alerts were raised, of which one has ended."""
    assert ask(gateway, gateway.key, "one")[0] == 200
    store = Store(gateway.home)
    now_us = int(datetime.now(UTC).timestamp()) * 1_000_000
    for number, (subject, state) in enumerate(
        (("a", "firing"), ("b", "firing"), ("a", "resolved"))
    ):
        facts = {"id": f"alr_{number}", "rule": "error_rate > 5%", "values": {"error_rate": 0.5}}
        event = Event(at_us=now_us, subject=subject, severity="critical", state=state, **facts)
        Book(store).enter(event)
    store.close()
    return {
        "home": ("--home", gateway.home),
        "url": ("--url", gateway.url, "--key", gateway.key),
    }


@pytest.mark.parametrize("place", ["home", "url"])
def test_what_is_raised_is_listed(madang, places, place):
    told = json.loads(madang("alerts", "list", "--json", *places[place]).stdout)
    assert [(one["subject"], one["state"]) for one in told] == [("b", "firing")]


@pytest.mark.parametrize("place", ["home", "url"])
def test_history_tells_what_ended_and_what_the_measures_were(madang, places, place):
    result = madang("alerts", "history", "--days", "2", *places[place])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("firing") == 2
    assert result.stdout.count("resolved") == 1
    assert "error_rate 50.00%" in result.stdout


@pytest.mark.parametrize("place", ["home", "url"])
def test_an_unknown_channel_ends_with_1(madang, places, place):
    result = madang("alerts", "test", "nobody", *places[place])
    assert result.exit_code == 1
    assert "nobody" in result.stderr


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_the_day_is_reported_the_same_in_both_places(madang, places, form):
    today = datetime.now(UTC).date().isoformat()
    told = [
        madang("report", "--daily", today, "--format", form, *places[place]).stdout
        for place in ("home", "url")
    ]
    assert told[0] == told[1]
    assert today in told[0]
    assert "playground" in told[0]


@pytest.mark.parametrize("line", ["report --format html", "report --daily 2026-11-20 --format csv"])
def test_forms_that_make_no_sense_end_with_2(madang, places, line):
    assert madang(*line.split(), *places["home"]).exit_code == 2
