"""Prices: the arithmetic against sums done by hand (see each comment), and exact fractions."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.ledger.prices import Prices, cost_nusd
from madang.model import PriceRow, Tier, Usage

DOLLAR = 1_000_000_000  # nano-dollars
DAY = date(2026, 1, 1)


def row(provider="openai", model="m", valid_from=DAY, valid_to=None, **rates):
    """A price row; rates in nano-dollars per million tokens."""
    return PriceRow(
        provider=provider,
        model=model,
        valid_from=valid_from,
        valid_to=valid_to,
        source="https://example.org/pricing",
        retrieved=DAY,
        **({"input": 2 * DOLLAR, "output": 8 * DOLLAR} | rates),
    )


# $2 in, $8 out, $0.50 read: no price for writes
PLAIN = row(cache_read=DOLLAR // 2)
# $3 in, $15 out, $0.30 read, $3.75 write, $6 hour; above 200,000: $6, $22.50, $0.60, $7.50, $12
CLAUDE = row(
    input=3 * DOLLAR,
    output=15 * DOLLAR,
    cache_read=300_000_000,
    cache_write=3_750_000_000,
    cache_write_1h=6 * DOLLAR,
    over=(
        Tier(
            tokens=200_000,
            input=6 * DOLLAR,
            output=22_500_000_000,
            cache_read=600_000_000,
            cache_write=7_500_000_000,
            cache_write_1h=12 * DOLLAR,
        ),
    ),
)
# $1.25 in, $10 out, $0.125 read; above 200,000: $2.50, $15, read not priced apart
GEMINI = row(
    input=1_250_000_000,
    output=10 * DOLLAR,
    cache_read=125_000_000,
    over=(Tier(tokens=200_000, input=2_500_000_000, output=15 * DOLLAR),),
)
# $2.50 in, $10 out, $32 audio in, $64 audio out
AUDIO = row(
    input=2_500_000_000, output=10 * DOLLAR, audio_input=32 * DOLLAR, audio_output=64 * DOLLAR
)
# $0.05 in, $0.40 out, $0.005 read
NANO = row(input=50_000_000, output=400_000_000, cache_read=5_000_000)
# one nano-dollar per million tokens: makes rounding visible
DUST = row(input=1, output=1)
FREE = row(input=0, output=0)

GOLDEN = [
    # nothing used, nothing owed
    (PLAIN, Usage(), 0),
    # 1 * $2/M = $0.000002
    (PLAIN, Usage(input=1), 2_000),
    # 1 * $8/M = $0.000008
    (PLAIN, Usage(output=1), 8_000),
    # a million in, a million out: $2 + $8
    (PLAIN, Usage(input=1_000_000, output=1_000_000), 10 * DOLLAR),
    # 1,200 * $2/M + 300 * $8/M = $0.0024 + $0.0024
    (PLAIN, Usage(input=1_200, output=300), 4_800_000),
    # reasoning is part of the output: 500 * $8/M, not 900 * $8/M
    (PLAIN, Usage(output=500, reasoning=400), 4_000_000),
    # (1,000 - 800) * $2/M + 800 * $0.50/M = $0.0004 + $0.0004
    (PLAIN, Usage(input=1_000, cache_read=800), 800_000),
    # everything read from the cache: 1,000 * $0.50/M
    (PLAIN, Usage(input=1_000, cache_read=1_000), 500_000),
    # writes not priced apart cost the input price: 1,000 * $2/M
    (PLAIN, Usage(input=1_000, cache_write=600), 2_000_000),
    # 100 * $3/M + 900 * $3.75/M = $0.0003 + $0.003375
    (CLAUDE, Usage(input=1_000, cache_write=900), 3_675_000),
    # 100 * $3 + 900 * $6 (for an hour), per million = $0.0003 + $0.0054
    (CLAUDE, Usage(input=1_000, cache_write=900, cache_write_1h=900), 5_700_000),
    # 100 * $3 + 500 * $3.75 + 400 * $6 = 300 + 1,875 + 2,400 = 4,575 dollars per million
    (CLAUDE, Usage(input=1_000, cache_write=900, cache_write_1h=400), 4_575_000),
    # 50 * $3 + 600 * $0.30 + 250 * $3.75 + 100 * $6 + 40 * $15
    # = 150 + 180 + 937.5 + 600 + 600 = 2,467.5 dollars per million
    (
        CLAUDE,
        Usage(input=1_000, output=40, cache_read=600, cache_write=350, cache_write_1h=100),
        2_467_500,
    ),
    # exactly at the border: the lower tier, 200,000 * $3/M = $0.60
    (CLAUDE, Usage(input=200_000), 600_000_000),
    # one token more: everything at the higher, 200,001 * $6/M = $1.200006
    (CLAUDE, Usage(input=200_001), 1_200_006_000),
    # what is cached counts for the tier: 50,000 * $6 + 250,000 * $0.60 + 1,000 * $22.50
    # = 300,000 + 150,000 + 22,500 dollars per million
    (CLAUDE, Usage(input=300_000, cache_read=250_000, output=1_000), 472_500_000),
    # 100,000 * $6 + 100,000 * $7.50 + 100,000 * $12 = 600,000 + 750,000 + 1,200,000
    (CLAUDE, Usage(input=300_000, cache_write=200_000, cache_write_1h=100_000), 2_550_000_000),
    # a long answer does not change the tier: 1,000 * $1.25 + 300,000 * $10 = 1,250 + 3,000,000
    (GEMINI, Usage(input=1_000, output=300_000), 3_001_250_000),
    # the tier has no price for reads, so they cost its input: 250,000 * $2.50
    (GEMINI, Usage(input=250_000, cache_read=250_000), 625_000_000),
    # 700 * $2.50 + 300 * $32 = 1,750 + 9,600
    (AUDIO, Usage(input=1_000, audio_input=300), 11_350_000),
    # 200 * $10 + 800 * $64 = 2,000 + 51,200
    (AUDIO, Usage(output=1_000, audio_output=800), 53_200_000),
    # audio without a price of its own costs what text does: 1,000 * $2 + 1,000 * $8
    (PLAIN, Usage(input=1_000, output=1_000, audio_input=1_000, audio_output=1_000), 10_000_000),
    # 3 * $0.05 + 5 * $0.40 = 0.15 + 2 dollars per million = 2,150 nano-dollars
    (NANO, Usage(input=3, output=5), 2_150),
    # 499,999 millionths of a nano-dollar are rounded down, 500,000 up, 1,499,999 to 1
    (DUST, Usage(input=499_999), 0),
    (DUST, Usage(input=500_000), 1),
    (DUST, Usage(input=1_499_999), 1),
    # the sum is rounded, not its parts: 250,000 + 250,000
    (DUST, Usage(input=250_000, output=250_000), 1),
    (FREE, Usage(input=1_000_000, output=1_000_000), 0),
    # more read than sent: no more than the whole, 1,000 * $0.30/M
    (CLAUDE, Usage(input=1_000, cache_read=5_000), 300_000),
    # read and written add up to more than was sent: 700 * $0.30 + 300 * $3.75 = 210 + 1,125
    (CLAUDE, Usage(input=1_000, cache_read=700, cache_write=700), 1_335_000),
    # a total of writes that leaves the hour's out: 400 * $6 + 600 * $3 = 2,400 + 1,800
    (CLAUDE, Usage(input=1_000, cache_write_1h=400), 4_200_000),
    # more audio than output: 100 * $64
    (AUDIO, Usage(output=100, audio_output=900), 6_400_000),
    # negative reports count as nothing
    (CLAUDE, Usage(input=-5, output=-5, cache_read=-5, cache_write=-5), 0),
    (CLAUDE, Usage(input=1_000, cache_read=-800), 3_000_000),
    # a hundred million requests' worth, exactly: 10^14 * $3/M + 10^14 * $15/M
    (CLAUDE, Usage(output=10**14), 15 * 10**8 * DOLLAR),
]


@pytest.mark.parametrize(("price", "usage", "expected"), GOLDEN)
def test_cost_is_what_the_sum_by_hand_says(price, usage, expected):
    assert cost_nusd(price, usage) == expected


# --- properties ---

rate = st.integers(0, 200 * DOLLAR)
optional_rate = st.none() | rate
count = st.integers(0, 3_000_000)
wild = st.integers(-1_000, 3_000_000)


@st.composite
def flat_prices(draw):
    names = ("cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output")
    return row(input=draw(rate), output=draw(rate), **{name: draw(optional_rate) for name in names})


usages = st.builds(
    Usage,
    input=wild,
    output=wild,
    cache_read=wild,
    cache_write=wild,
    cache_write_1h=wild,
    audio_input=wild,
    audio_output=wild,
    reasoning=wild,
)


@st.composite
def consistent_usages(draw):
    """Usage whose parts add up."""
    read, hour, other, audio, text = (draw(count) for _ in range(5))
    spoken, said = draw(count), draw(count)
    return Usage(
        input=read + hour + other + audio + text,
        output=spoken + said,
        cache_read=read,
        cache_write=hour + other,
        cache_write_1h=hour,
        audio_input=audio,
        audio_output=spoken,
    )


@given(price=flat_prices(), usage=usages)
def test_cost_is_never_negative(price, usage):
    assert cost_nusd(price, usage) >= 0


@given(price=flat_prices(), usage=usages, more=count)
def test_more_tokens_never_cost_less(price, usage, more):
    base = cost_nusd(price, usage)
    longer = Usage(**{**_fields(usage), "input": usage.input + more})
    wordier = Usage(**{**_fields(usage), "output": usage.output + more})
    assert cost_nusd(price, longer) >= base
    assert cost_nusd(price, wordier) >= base


@given(price=flat_prices(), one=consistent_usages(), other=consistent_usages())
def test_two_calls_cost_what_one_big_call_would_up_to_rounding(price, one, other):
    both = Usage(**{name: value + _fields(other)[name] for name, value in _fields(one).items()})
    assert abs(cost_nusd(price, one) + cost_nusd(price, other) - cost_nusd(price, both)) <= 1


@given(price=flat_prices(), usage=consistent_usages())
def test_cost_is_the_exact_sum_of_its_parts_rounded_once(price, usage):
    def at(tokens, *rates):
        return Fraction(tokens * next(rate for rate in rates if rate is not None), 1_000_000)

    text = usage.input - usage.cache_read - usage.cache_write - usage.audio_input
    hour = usage.cache_write_1h
    exact = (
        at(text, price.input)
        + at(usage.cache_read, price.cache_read, price.input)
        + at(usage.cache_write - hour, price.cache_write, price.input)
        + at(hour, price.cache_write_1h, price.cache_write, price.input)
        + at(usage.audio_input, price.audio_input, price.input)
        + at(usage.output - usage.audio_output, price.output)
        + at(usage.audio_output, price.audio_output, price.output)
    )
    assert abs(cost_nusd(price, usage) - exact) <= Fraction(1, 2)


def _fields(usage):
    return {
        name: getattr(usage, name)
        for name in Usage.__struct_fields__
        if name not in ("estimated", "tier", "units")
    }


# --- finding the row in force ---

OLD = row(valid_from=date(2026, 1, 1), valid_to=date(2026, 3, 1))
NEW = row(valid_from=date(2026, 3, 1), input=DOLLAR)
CANONICAL = row(model="gpt-4o")
SNAPSHOT = row(model="gpt-4o-2024-05-13", input=5 * DOLLAR)
ANTHROPIC = row(provider="anthropic", model="claude")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), OLD),
        (date(2026, 2, 28), OLD),
        (date(2026, 3, 1), NEW),
        (date(2030, 1, 1), NEW),
    ],
)
def test_a_price_changes_at_midnight(day, expected):
    assert Prices([OLD, NEW]).find("openai", "m", None, day) is expected


def test_an_ended_price_is_unknown_not_the_last_one():
    assert Prices([OLD]).find("openai", "m", None, date(2026, 3, 1)) is None


def test_the_order_of_rows_does_not_matter():
    day = date(2026, 4, 1)
    assert Prices([NEW, OLD]).find("openai", "m", None, day) is NEW
    assert Prices([OLD, NEW]).find("openai", "m", None, day) is NEW


def test_of_rows_that_overlap_the_newest_counts():
    correction = row(valid_from=date(2026, 2, 1), input=7)
    assert Prices([correction, OLD]).find("openai", "m", None, date(2026, 2, 15)) is correction


def test_the_providers_own_id_comes_before_the_canonical_name():
    prices = Prices([CANONICAL, SNAPSHOT])
    assert prices.find("openai", "gpt-4o-2024-05-13", "gpt-4o", DAY) is SNAPSHOT
    assert prices.find("openai", "gpt-4o-2024-11-20", "gpt-4o", DAY) is CANONICAL


def test_an_own_row_that_has_ended_gives_way_to_the_canonical_one():
    ended = row(model="alias", valid_to=DAY + timedelta(days=1))
    prices = Prices([ended, CANONICAL])
    assert prices.find("openai", "alias", "gpt-4o", DAY) is ended
    assert prices.find("openai", "alias", "gpt-4o", DAY + timedelta(days=1)) is CANONICAL


def test_a_provider_without_prices_has_an_unknown_price():
    assert Prices([CANONICAL]).find("gpu-box", "gpt-4o", "gpt-4o", DAY) is None


def test_a_model_without_a_price_is_unknown():
    assert Prices([CANONICAL]).find("openai", "gpt-99", None, DAY) is None


def test_a_provider_of_ones_own_can_be_priced_like_another():
    prices = Prices([CANONICAL, SNAPSHOT])
    assert prices.find("azure-kr", "deployment-7", "gpt-4o", DAY, like="openai") is CANONICAL
    assert prices.find("azure-kr", "gpt-4o-2024-05-13", "gpt-4o", DAY, "openai") is SNAPSHOT


def test_a_price_of_ones_own_comes_before_the_one_it_is_like():
    own = row(provider="azure-kr", model="gpt-4o", input=1)
    prices = Prices([CANONICAL, own])
    assert prices.find("azure-kr", "gpt-4o", "gpt-4o", DAY, like="openai") is own


def test_prices_of_another_provider_are_not_borrowed_unasked():
    prices = Prices([CANONICAL, ANTHROPIC])
    assert prices.find("openai", "claude", "claude", DAY) is None
    assert prices.find("openai", "claude", "claude", DAY, like="anthropic") is ANTHROPIC


def test_a_row_is_named_by_provider_model_and_first_day():
    assert OLD.id == "openai/m@2026-01-01"
