"""A crowd of requests over simulated targets: a clock of its own, chance from a seed, no network."""

import heapq
import random
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from madang.model import PriceRow, Target
from madang.routing.board import Board
from madang.routing.case import NOTHING_KNOWN, Case, Memory
from madang.routing.plan import propose
from madang.routing.route import Route

LatencyOf = Callable[[Target, float, random.Random], float | None]
"""Seconds that a target takes for a request that begins at a moment; None: it fails at once."""


class Asked(NamedTuple):
    """One request: when, who was asked first, and how long that took (None: it failed)."""

    at: float
    target: Target
    latency_s: float | None


def crowd(
    route: Route, latency_of: LatencyOf, *, rps: float, until_s: float, seed: int = 1
) -> Iterator[Asked]:
    """Poisson arrivals, each asked of the first target that the plan proposes."""
    dice, board, memory = random.Random(seed), Board(), Memory()
    ends: list[tuple[float, int, Target, float]] = []
    now, count = 0.0, 0
    while now < until_s:
        now += dice.expovariate(rps)
        while ends and ends[0][0] <= now:
            _, _, target, took = heapq.heappop(ends)
            board.standing(target).answered(took)
        chance = dice.random()
        way = memory.glances.way(route, now, chance)  # as a process does for most of its requests
        case = Case(NOTHING_KNOWN, memory)
        target = way.targets[0] if way else next(propose(route, board, now, chance, None, case))
        took = latency_of(target, now, dice)
        board.standing(target).started()
        if took is None:
            board.standing(target).failed(now)
        else:
            count += 1
            heapq.heappush(ends, (now + took, count, target, took))
        yield Asked(now, target, took)


def varying(mean_s: float, dice: random.Random, sigma: float = 0.45) -> float:
    """A latency as models have them, log-normal around a mean; the spread is that of G's reference table."""
    return mean_s * dice.lognormvariate(-sigma * sigma / 2, sigma)


def priced(entered: int, made: int, cached: int | None = None) -> PriceRow:
    """A price in nano-dollars per million tokens of input, output, and what is read from the cache."""
    day = date(2026, 1, 1)
    return PriceRow(
        provider="p", model="m", valid_from=day, source="by hand", retrieved=day,
        input=entered, output=made, cache_read=cached,
    )  # fmt: skip
