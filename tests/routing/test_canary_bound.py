"""How well any test at all could catch doubled errors, by exact binomials: docs/canaries.md lays ours beside it."""

from collections.abc import Iterator
from math import exp, lgamma, log
from pathlib import Path

import pytest
from test_canary_drill import caught

from madang.routing.canary.evidence import ALPHA
from madang.routing.canary.exact import PLANNED

LINES = (Path(__file__).parents[2] / "docs" / "canaries.md").read_text().splitlines()
RATES = (0.01, 0.02, 0.05, 0.065, 0.1, 0.2)
SIMULATED = 1000


def choices(n: int, k: int) -> float:
    """The logarithm of the number of ways to draw k of n."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def failing(n: int, rate: float) -> list[float]:
    """The chance of each number of failures."""
    return [exp(choices(n, k) + k * log(rate) + (n - k) * log(1 - rate)) for k in range(n + 1)]


def greatest(null: Iterator[float], other: Iterator[float], alpha: float) -> float:
    """What a test of level alpha catches that rejects from the worst outcome on, and the last one by lot."""
    spent = found = 0.0
    for alike, worse in zip(null, other, strict=True):
        if spent + alike > alpha:
            return found + (alpha - spent) / alike * worse
        spent, found = spent + alike, found + worse
    return found


def beyond(mean: float) -> int:
    """How many failures there are never, but for less than one case in a billion."""
    return int(mean + 8 * mean**0.5 + 10)


def known_base(rate: float, alpha: float) -> float:
    """The most of all tests, where the stable side's rate is known (Neyman and Pearson)."""
    null, other = failing(PLANNED, rate), failing(PLANNED, 2 * rate)
    return greatest(reversed(null), reversed(other), alpha)


def two_sides(canary: int, stable: int, rate: float, alpha: float) -> float:
    """The most of all tests that catch worse sides oftener than alike ones, whatever the rate is (Fisher, Tocher)."""
    worse, alike = failing(canary, 2 * rate), failing(stable, rate)
    total, mean, most = 0.0, rate * (2 * canary + stable), beyond(2 * rate * canary)
    for marks in range(
        max(0, int(2 * mean) - beyond(mean)), min(canary + stable, beyond(mean)) + 1
    ):
        low, high = max(0, marks - stable), min(canary, marks, most)
        both = [worse[x] * alike[marks - x] for x in range(high, low - 1, -1)]
        draws = [
            exp(choices(canary, x) + choices(stable, marks - x) - choices(canary + stable, marks))
            for x in range(high, low - 1, -1)
        ]
        total += greatest(iter(draws), iter(both), alpha)
    return total


def test_by_hand_one_failure_of_two_is_caught_as_often_as_it_happens() -> None:
    """Of 2 requests at 10 %, none fails in 81 of 100; level 19 % rejects exactly where any does."""
    null, other = failing(2, 0.1), failing(2, 0.2)
    assert greatest(reversed(null), reversed(other), 0.19) == pytest.approx(1 - 0.8**2)


def test_the_page_states_what_no_test_can_exceed() -> None:
    for rate in RATES:
        figures = [
            known_base(rate, 0.05),
            two_sides(PLANNED, 19 * PLANNED, rate, 0.05),
            two_sides(PLANNED, 19 * PLANNED, rate, ALPHA["errors"]),
            two_sides(PLANNED // 2, PLANNED // 2, rate, 0.05),
        ]
        begin, end = f"| {100 * rate:g} % |", " | ".join(f"{100 * one:.1f} %" for one in figures)
        assert any(line.startswith(begin) and line.endswith(f"| {end} |") for line in LINES)


def test_ours_is_within_three_points_of_what_its_own_share_allows() -> None:
    """Five of 100 become ten: the looks before the last and the part for later cost that much."""
    best = two_sides(PLANNED, 19 * PLANNED, 0.05, ALPHA["errors"])
    ours = sum(caught(seed, 0.05, 0.1) for seed in range(SIMULATED)) / SIMULATED
    error = (best * (1 - best) / SIMULATED) ** 0.5
    assert best - 0.03 - 3 * error <= ours <= best + 3 * error
