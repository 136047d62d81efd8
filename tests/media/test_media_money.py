"""What media cost, by hand: counts that a price list knows come before those that it does not."""

from datetime import date
from decimal import Decimal

import pytest

from madang.errors import InvalidRequest
from madang.media.choosing import nusd_of
from madang.media.money import bill, owed, usage_of
from madang.model.price_list import PriceLine, priced

DAY = date(2026, 1, 1)


def _price(**per):
    named = {name.replace("__", "."): Decimal(value) for name, value in per.items()}
    line = PriceLine(model="m", valid_from=DAY, per=named)
    return priced(line, provider="p", source="here", retrieved=DAY)


def test_what_the_provider_says_comes_before_what_was_asked():
    price = _price(video_second="0.10")
    assert bill(price, [{"video_ms": 5000}, {"video_ms": 4000}], 0).nusd == 500_000_000


def test_counts_that_the_price_list_does_not_know_are_passed_over():
    price = _price(video_second__720p="0.12")
    counted = [{"credits": 60}, {"video_ms.720p": 5000}]
    assert bill(price, counted, 0).nusd == 600_000_000


def test_without_a_price_the_cost_is_unknown_and_never_zero():
    assert bill(None, [{"video_ms": 5000}], 0).nusd is None
    assert bill(_price(image="0.04"), [{"video_ms": 5000}], 0).nusd is None


def test_what_was_made_and_counted_by_nobody_has_an_unknown_cost_and_never_none():
    price = _price(video_second="0.10")
    assert owed(price, [{}, {}], 0).nusd is None
    assert owed(price, [{}, {"video_ms": 5000}], 0).nusd == 500_000_000
    assert owed(None, [{"video_ms": 5000}], 0).nusd is None


def test_nothing_billed_costs_nothing():
    assert bill(_price(video_second="0.10"), [{}, {}], 0).nusd == 0


def test_tokens_are_priced_as_tokens_where_a_price_has_them_and_as_pieces_where_not():
    counted = [{"images": 2, "input_tokens": 10, "output_tokens": 100}]
    assert bill(_price(image="0.04"), counted, 0).nusd == 80_000_000
    usage = usage_of({"output_tokens": 100, "images": 2})
    assert (usage.output, usage.units) == (100, {"images": 2})


@pytest.mark.parametrize("count", [-5, 10**12])
def test_absurd_counts_are_held_within_bounds(count):
    assert 0 <= sum(usage_of({"images": count}).units.values()) <= 10**9


def test_a_budget_in_dollars_is_exact_to_the_nano_dollar():
    """0.29 has no exact binary form: cut off instead of rounded, it would refuse a clip that costs 0.29."""
    for cents in range(1, 1000):
        assert nusd_of(cents / 100) == cents * 10_000_000
    for odd in (-1, 1e6, float("nan"), float("inf"), True, "1"):
        with pytest.raises(InvalidRequest):
            nusd_of(odd)
