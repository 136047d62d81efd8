"""Intervals, agreement and strengths: judged by published examples and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.quality.statistics import agreement, alpha, majority, wilson
from madang.quality.strength import PRIOR_GAMES, Game, strengths


def test_wilsons_interval_of_a_published_example():
    """Newcombe, 1998, Statistics in Medicine 17: 81 of 263 is 0.2553 to 0.3662; 0 of 20 is 0 to 0.1611."""
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    none = wilson(0, 20)
    assert (none.low, round(none.high, 4)) == (0.0, 0.1611)
    assert wilson(0, 0) is None


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share_and_stays_between_0_and_1(successes, more):
    found = wilson(successes, successes + more)
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_the_majority_decides_and_a_tie_is_neither():
    assert majority(["a", "a", "b"]) == "a"
    assert majority(["a", "b"]) == "same"
    assert majority(["same", "same", "b"]) == "same"
    assert majority(["same", "b"]) == "b"


def test_agreement_counts_every_two_raters_of_a_pair():
    """By hand: of a-a, a-b, a-b one of three is the same; a pair with one rater says nothing."""
    assert agreement([["a", "a", "b"], ["b"]]) == pytest.approx(1 / 3)
    assert agreement([["a"]]) is None


def test_alpha_of_krippendorffs_own_example():
    """Computing Krippendorff's Alpha-Reliability (2011), section B: two observers, ten units, alpha 0.095."""
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    words = {0: "a", 1: "b"}
    units = [[words[one], words[other]] for one, other in zip(first, second, strict=True)]
    assert round(alpha(units), 3) == 0.095
    assert alpha([["a", "a"], ["a", "a"]]) is None


def test_without_ratings_a_model_is_as_good_as_its_prior():
    found = strengths([Game("m", "n", 0, 0, 0)], {"m": 0.7})
    assert found == {"m": pytest.approx(0.7), "n": pytest.approx(0.5)}


def test_two_alike_who_win_alike_stay_alike():
    found = strengths([Game("m", "n", 30, 30, 5)], {})
    assert found["m"] == pytest.approx(0.5) == found["n"]


def test_strengths_solve_their_own_equations():
    """Each is expected to win as often as it did, the games against the middling one included."""
    games = [Game("a", "b", 8, 2, 2), Game("b", "c", 5, 4, 1), Game("a", "c", 3, 0, 0)]
    found = strengths(games, {"a": 0.6})
    s = {model: quality / (1 - quality) for model, quality in found.items()}
    beats = {one: {other: s[one] / (s[one] + s[other]) for other in s} for one in s}
    expected = 12 * beats["a"]["b"] + 3 * beats["a"]["c"] + PRIOR_GAMES * found["a"]
    assert expected == pytest.approx(8 + 1 + 3 + PRIOR_GAMES * 0.6)
    expected = 12 * beats["b"]["a"] + 10 * beats["b"]["c"] + PRIOR_GAMES * found["b"]
    assert expected == pytest.approx(2 + 1 + 5 + 0.5 + PRIOR_GAMES * 0.5)


@given(st.integers(0, 2000), st.integers(0, 2000), st.floats(0, 1))
def test_a_figure_lies_between_0_and_1_and_grows_with_what_is_won(won, lost, prior):
    fewer = strengths([Game("m", "n", won, lost, 0)], {"m": prior})["m"]
    more = strengths([Game("m", "n", won + 5, lost, 0)], {"m": prior})["m"]
    assert 0 < fewer < more < 1
