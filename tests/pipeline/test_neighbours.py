"""Neighbours among remembered questions, and the rates of false hits: judged by a plain search and by hand."""

import random

import pytest

from madang.config.measured import wilson
from madang.pipeline.again.false_hits import Judged, Pair, curve_of, judged, rates_at
from madang.pipeline.again.likeness import Neighbours, Spot
from madang.wire.likeness import similarity, vector_of

DIMENSIONS = 64


def near_to(numbers, by, chance):
    """The same direction but for some noise."""
    return [one + chance.gauss(0, by) for one in numbers]


def spot(numbers, among=b"g", figures=()):
    return Spot(among, vector_of(numbers), figures)


def test_the_nearest_are_found_as_by_comparing_with_all():
    chance = random.Random(7)
    kept = [[chance.gauss(0, 1) for _ in range(DIMENSIONS)] for _ in range(300)]
    neighbours = Neighbours(0.9, 1000)
    for number, numbers in enumerate(kept):
        neighbours.put(spot(numbers), b"%d" % number)
    for number in range(0, 300, 7):
        asked = spot(near_to(kept[number], 0.2, chance))
        alike = {n: similarity(asked.vector, vector_of(one)) for n, one in enumerate(kept)}
        best = [b"%d" % n for n, found in alike.items() if found >= 0.9]
        assert [likely.digest for likely in neighbours.near(asked)] == best == [b"%d" % number]


def test_others_and_other_figures_are_never_near():
    neighbours = Neighbours(0.5, 10)
    neighbours.put(spot([1.0, 1.0], figures=("17",)), b"a")
    assert [one.digest for one in neighbours.near(spot([1.0, 1.0], figures=("17",)))] == [b"a"]
    assert not list(neighbours.near(spot([1.0, 1.0], figures=("18",))))
    assert not list(neighbours.near(spot([1.0, 1.0], among=b"other", figures=("17",))))


def test_there_are_at_most_so_many_and_what_was_of_use_stays():
    neighbours = Neighbours(0.5, 3)
    for name in (b"a", b"b", b"c"):
        neighbours.put(spot([1.0, 1.0], among=name), name)
    neighbours.found(b"a")
    neighbours.put(spot([1.0, 1.0], among=b"d"), b"d")
    assert len(neighbours) == 3
    assert list(neighbours.near(spot([1.0, 1.0], among=b"a")))
    assert not list(neighbours.near(spot([1.0, 1.0], among=b"b")))


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    [
        (10, 100, 0.0552, 0.1744),  # the worked example of textbooks
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (0, 381, 0.0, 0.00998),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_is_wilsons(found, of, low, high):
    assert wilson(found, of) == pytest.approx((low, high), abs=5e-5)


def test_a_rate_is_of_the_pairs_that_differ():
    pairs = [Judged(0.99, True), Judged(0.9, True), Judged(0.97, False), Judged(0.2, False)]
    at = rates_at(0.95, pairs)
    assert (at.hits, at.false_hits, at.false_hit_rate) == (1, 1, 0.5)
    assert rates_at(0.98, pairs).false_hits == 0
    falling = [rates.false_hits for rates in curve_of(pairs)]
    assert falling == sorted(falling, reverse=True)
    assert [rates.threshold for rates in curve_of(pairs)][:2] == [0.8, 0.81]


def test_pairs_are_judged_as_the_cache_would():
    vector = vector_of([1.0, 2.0])
    assert judged(Pair("17 + 23?", "17 + 24?", same=False), vector, vector).similarity == -1
    assert judged(Pair("17 + 23?", "What is 17 + 23", same=True), vector, vector).similarity > 0.99
