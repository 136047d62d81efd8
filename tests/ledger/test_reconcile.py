"""The ledger beside providers' reports, by hand calculation; what was booked makes the sums equal exactly."""

import json
from datetime import date

import pytest
from ledger_reading import NOV_20_2026_US, moved

from madang.catalog import load
from madang.errors import InvalidRequest
from madang.ledger.corrections import reconcile
from madang.ledger.corrections.bills import read_bill
from madang.ledger.reports import usage

NOV_20 = date(2026, 11, 20)
DAY_S = NOV_20_2026_US // 1_000_000
DAYS = {"from_day": NOV_20, "to_day": NOV_20}


def canonical(name):
    row = load().find(name)
    return row.name if row else None


def openai(*results, day=0):
    start = DAY_S + day * 86_400
    bucket = {"object": "bucket", "start_time": start, "end_time": start + 86_400}
    return {"object": "page", "data": [{**bucket, "results": list(results)}], "has_more": False}


def tokens(model, requests, sent, answered, cached=0):
    return {
        "object": "organization.usage.completions.result",
        "model": model,
        "num_model_requests": requests,
        "input_tokens": sent,
        "output_tokens": answered,
        "input_cached_tokens": cached,
    }


def cost(item, dollars):
    amount = {"value": dollars, "currency": "usd"}
    return {"object": "organization.costs.result", "amount": amount, "line_item": item}


def bill(*pages, shape="openai"):
    return read_bill(json.dumps(pages), shape, canonical)


@pytest.fixture
def enter(journal, ingester, attempt):
    def enter(*rows):
        journal.append([attempt(**row) for row in rows])
        moved(ingester)

    return enter


def test_openais_pages_become_a_line_per_day_and_model():
    found = bill(
        openai(tokens("gpt-4.1-2025-04-14", 3, 100, 20, 40), tokens("gpt-4o-mini", 1, 5, 6)),
        openai(
            cost("gpt-4.1-2025-04-14, input_tokens", 0.000000001),
            cost("gpt-4.1-2025-04-14, output_tokens", 1.25),
            cost("Web search", 0.01),
        ),
    )
    lines = {line.model: line for line in found.lines}
    assert lines["gpt-4.1"].cost_nusd == 1_250_000_001
    assert (lines["gpt-4.1"].input_tokens, lines["gpt-4.1"].cache_read_tokens) == (100, 40)
    assert (lines["gpt-4o-mini"].requests, lines["gpt-4o-mini"].cost_nusd) == (1, None)
    assert lines[None].cost_nusd == 10_000_000
    assert found.days == {NOV_20}


def test_anthropics_cents_and_parts_of_the_prompt_are_put_together():
    bounds = {"starting_at": "2026-11-20T00:00:00Z", "ending_at": "2026-11-21T00:00:00Z"}
    used = {
        "model": "claude-sonnet-4-20250514",
        "uncached_input_tokens": 10,
        "cache_read_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3},
        "output_tokens": 7,
    }
    paid = {"model": "claude-sonnet-4-20250514", "amount": "123.45", "currency": "USD"}
    found = bill(
        {"data": [{**bounds, "results": [used]}]},
        {"data": [{**bounds, "results": [paid, paid]}]},
        shape="anthropic",
    )
    (line,) = found.lines
    assert (line.input_tokens, line.output_tokens, line.cache_read_tokens) == (20, 7, 5)
    assert (line.model, line.cost_nusd, line.requests) == ("claude-sonnet-4", 2_469_000_000, None)


def test_amounts_are_summed_before_they_are_rounded():
    """Three times 0.4 nano-dollars are 1.2, which is 1."""
    found = bill(openai(*[cost("gpt-4.1, input_tokens", 0.0000000004)] * 3))
    assert found.lines[0].cost_nusd == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]x", "{}", '{"data": 1}', '{"data": [{}]}', "null", "5"),
        json.dumps(openai({"object": "organization.costs.result", "amount": None})),
        json.dumps(openai({**cost("x", 1), "amount": {"value": 1, "currency": "eur"}})),
        json.dumps({"data": [{"start_time": 0, "end_time": 86_401, "results": []}]}),
    ],
)
def test_what_is_no_report_is_refused(text):
    if not text:
        assert read_bill(text, "openai", canonical).days == frozenset()
        return
    with pytest.raises(InvalidRequest):
        read_bill(text, "openai", canonical)


