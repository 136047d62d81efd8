"""Money as it is printed: exact, with its sign before the dollar, and unknown where it is not known."""

import pytest

from madang.cli.shown.printing import dollars, known_cost


@pytest.mark.parametrize(
    ("nusd", "places", "text"),
    [
        (12_345_678_123_456_789, 9, "$12,345,678.123456789"),  # a float has no room for that
        (1_500, 6, "$0.000002"),  # half up
        (499, 6, "$0.000000"),
        (-1_500_000_000, 2, "-$1.50"),
        (-1, 2, "$0.00"),
        (None, 6, "unknown"),
    ],
)
def test_an_amount_is_rounded_once_and_half_up(nusd, places, text):
    assert dollars(nusd, places) == text


def test_what_has_no_price_never_looks_free():
    assert known_cost({"cost_nusd": 0, "unpriced_requests": 2}) == "unknown"
    assert known_cost({"cost_nusd": 5_000, "unpriced_requests": 1}) == "$0.000005 + unknown"
    assert known_cost({"cost_nusd": 0, "unpriced_requests": 0}) == "$0.000000"
