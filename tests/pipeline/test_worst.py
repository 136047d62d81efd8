"""The most that a request can cost: by hand, from prices as they are printed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.ledger.prices import cost_nusd, worst_nusd
from madang.model import Usage
from madang.model.price import Hours, PriceRow, Sheet, Tier
from madang.pipeline.worst import Worst, candidate, copies_of, tier_of
from madang.wire.contract import Envelope

DAY = date(2026, 1, 1)


def row(**prices):
    given = {"input": 2_000_000_000, "output": 8_000_000_000} | prices
    return PriceRow(provider="p", model="m", valid_from=DAY, source="s", retrieved=DAY, **given)


PLAIN = row()
WRITES = row(cache_write=2_500_000_000, cache_write_1h=4_000_000_000)
LONG = row(over=(Tier(tokens=200_000, input=4_000_000_000, output=12_000_000_000),))
NIGHT = row(hours=(Hours(start=0, end=60, input=1, output=16_000_000_000),))
PRIORITY = row(service={"priority": Sheet(input=3_500_000_000, output=14_000_000_000)})


@pytest.mark.parametrize(
    ("price", "prompt", "nusd"),
    [
        (PLAIN, 1000, 1000 * 2_000 + 100 * 8_000),
        (WRITES, 1000, 1000 * 4_000 + 100 * 8_000),
        (LONG, 200_000, 200_000 * 2_000 + 100 * 8_000),
        (LONG, 200_001, 200_001 * 4_000 + 100 * 12_000),
        (NIGHT, 1000, 1000 * 2_000 + 100 * 16_000),
    ],
)
def test_every_token_has_the_dearest_price_that_it_may_have(price, prompt, nusd):
    assert candidate(price, 1000).most_nusd(prompt, 100, None) == nusd


def test_the_dearest_candidate_counts_and_none_makes_longer_answers_than_it_can():
    worst = Worst([candidate(PLAIN, 500), candidate(WRITES, 100)])
    assert worst.most_nusd(0, 10_000, 1, None) == 500 * 8_000
    assert worst.most_nusd(0, 10_000, 3, None) == 3 * 500 * 8_000
    assert worst.most_nusd(1000, 0, 1, None) == 1000 * 4_000


def test_a_dearer_tier_counts_where_it_is_asked_for():
    worst = Worst([candidate(PRIORITY, 1000)])
    assert worst.most_nusd(100, 10, 1, "priority") == 100 * 3_500 + 10 * 14_000
    assert worst.most_nusd(100, 10, 1, None) == 100 * 2_000 + 10 * 8_000


TOKENS = st.integers(0, 400_000)


@given(st.sampled_from([PLAIN, WRITES, LONG, PRIORITY]), TOKENS, TOKENS, st.integers(0, 400_000))
def test_no_answer_costs_more_than_the_worst_case(price, prompt, answer, read):
    usage = Usage(input=prompt, output=answer, cache_read=min(read, prompt), cache_write_1h=0)
    writes = Usage(input=prompt, output=answer, cache_write=prompt, cache_write_1h=prompt // 2)
    most = candidate(price, 400_000).most_nusd(prompt, answer, None)
    assert most >= (cost_nusd(price, usage) or 0)
    assert most >= (cost_nusd(price, writes) or 0)
    assert most >= (worst_nusd(price, Usage(input=prompt, output=answer)) or 0) - 1


@given(st.integers(0, 10**10), TOKENS, st.integers(1, 8))
def test_the_bound_that_money_pays_for_is_the_longest(nusd, prompt, copies):
    worst = Worst([candidate(LONG, 100_000), candidate(WRITES, 50_000)])
    bound = worst.tokens_for(nusd, prompt, copies, None)
    if bound:
        assert worst.most_nusd(prompt, bound, copies, None) <= nusd
    if bound < 100_000:
        assert worst.most_nusd(prompt, bound + 1, copies, None) > nusd


@pytest.mark.parametrize(
    ("fields", "copies"),
    [
        ({}, 1),
        ({"n": b"3"}, 3),
        ({"n": b"null"}, 1),
        ({"n": b'"3"'}, 3),
        ({"n": b"2e1"}, 20),
        ({"n": b'"nan"'}, 1),
        ({"n": b"true"}, 1),
        ({"n": b"-4", "best_of": b"5"}, 5),
        ({"n": b"1e300"}, 1_000_000),
        ({"generationConfig": b'{"candidateCount": 4}'}, 4),
        ({"generationConfig": b'["candidateCount"]'}, 1),
        ({"generation_config": b'{"candidate_count": "4"}', "generationConfig": b"{}"}, 4),
    ],
)
def test_several_answers_are_found_wherever_a_dialect_asks_for_them(fields, copies):
    assert copies_of(Envelope("m", False, fields)) == copies


def test_the_standard_tier_is_none():
    tiers = [b'"priority"', b'"default"', b'"auto"', b"null", b"7"]
    asked = [tier_of(Envelope("m", False, {"service_tier": tier})) for tier in tiers]
    assert asked == ["priority", None, None, None, None]


@pytest.mark.parametrize(
    ("fields", "tier"),
    [
        ({"speed": b'"fast"'}, "fast"),
        ({"speed": b'"standard"', "service_tier": b'"flex"'}, "flex"),
        ({"serviceTier": b'"PRIORITY"'}, "PRIORITY"),
    ],
)
def test_a_tier_is_found_by_each_makers_word_for_it(fields, tier):
    """Anthropic's fast mode costs twice as much, Gemini's priority 1.8 times."""
    assert tier_of(Envelope("m", False, fields)) == tier