def test_each_model_is_compared_and_drift_is_its_share(store, enter):
    enter(
        {"cost_nusd": 990, "input_tokens": 100, "output_tokens": 10},
        {"model": "gpt-4o-mini", "cost_nusd": 7},
        {"provider": "azure", "cost_nusd": 10**9},
    )
    found = bill(
        openai(tokens("gpt-4.1", 1, 100, 10), cost("gpt-4.1, input_tokens", 0.000001)),
    )
    result = reconcile.compare(store, "openai", found)
    rows = {row.model: row for row in result.rows}
    assert rows["gpt-4.1"].difference == {
        **dict.fromkeys(("requests", "input_tokens", "output_tokens", "cache_read_tokens"), 0),
        "cost_nusd": 10,
    }
    assert rows["gpt-4.1"].drift == pytest.approx(0.01)
    assert (rows["gpt-4o-mini"].difference["cost_nusd"], rows["gpt-4o-mini"].drift) == (-7, 1.0)
    assert {row.model for row in result.drifting(0.02)} == {"gpt-4o-mini"}


def test_costs_that_name_no_model_are_compared_by_the_day(store, enter):
    enter({"cost_nusd": 5}, {"model": "gpt-4o-mini", "cost_nusd": 6})
    (row,) = reconcile.compare(store, "openai", bill(openai(cost(None, 0.00000001)))).rows
    assert (row.model, row.ours, row.difference) == (None, {"cost_nusd": 11}, {"cost_nusd": -1})


def test_a_day_on_which_the_provider_knows_of_nothing_is_drift(store, enter):
    enter({"cost_nusd": 5, "input_tokens": 10})
    (row,) = reconcile.compare(store, "openai", bill(openai())).rows
    assert (row.difference["cost_nusd"], row.difference["input_tokens"], row.drift) == (
        -5,
        -10,
        1.0,
    )
    costs_only = bill(openai(cost("gpt-4.1", 0.000000005), day=1), openai())
    assert next(one.day for one in reconcile.compare(store, "azure", costs_only).rows) > NOV_20


def test_what_is_booked_makes_the_sums_equal_and_a_second_time_there_is_nothing_to_book(
    store, enter
):
    enter({"cost_nusd": 990}, {"model": "gpt-4o-mini", "cost_nusd": 7}, {"cost_nusd": None})
    charged = bill(openai(cost("gpt-4.1, tokens", 0.000001001), cost("Web search", 0.000000002)))
    tomorrow = date(2026, 11, 21)
    result = reconcile.adjust(store, "openai", charged, now_us=1, before=tomorrow)
    assert (result.booked_nusd, result.corrections) == (1_003 - 997, 3)
    rows = usage.usage(store, **DAYS, by=("model",))
    assert sum(row["cost_nusd"] for row in rows) == 1_003
    assert sum(row["corrections_nusd"] for row in rows) == 6
    assert {row["model"]: row["cost_nusd"] for row in rows} == {
        None: 2, "gpt-4.1": 1_001, "gpt-4o-mini": 0,
    }  # fmt: skip
    again = reconcile.adjust(store, "openai", charged, now_us=2, before=tomorrow)
    assert (again.booked_nusd, again.corrections) == (0, 0)


def test_a_day_that_is_not_over_is_compared_and_not_booked(store, enter):
    enter({"cost_nusd": 1})
    charged = bill(openai(cost(None, 1)))
    result = reconcile.adjust(store, "openai", charged, now_us=1, before=NOV_20)
    assert (result.corrections, result.open_days) == (0, (NOV_20,))
    assert reconcile.corrections(store, **DAYS) == []


def test_corrections_are_in_every_grouping_that_they_fit(store, enter):
    enter({"cost_nusd": 1, "account_id": "acc", "tags": {"team": "a"}})
    charged = bill(openai(cost("gpt-4.1, tokens", 0.000000005)))
    reconcile.adjust(store, "openai", charged, now_us=1, before=date(2026, 11, 21))
    for by in ("provider", "day", "month", "key", "account", "tag:team", "hour", "asked_model"):
        rows = usage.usage(store, **DAYS, by=(by,))
        assert sum(row["cost_nusd"] for row in rows) == 5, by
        assert sum(row["corrections_nusd"] for row in rows) == 4, by
    assert usage.usage(store, **DAYS, key_id="key_a")[0]["cost_nusd"] == 1
