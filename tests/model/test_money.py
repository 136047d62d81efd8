"""Money is written and read exactly, judged by the decimal module."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.model.money import dollars, nusd_of, short_dollars

NUSD = st.integers(0, 10**18)


@given(NUSD, st.sampled_from((1, -1)))
def test_dollars_are_exact(nusd, sign):
    assert Decimal(dollars(sign * nusd)) * 10**9 == sign * nusd


@given(NUSD)
def test_short_dollars_are_the_same_amount(nusd):
    shown = short_dollars(nusd)
    assert shown[0] == "$"
    assert Decimal(shown[1:]) * 10**9 == nusd


@pytest.mark.parametrize(("nusd", "shown"), [(12_500_000, "$0.0125"), (3 * 10**9, "$3.00")])
def test_short_dollars_have_at_least_two_decimals(nusd, shown):
    assert short_dollars(nusd) == shown


@given(st.integers(0, 10**15 - 1), st.integers(0, 9))
def test_an_amount_of_up_to_15_digits_is_what_was_written(digits, decimals):
    written = Decimal(digits).scaleb(-decimals)
    assert nusd_of(float(str(written))) == written * 10**9
