"""Preferences, reckoned by hand: 0.6 for the named figure and 0.2 for each other, each laid between worst and best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.routing.preferences import Figures, scores

# quality: 0.9 → 1, 0.6 → 0, 0.75 → 0.5; price: 90 → 0, 10 → 1, 50 → 0.5; latency: 0.8 → 0.25, 0.2 → 1, 1.0 → 0
GREAT = Figures(quality=0.9, price=90, latency_s=0.8)
CHEAP = Figures(quality=0.6, price=10, latency_s=0.2)
SLOW = Figures(quality=0.75, price=50, latency_s=1.0)


@pytest.mark.parametrize(
    ("prefer", "by_hand"),
    [
        ("quality", [0.6 * 1 + 0.2 * 0 + 0.2 * 0.25, 0.2 + 0.2, 0.6 * 0.5 + 0.2 * 0.5]),
        ("cost", [0.2 * 1 + 0 + 0.2 * 0.25, 0.6 + 0.2, 0.2 * 0.5 + 0.6 * 0.5]),
        ("speed", [0.2 * 1 + 0 + 0.6 * 0.25, 0.2 + 0.6, 0.2 * 0.5 + 0.2 * 0.5]),
    ],
)
def test_scores_are_those_reckoned_by_hand(prefer: str, by_hand: list[float]) -> None:
    assert scores([GREAT, CHEAP, SLOW], prefer) == pytest.approx(by_hand)


def test_where_all_have_the_same_each_has_the_whole() -> None:
    assert scores([GREAT, GREAT], "cost") == pytest.approx([1.0, 1.0])


def test_an_unknown_price_is_the_dearest_and_an_unknown_latency_or_quality_the_middle() -> None:
    unknown = Figures()
    assert scores([GREAT, CHEAP, unknown], "cost")[2] == pytest.approx(0.2 * 0.5 + 0.2 * 0.5)


figures = st.builds(Figures, *(st.none() | st.floats(0.01, 1e9, allow_nan=False) for _ in range(3)))


@given(st.lists(figures, min_size=1, max_size=6), st.sampled_from(["quality", "speed", "cost"]))
def test_every_score_is_between_0_and_1(candidates: list[Figures], prefer: str) -> None:
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores(candidates, prefer))
