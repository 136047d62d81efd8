"""What holds for any price: sums rounded once, a worst case that is one, hours as the clock says, exact factors."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.ledger.prices import charge, cost_nusd, worst_nusd
from madang.model import Hours, PriceRow, Rates, Sheet, Tier, UnitPrice, Usage
from madang.model.price_list import BASES, HoursLine, PriceError, PriceLine, priced

DOLLAR = 1_000_000_000
MINUTE_US = 60_000_000
DAY_MINUTES = 1440

rate = st.integers(0, 200 * DOLLAR)
count = st.integers(0, 3_000_000)
PARTS = ("cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output")
UNITS = ("images", "images.hd", "video_ms", "audio_ms", "characters", "searches", "videos")
unit_prices = st.dictionaries(
    st.sampled_from(UNITS),
    st.builds(UnitPrice, rate, st.sampled_from((1, 1000, 60_000, 1_000_000))),
)


@st.composite
def rates(draw, kind=Rates, **more):
    parts = {name: draw(st.none() | rate) for name in PARTS}
    return kind(input=draw(rate), output=draw(rate), units=draw(unit_prices), **parts, **more)


@st.composite
def rows(draw):
    """Rows with tiers of length, service tiers and hours, whatever their figures."""
    bounds = sorted(draw(st.sets(st.integers(1, 4_000_000), max_size=3)))
    facts = {"over": tuple(draw(rates(Tier, tokens=bound)) for bound in bounds)}
    facts["service"] = {"flex": draw(rates(Sheet))} if draw(st.booleans()) else {}
    start = draw(st.integers(0, DAY_MINUTES - 1))
    end = start + draw(st.integers(1, DAY_MINUTES))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    hours = draw(st.lists(rates(Hours, start=start, end=end, days=days), max_size=2))
    facts |= {"hours": tuple(hours), "provider": "p", "model": "m"}
    day = date(2026, 1, 1)
    return draw(rates(PriceRow, **facts, valid_from=day, source="s", retrieved=day))


@st.composite
def usages(draw):
    """Usage whose parts add up."""
    read, hour, other, audio, text = (draw(count) for _ in range(5))
    said, spoken = draw(count), draw(count)
    return Usage(
        input=read + hour + other + audio + text,
        output=said + spoken,
        cache_read=read,
        cache_write=hour + other,
        cache_write_1h=hour,
        audio_input=audio,
        audio_output=spoken,
        tier=draw(st.sampled_from((None, "flex", "Flex"))),
        units=draw(st.dictionaries(st.sampled_from(UNITS), count, max_size=3)),
    )


moments = st.integers(0, 60_000_000).map(lambda minute: minute * MINUTE_US)


@given(row=rows(), usage=usages(), at_us=moments)
def test_no_cost_is_above_the_worst_case_or_below_zero(row, usage, at_us):
    cost, worst = cost_nusd(row, usage, at_us), worst_nusd(row, usage)
    assert cost is None or cost >= 0
    if worst is not None:
        assert cost is not None
        assert cost <= worst


@given(row=rows(), usage=usages())
def test_without_a_time_nothing_is_dearer(row, usage):
    """A week's worth of hours costs no more than the cost without a time, and reaches it or the plain price."""
    dearest = cost_nusd(row, usage)
    costs = {cost_nusd(row, usage, hour * 60 * MINUTE_US) for hour in range(7 * 24)}
    if dearest is not None:
        assert max(costs) <= dearest


@given(row=rates(), units=st.dictionaries(st.sampled_from(UNITS), count), tokens=count)
def test_units_are_summed_exactly_and_rounded_once(row, units, tokens):
    day = date(2026, 1, 1)
    facts = {"provider": "p", "model": "m", "valid_from": day, "source": "s", "retrieved": day}
    price = PriceRow(input=row.input, output=row.output, units=row.units, **facts)
    exact = Fraction(tokens * price.input, 1_000_000)
    for name, number in units.items():
        known = price.units.get(name) or price.units.get(name.partition(".")[0])
        if number and known is None:
            assert cost_nusd(price, Usage(input=tokens, units=units)) is None
            return
        exact += Fraction(number * known.nusd, known.per) if number else 0
    cost = cost_nusd(price, Usage(input=tokens, units=units))
    assert -Fraction(1, 2) < cost - exact <= Fraction(1, 2)


