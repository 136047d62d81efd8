"""Comparisons of models, their blind ratings, and what these make of each model, as rows of the administration."""

import time

from madang.catalog.scores import Scores
from madang.quality import ComparisonDesk
from madang.quality.records import (
    AddPairs,
    Comparison,
    CreateComparison,
    GiveRating,
    ModelQuality,
    NextAsked,
    NextPair,
    PairsAdded,
    PairsAsked,
    RatedPair,
    Rating,
    Results,
)
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime


def create_comparison(runtime: Runtime, _: str, body: CreateComparison) -> Comparison:
    """Begin to compare two models."""
    return _desk(runtime).create(body, _now_us())


def list_comparisons(runtime: Runtime, _: str, __: None) -> list[Comparison]:
    """Every comparison, the latest first."""
    return _desk(runtime).all()


def get_comparison(runtime: Runtime, comparison_id: str, _: None) -> Results:
    """What a comparison came to: costs, latencies, and what raters found."""
    return _desk(runtime).results(comparison_id)


def remove_comparison(runtime: Runtime, comparison_id: str, _: None) -> Comparison:
    """Forget a comparison with its prompts, answers and ratings."""
    return _desk(runtime).remove(comparison_id, _now_us())


def add_pairs(runtime: Runtime, comparison_id: str, body: AddPairs) -> PairsAdded:
    """Keep prompts and what both models answered."""
    return _desk(runtime).add(comparison_id, body)


def list_pairs(runtime: Runtime, comparison_id: str, asked: PairsAsked) -> list[RatedPair]:
    """Pairs with their answers and verdicts, names and all; `after` takes the id of the last one seen."""
    return _desk(runtime).pairs(comparison_id, asked)


def next_pair(runtime: Runtime, comparison_id: str, asked: NextAsked) -> NextPair:
    """Two answers that a rater has not judged, without names and in an order of the rater's own."""
    return _desk(runtime).next(comparison_id, asked)


def rate_pair(runtime: Runtime, comparison_id: str, body: GiveRating) -> Rating:
    """Keep which of two answers, as that rater was shown them, is better."""
    return _desk(runtime).rate(comparison_id, body, _now_us())


def list_qualities(runtime: Runtime, _: str, __: None) -> list[ModelQuality]:
    """What all ratings make of models, the best first."""
    return _desk(runtime).qualities()


def _desk(runtime: Runtime) -> ComparisonDesk:
    return ComparisonDesk(runtime.store, Scores(runtime.catalog).quality_of)


def _now_us() -> int:
    return time.time_ns() // 1000


COMPARISONS = (
    Operation(
        "POST", "/api/comparisons", create_comparison, Comparison, CreateComparison, status=201
    ),
    Operation("GET", "/api/comparisons", list_comparisons, list[Comparison]),
    Operation("GET", "/api/comparisons/{id}", get_comparison, Results),
    Operation("DELETE", "/api/comparisons/{id}", remove_comparison, Comparison),
    Operation("POST", "/api/comparisons/{id}/pairs", add_pairs, PairsAdded, AddPairs, status=201),
    Operation("GET", "/api/comparisons/{id}/pairs", list_pairs, list[RatedPair], query=PairsAsked),
    Operation("GET", "/api/comparisons/{id}/next", next_pair, NextPair, query=NextAsked),
    Operation("POST", "/api/comparisons/{id}/ratings", rate_pair, Rating, GiveRating, status=201),
    Operation("GET", "/api/quality", list_qualities, list[ModelQuality]),
)
"""Comparisons hold prompts and answers: nothing of them is told without the admin key."""
