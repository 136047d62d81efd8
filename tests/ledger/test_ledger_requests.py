"""Lists of requests and of what went wrong, checked by hand."""

import pytest
from ledger_reading import NOV_20_2026_US, moved

from madang.errors import InvalidRequest
from madang.ledger.reports import requests
from madang.ledger.reports.requests import Wanted, errors, latest

SECOND_US = 1_000_000


@pytest.fixture
def enter(journal, ingester):
    """Enters requests: each is its attempts in order."""

    def enter(*wanted):
        for attempts in wanted:
            journal.append(attempts if isinstance(attempts, list) else [attempts])
        moved(ingester)

    return enter


def ids(page):
    return [row["id"] for row in page["rows"]]


def at(second):
    return NOV_20_2026_US + second * SECOND_US


def test_the_latest_requests_come_first_whatever_the_order_of_entering(store, enter, attempt):
    enter(*(attempt(request_id=f"r{n}", at_us=at(n)) for n in (3, 1, 2)))
    assert ids(latest(store, Wanted())) == ["r3", "r2", "r1"]


def test_pages_hold_every_request_once(store, enter, attempt):
    """Also where many happened in the same microsecond."""
    enter(*(attempt(request_id=f"r{n:02}", at_us=at(n // 4)) for n in range(23)))
    seen, page = [], latest(store, Wanted(limit=5))
    while page["next"]:
        seen += ids(page)
        page = latest(store, Wanted(limit=5, before=page["next"]))
    assert sorted(seen + ids(page)) == [f"r{n:02}" for n in range(23)]


def test_a_row_is_the_final_attempt_and_the_cost_of_all(store, enter, attempt):
    first = attempt(request_id="r", model="down", outcome="failed", final=False, cost_nusd=3)
    enter([first, attempt(request_id="r", n=1, cost_nusd=4, tags={"a": "b"})])
    (row,) = latest(store, Wanted())["rows"]
    wanted = {"model": "gpt-4.1", "attempts": 2, "cost_nusd": 7, "tags": {"a": "b"}}
    assert wanted.items() <= row.items()


def test_a_cost_of_which_a_part_is_unknown_is_unknown(store, enter, attempt):
    first = attempt(request_id="r", outcome="cut", final=False, cost_nusd=None)
    enter([first, attempt(request_id="r", n=1, cost_nusd=4)])
    assert latest(store, Wanted())["rows"][0]["cost_nusd"] is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"key_id": "key_a"}, ["r3", "r1"]),
        ({"model": "m"}, ["r3", "r2"]),
        ({"outcome": "failed"}, ["r3", "r2"]),
        ({"outcome": "ok"}, ["r1"]),
        ({"key_id": "key_a", "model": "m", "outcome": "failed"}, ["r3"]),
        ({"key_id": "key_c"}, []),
    ],
)
def test_requests_are_found_by_key_model_and_outcome(store, enter, attempt, wanted, found):
    enter(
        attempt(request_id="r1", at_us=at(1), key_id="key_a"),
        attempt(request_id="r2", at_us=at(2), key_id="key_b", model="m", outcome="failed"),
        attempt(request_id="r3", at_us=at(3), key_id="key_a", model="m", outcome="failed"),
    )
    assert ids(latest(store, Wanted(**wanted))) == found


def test_a_search_for_what_is_rare_says_where_to_go_on(store, enter, attempt, monkeypatch):
    monkeypatch.setattr(requests, "MAX_READ", 4)
    rare = attempt(request_id="rare", at_us=at(0), outcome="hit")
    enter(rare, *(attempt(at_us=at(n)) for n in range(1, 10)))
    page, pages = latest(store, Wanted(outcome="hit")), 1
    while not page["rows"]:
        page, pages = latest(store, Wanted(outcome="hit", before=page["next"])), pages + 1
    assert (ids(page), pages, page["next"]) == (["rare"], 3, None)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 501}, {"before": "x"}, {"before": "1"}])
def test_what_is_no_page_is_refused(store, wrong):
    with pytest.raises(InvalidRequest):
        latest(store, Wanted(**wrong))


def test_errors_are_counted_by_cause(store, enter, attempt):
    limited = {"outcome": "failed", "cause": "rate_limit", "status": 429}
    enter(
        *(attempt(**limited, at_us=at(n)) for n in range(3)),
        attempt(outcome="cut", cause="broken"),
        attempt(outcome="client_closed"),
        attempt(),
        attempt(**limited, at_us=at(-1)),
    )
    found = errors(store, since_us=at(0))
    assert [(row["cause"], row["attempts"]) for row in found] == [("rate_limit", 3), ("broken", 1)]
    assert found[0]["last_at"] == "2026-11-20T00:00:02.000Z"
    assert errors(store, since_us=at(0), until_us=at(1), key_id="key_b") == []