@given(name=st.sampled_from(UNITS), unit=st.builds(UnitPrice, rate, st.just(1000)), more=count)
def test_more_of_a_unit_never_costs_less(name, unit, more):
    day = date(2026, 1, 1)
    facts = {"provider": "p", "model": "m", "valid_from": day, "source": "s", "retrieved": day}
    price = PriceRow(units={name: unit}, **facts)
    costs = [cost_nusd(price, Usage(units={name: n})) for n in (0, more, more + 1)]
    assert costs == sorted(costs)


@given(start=st.integers(0, 1439), length=st.integers(1, 1440), minute=st.integers(0, 20_000))
def test_hours_hold_as_the_clock_says(start, length, minute):
    """The reference walks back through the beginnings of the two days that can reach this minute."""
    hours = Hours(input=1, output=1, start=start, end=start + length)
    today = minute // DAY_MINUTES * DAY_MINUTES
    begun = (today + start, today - DAY_MINUTES + start)
    assert hours.hold_at(minute) is any(b <= minute < b + length for b in begun)


@given(minute=st.integers(0, 200_000))
def test_days_are_those_of_the_calendar(minute):
    weekend = Hours(input=1, output=1, start=0, end=DAY_MINUTES, days=frozenset((5, 6)))
    day = date.fromordinal(date(1970, 1, 1).toordinal() + minute // DAY_MINUTES)
    assert weekend.hold_at(minute) is (day.weekday() >= 5)


def line(**given):
    return PriceLine(model="m", valid_from=date(2026, 1, 1), **given)


def made(**given):
    facts = {"provider": "p", "source": "s", "retrieved": date(2026, 1, 1)}
    return priced(line(**given), **facts)


@given(
    figure=st.decimals(0, 999_999, places=9), factor=st.sampled_from(("0.5", "1.75", "2", "0.8"))
)
def test_a_factor_is_exact_or_refused(figure, factor):
    wanted = figure * Decimal(factor) * DOLLAR
    given_line = {"input": figure, "output": figure, "service": {"flex": Decimal(factor)}}
    if wanted == int(wanted):
        assert made(**given_line).service["flex"].input == wanted
    else:
        with pytest.raises(PriceError, match="nine decimals"):
            made(**given_line)


def test_a_factor_leaves_what_is_no_token_as_it_is():
    row = made(
        input=Decimal(1),
        output=Decimal(2),
        per={"image": Decimal("0.04")},
        service={"batch": Decimal("0.5")},
    )
    assert (row.service["batch"].output, row.service["batch"].units) == (DOLLAR, row.units)


@pytest.mark.parametrize(
    ("zone", "at", "days", "name", "weekday"),
    [
        ("UTC", "16:30-00:30", ("mon",), "16:30-00:30", 0),
        ("+08:00", "09:00-12:00", ("mon",), "01:00-04:00", 0),
        ("+09:00", "06:00-08:00", ("mon",), "21:00-23:00", 6),  # Monday in Seoul is Sunday in UTC
        (
            "-05:00",
            "22:00-23:00",
            ("sun",),
            "03:00-04:00",
            0,
        ),  # Sunday in New York is Monday in UTC
        ("UTC", "00:00-00:00", ("mon",), "00:00-00:00", 0),
    ],
)
def test_hours_are_read_by_the_clock_of_their_zone(zone, at, days, name, weekday):
    hours = HoursLine(at=at, zone=zone, days=days, factor=Decimal(2))
    (row,) = made(input=Decimal(1), output=Decimal(1), hours=(hours,)).hours
    assert (row.name, row.days) == (name, frozenset((weekday,)))
    assert row.input == 2 * DOLLAR


@pytest.mark.parametrize("base", BASES)
def test_every_base_prices_its_count(base):
    row = made(per={base: Decimal(3)})
    unit, per = BASES[base]
    assert charge(row, Usage(units={unit: per}), 0) == (3 * DOLLAR, row.id)
