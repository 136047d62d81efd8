"""The sequential test, held against counting by hand and against its own promise."""

from itertools import combinations
from math import comb
from random import Random

import pytest

from madang.routing.canary.exact import PLANNED, Block, Comparison, look


def test_the_courses_of_one_block_are_what_counting_every_draw_gives():
    """Of 3 + 5 requests 4 are marked: which 3 of the 8 are the canary's?"""
    after = look(Comparison(alpha=1e-9), Block(3, 1, 5, 3))
    draws = [len({0, 1, 2, 3}.intersection(side)) for side in combinations(range(8), 3)]
    by_hand = [draws.count(marks) / comb(8, 3) for marks in range(after.least, 4)]
    assert after.least == 0
    assert after.courses == pytest.approx(by_hand)


def test_two_blocks_are_added_up_as_independent_draws():
    first = look(Comparison(alpha=1e-9), Block(2, 1, 2, 0))
    second = look(first, Block(2, 0, 2, 1))
    assert second.courses == pytest.approx((0.25, 0.5, 0.25))
    assert (second.canary, second.canary_marked, second.stable_marked) == (4, 1, 1)


def test_what_is_stopped_takes_no_further_part():
    """The course of 300 marks has a chance of 1 to 10^179: it stops, and all others go on."""
    after = look(Comparison(alpha=0.05), Block(PLANNED, PLANNED, PLANNED, 0))
    assert after.worse
    assert after.bound is not None
    assert sum(after.courses) + after.spent == pytest.approx(1)


def test_no_more_is_ever_spent_than_alpha():
    random, test = Random(1), Comparison(alpha=0.04)
    for _ in range(150):
        block = Block(20, random.randrange(4), random.randrange(400), 0)
        test = look(test, block)
        assert test.spent <= test.alpha
        assert sum(test.courses) + test.spent == pytest.approx(1, abs=1e-6)


def test_a_block_without_the_other_side_says_nothing():
    before = look(Comparison(alpha=0.04), Block(20, 2, 380, 38))
    after = look(before, Block(20, 20, 0, 0))
    assert after.least == before.least + 20
    assert sum(after.courses) == pytest.approx(sum(before.courses), abs=1e-3)
    assert not after.worse


def test_a_canary_that_is_better_is_never_ended():
    test = Comparison(alpha=0.04)
    for _ in range(30):
        test = look(test, Block(20, 0, 20, 3))
    assert not test.worse
