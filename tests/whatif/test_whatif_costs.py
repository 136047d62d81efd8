"""Small ledgers replayed, against calculations by hand. Prices are the catalogue's of November 2026, in dollars

per million tokens: gpt-4.1 2/8 (cached 0.50), gpt-4.1-mini 0.40/1.60; others are stated in the test.
"""

from decimal import Decimal

import pytest
from whatif_rows import AT_US, row_of

from madang.config.sections.budgets import Limit
from madang.whatif.change import Change, read_mix, read_moves
from madang.whatif.limiting import Bounds

OWN = """
prices:
  - {provider: gemini, model: gemini-2.5-flash, in: 1, out: 4}
  - {provider: deepseek, model: deepseek-v3.2, in: 0.5, out: 2}
"""
TO_MINI = Change(moves=read_moves(["gpt-4.1=gpt-4.1-mini"]))


def test_a_move_is_priced_at_the_other_model_and_the_rest_stays(past, replayed):
    """1,000 in and 100 out: 2,000,000 + 800,000 then; 400,000 + 160,000 now."""
    rows = [past(), past(model="gpt-4.1-mini", cost_nusd=560_000)]
    told = replayed(rows, before="", change=TO_MINI)
    assert (told.total.then_nusd, told.total.now_nusd) == (3_360_000, 1_120_000)
    assert (told.moved_requests, told.total.difference_nusd) == (1, -2_240_000)
    assert (row_of(told, "gpt-4.1").now_requests, row_of(told, "gpt-4.1-mini").now_requests) == (
        0,
        2,
    )


def test_cached_tokens_stay_cached_at_the_new_price(past, replayed):
    """600 at 0.40, 400 at 0.10, 100 out at 1.60 = 240,000 + 40,000 + 160,000."""
    told = replayed([past(cache_read_tokens=400)], change=TO_MINI)
    assert told.total.now_nusd == 440_000


def test_a_corrected_price_counts_for_what_stays(past, replayed):
    text = "prices: [{provider: openai, model: gpt-4.1, in: 1, out: 1}]"
    told = replayed([past()], text, before="")
    assert told.total.now_nusd == 1_100_000


def test_an_unknown_price_is_unknown_on_its_side_and_not_compared(past, replayed):
    rows = [past(), past(model="mystery", cost_nusd=None), past(cost_nusd=None)]
    told = replayed(rows)
    total = told.total
    assert (total.then_nusd, total.then_unknown) == (2_800_000, 2)
    assert (total.now_nusd, total.now_unknown) == (5_600_000, 1)
    assert (total.compared_requests, total.difference_nusd) == (1, 0)
    assert [(one.model, one.requests) for one in told.unpriced] == [("mystery", 1)]
    assert told.unserved == {"mystery": 1}


def test_a_name_that_is_not_served_is_priced_at_its_vendor(past, replayed):
    told = replayed([past(model="mistral-large-2512", provider="mistral", cost_nusd=7)])
    assert list(told.unserved) == ["mistral-large-2512"]
    assert told.total.now_unknown == 0


def test_a_mix_spreads_by_request_and_leaves_embeddings_out(past, replayed):
    rows = [past() for _ in range(2_000)]
    rows.append(past(model="text-embedding-3-small", dialect="embeddings", output_tokens=0))
    change = Change(mix=read_mix("gemini-2.5-flash=30,deepseek-v3.2=10"))
    told = replayed(rows, OWN, change=change)
    gemini, deepseek = row_of(told, "gemini-2.5-flash"), row_of(told, "deepseek-v3.2")
    assert gemini.now_nusd == gemini.now_requests * 1_400_000
    assert deepseek.now_nusd == deepseek.now_requests * 700_000
    assert abs(gemini.now_requests - 1_500) < 80
    assert row_of(told, "text-embedding-3-small").now_requests == 1
    assert told == replayed(rows, OWN, change=change)


def test_hits_cost_nothing_and_are_worth_what_they_would_have_cost(past, replayed):
    rows = [past() for _ in range(1_000)]
    told = replayed(rows, before="", change=Change(cache_hit_rate=Decimal("0.2")))
    hits = told.caches.more_hits
    assert abs(hits - 200) < 45
    assert told.caches.saved_nusd == hits * 2_800_000
    assert told.total.now_nusd == (1_000 - hits) * 2_800_000
    assert row_of(told, "(cache)").now_requests == hits


def test_tokens_are_scaled_by_families_when_asked_for(past, replayed):
    """Gemini makes 1.08 tokens of one of GPT's: 1,080 in and 108 out, at 1 and 4 dollars."""
    change = Change(moves=read_moves(["gpt-4.1=gemini-2.5-flash"]), by_family=True)
    told = replayed([past()], OWN, change=change)
    assert told.total.now_nusd == 1_080_000 + 432_000


def test_what_failed_altogether_fails_again(past, replayed):
    failed = past(outcome="failed", input_tokens=0, output_tokens=0, cost_nusd=0, cause="timeout")
    told = replayed([failed])
    assert (told.attempts, told.failed_requests, told.total.requests) == (1, 1, 0)


def test_an_answer_from_the_cache_stays_one(past, replayed):
    told = replayed([past(outcome="hit", cache="hit", cost_nusd=0)], change=TO_MINI)
    assert (told.caches.then_hits, told.moved_requests, told.total.now_nusd) == (1, 0, 0)


def test_a_month_is_thirty_mean_days(past, replayed):
    """Two requests over three days at 2,800,000 each, or 560,000: times ten."""
    rows = [past(), past(at_us=AT_US + 2 * 86_400_000_000)]
    month = replayed(rows, change=TO_MINI).month
    assert (month.days_used, month.then_nusd, month.now_nusd) == (3, 56_000_000, 11_200_000)


def test_sums_are_told_by_key_tag_and_day(past, replayed):
    rows = [past(key_id="a", tags='{"team":"x","task":"t"}'), past(key_id="b")]
    told = replayed(rows, change=TO_MINI)
    assert [(one.name, one.now_nusd) for one in told.by_key] == [("a", 560_000), ("b", 560_000)]
    assert [one.name for one in told.by_tag] == [None, "task=t", "team=x"]
    assert [(one.name, one.requests) for one in told.by_day] == [("2026-11-20", 2)]


@pytest.mark.parametrize(
    ("limit", "code", "refused"),
    [
        (Limit("total", rpm=4), "rate_limit_exceeded", 6),
        (Limit("total", tpm=3_300), "rate_limit_exceeded", 7),
        (Limit("total", tpm=1_000), "request_too_large", 10),
        (Limit("total", concurrency=2), "concurrency_exceeded", 6),
    ],
)
def test_limits_refuse_whom_the_gateway_would(past, replayed, limit, code, refused):
    """Ten requests, a second apart, of 1,100 tokens and five seconds each: of every five two are within."""
    rows = [past(latency_us=5_000_000) for _ in range(10)]
    told = replayed(rows, bounds=Bounds(limits=(limit,)))
    assert told.limits.refused == {code: refused}
    assert told.limits.refused_nusd == refused * 2_800_000
    assert told.total.requests == 10
