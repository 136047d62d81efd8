"""Verdicts of people end a trial by an exact test: hand calculations, and ten thousand courses of fair coins."""

import random

import pytest

from madang.routing.canary.rated import ALPHA, liked_less


@pytest.mark.parametrize(
    ("new", "old", "ends"),
    [(0, 12, False), (0, 13, True), (8, 32, False), (7, 33, True), (33, 7, False)],
)
def test_it_takes_thirteen_in_a_row_or_33_of_40(new, old, ends):
    """2^13 / 14 = 585 is the first above 500."""
    assert (liked_less(new, old) is not None) == ends


def test_alike_sides_are_hardly_ever_ended_however_often_one_looks():
    chance = random.Random(7)
    ended = 0
    for _ in range(3000):
        old = 0
        for verdicts in range(1, 101):
            old += chance.random() < 0.5
            if liked_less(verdicts - old, old) is not None:
                ended += 1
                break
    assert ended / 3000 <= 2 * ALPHA


def test_seven_of_ten_for_the_stable_side_are_found_within_250_verdicts():
    chance = random.Random(7)
    courses = [sum(chance.random() < 0.7 for _ in range(250)) for _ in range(500)]
    assert sum(liked_less(250 - old, old) is not None for old in courses) >= 475
