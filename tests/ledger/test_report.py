"""Savings, waste and advice over small ledgers, by hand calculation at the catalogue's prices.

gpt-4.1 costs $2 in, $0.50 cached, $8 out per million tokens; gpt-4.1-mini a fifth of that: 2,000
nano-dollars are a token of input of gpt-4.1.
"""

from datetime import date

import pytest
from ledger_reading import NOV_20_2026_US, moved

from madang.catalog import load
from madang.errors import UnknownModel
from madang.ledger.prices import Prices
from madang.ledger.reports.advice import KeyFacts
from madang.ledger.reports.report import ReportRequest, report

NOV_20 = date(2026, 11, 20)
CATALOG = load()
PRICES = Prices(CATALOG.prices)
MINI = {"model": "gpt-4.1-mini", "asked_model": "gpt-4.1-mini"}
DAY_S = NOV_20_2026_US // 1_000_000


@pytest.fixture
def told(store, journal, ingester, attempt):
    """Enters attempts; gives the report of the day."""

    def told(*rows, baseline=None, keys=()):
        journal.append([attempt(**row) for row in rows])
        moved(ingester)
        asked = ReportRequest(from_day=NOV_20, to_day=NOV_20, baseline=baseline)
        return report(store, asked, CATALOG, PRICES, keys)

    return told


def advice(told, kind):
    return [one for one in told["advice"] if one["kind"] == kind]


def test_savings_are_what_the_baseline_would_have_cost_less_what_was_paid(told):
    """1,000 in, of these 400 cached, and 100 out: 600*2,000 + 400*500 + 100*8,000 = 2,200,000."""
    used = {"input_tokens": 1_000, "cache_read_tokens": 400, "output_tokens": 100}
    found = told({**MINI, **used, "cost_nusd": 440_000}, baseline="gpt-4.1-2025-04-14")["baseline"]
    assert (found["model"], found["cost_nusd"], found["paid_nusd"]) == (
        "gpt-4.1",
        2_200_000,
        440_000,
    )
    assert (found["saved_nusd"], found["saved_share"]) == (1_760_000, 0.8)


def test_what_has_no_price_is_left_out_on_both_sides_and_counted(told):
    found = told(
        {"input_tokens": 1, "output_tokens": 0, "cost_nusd": 2_000},
        {"model": "mystery", "input_tokens": 10**6, "cost_nusd": None},
        {"model": "text-embedding-3-small", "input_tokens": 10**6, "cost_nusd": 20_000},
        baseline="gpt-4.1",
    )["baseline"]
    assert (found["cost_nusd"], found["paid_nusd"]) == (2_000, 2_000)
    assert (found["compared_requests"], found["left_out_requests"]) == (1, 1)


def test_an_unknown_baseline_is_refused(told):
    with pytest.raises(UnknownModel):
        told({}, baseline="gpt-nothing")


def test_prompt_caches_save_the_difference_and_writing_costs_it(told):
    """Anthropic's claude-sonnet-4: $3 in, $0.30 read, $3.75 written: 100*2,700 - 40*750 = 240,000."""
    caches = told(
        {
            "model": "claude-sonnet-4",
            "provider": "anthropic",
            "input_tokens": 200,
            "cache_read_tokens": 100,
            "cache_write_tokens": 40,
        },
        {"outcome": "hit", "cache": "hit", "saved_nusd": 77, "cost_nusd": 0},
        {"model": "mystery", "cache_read_tokens": 5, "cost_nusd": None},
    )["caches"]
    assert (caches["provider_nusd"], caches["provider_tokens"]) == (240_000, 100)
    assert (caches["own_nusd"], caches["own_hits"], caches["unpriced_tokens"]) == (77, 1, 5)


def test_waste_is_the_cost_of_what_was_no_whole_answer(told):
    found = told(
        {"request_id": "r", "outcome": "failed", "final": False, "cost_nusd": 3},
        {"request_id": "r", "n": 1, "cost_nusd": 100},
        {"outcome": "cut", "cost_nusd": 40},
        {"outcome": "client_closed", "cost_nusd": 1_000},
    )
    assert found["waste"] == {"nusd": 43, "failed_requests": 0}
    assert advice(found, "waste") == []
    assert (
        advice(told({"key_id": "key_b", "outcome": "lost", "cost_nusd": 9}), "waste")[0]["nusd"]
        == 9
    )


def test_simple_requests_are_candidates_for_the_next_cheaper_sibling(told):
    """Of gpt-4.1's family: 4.1-mini; 1,000 in and 100 out save 2,800,000 - 560,000 nano-dollars."""
    simple = {"input_tokens": 1_000, "output_tokens": 100, "stop": "stop", "cost_nusd": 2_800_000}
    found = told(
        simple,
        {**simple, "stop": "tool_calls"},
        {**simple, "output_tokens": 201},
        {**simple, "input_tokens": 2_001},
        {**simple, "reasoning_tokens": 1},
        {**simple, "outcome": "cut"},
    )
    (one,) = advice(found, "cheaper_model")
    assert (one["subject"], one["nusd"]) == ("openai/gpt-4.1", 2_240_000)
    assert "1 simple requests" in one["text"]
    assert "gpt-4.1-mini" in one["text"]
    assert "madang compare" in one["text"]


def test_long_prompts_that_are_never_cached_are_pointed_out(told):
    """A tenth of 2,000,000 tokens, at $2 less $0.50 per million: $0.30."""
    (one,) = advice(told({"input_tokens": 2_000_000}), "prompt_cache")
    assert one["nusd"] == 300_000_000
    cached = {"model": "gpt-4o", "input_tokens": 2_000_000, "cache_read_tokens": 300_000}
    assert len(advice(told(cached), "prompt_cache")) == 1


def test_an_unknown_price_is_pointed_out(told):
    (one,) = advice(told({"model": "mystery", "cost_nusd": None}), "unknown_price")
    assert (one["subject"], one["nusd"]) == ("openai/mystery", None)


def test_keys_that_end_soon_or_are_not_used_are_pointed_out(told):
    old = {"created_at": DAY_S - 1}
    keys = [
        KeyFacts(id="key_a", name="a", **old, expires_at=DAY_S + 10 * 86_400),
        KeyFacts(id="key_b", name="b", **old),
        KeyFacts(id="key_c", name="c", created_at=DAY_S + 5),
        KeyFacts(id="key_d", name="d", **old, revoked_at=DAY_S),
        KeyFacts(id="key_e", name="e", **old, expires_at=DAY_S - 1),
    ]
    found = told({"key_id": "key_a"}, keys=keys)
    assert [one["subject"] for one in advice(found, "key_expires")] == ["a (key_a)"]
    assert [one["subject"] for one in advice(found, "key_unused")] == ["b (key_b)"]


def test_every_piece_of_advice_says_how_it_was_computed(told):
    found = told({"model": "mystery", "cost_nusd": None}, {"input_tokens": 2_000_000})
    assert all(one["how"] and one["text"] for one in found["advice"])


def test_a_day_without_anything_has_a_report(told):
    found = told(baseline="gpt-4.1")
    assert (found["total"], found["rows"], found["advice"]) == (None, [], [])
    assert found["baseline"]["saved_share"] is None
