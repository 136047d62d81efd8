"""What is kept and told of comparisons. Moments and spans are µs, money is nano-dollars."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Rater = Annotated[str, Meta(min_length=1, max_length=128)]
Note = Annotated[str, Meta(max_length=2000)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
PairId = Annotated[int, Meta(ge=1, le=2**53)]
Kind = Literal["human", "model"]
"""Who rates."""

Shown = Literal["left", "right", "same"]
Better = Literal["a", "b", "same"]
Prompt = Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=1000)]
"""Chat messages."""


class CreateComparison(Struct, forbid_unknown_fields=True):
    """The two models to compare, each a name that a gateway serves or `provider/model`."""

    a: Name
    b: Name
    name: Annotated[str, Meta(max_length=256)] = ""


class Comparison(Struct):
    """Two models that are asked the same."""

    id: str
    name: str
    a: str
    b: str
    created_us: int


class ComparedAnswer(Struct, forbid_unknown_fields=True):
    """One answer, or why there is none: `text` or `error` is null.

    `answered_by` is `provider/model`. `cost_nusd` null: no price is known.
    """

    text: str | None = None
    error: str | None = None
    request_id: str | None = None
    answered_by: str | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cost_nusd: Count | None = None
    latency_us: Count | None = None


class ComparedPair(Struct, forbid_unknown_fields=True):
    """A prompt, and what the two made of it."""

    prompt: Prompt
    a: ComparedAnswer
    b: ComparedAnswer


class AddPairs(Struct, forbid_unknown_fields=True):
    """Pairs to keep, after those that are there."""

    pairs: Annotated[list[ComparedPair], Meta(min_length=1, max_length=1000)]


class PairsAdded(Struct):
    """How many there are now."""

    pairs: int


class NextAsked(Struct):
    """Whose turn it is; `after`: the id of a pair to go on from, for whoever passes one over."""

    by: Rater
    kind: Kind = "human"
    after: Count = 0


class NextPair(Struct):
    """Two answers without names, in an order of their own for each rater; `pair` null: none is left.

    `remaining` counts those that this rater has not rated, this one included.
    """

    pair: int | None
    prompt: list[dict[str, Any]]
    left: str
    right: str
    remaining: int


class GiveRating(Struct, forbid_unknown_fields=True):
    """Which of the two that this rater was shown is better."""

    pair: PairId
    better: Shown
    by: Rater
    note: Note = ""
    kind: Kind = "human"


class Rating(Struct):
    """A verdict that was kept: the latest of its rater about its pair counts."""

    pair: int
    by: str
    kind: Kind
    better: Better
    note: str
    at_us: int


class PairsAsked(Struct):
    """Which pairs: after one, so many."""

    after: int = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


class RatedPair(Struct):
    """A pair with its verdicts, names and all: for whoever does not rate any more."""

    id: int
    prompt: list[dict[str, Any]]
    a: ComparedAnswer
    b: ComparedAnswer
    ratings: list[Rating]


class Interval(Struct):
    """A share with its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float


class Verdicts(Struct):
    """What raters of one kind found.

    `pairs` rated: by the majority of their raters `a_better`, `b_better`, or neither (`same`). `a_share`
    counts the last as half. `agreement`: how often two raters of a pair said the same; `alpha`:
    Krippendorff's, which is 0 for chance and 1 for always (null: no pair has two raters).
    """

    ratings: int
    raters: int
    pairs: int
    a_better: int
    b_better: int
    same: int
    a_share: Interval | None
    agreement: float | None
    alpha: float | None


class Asked(Struct):
    """What asking one of the two came to. Latencies are of whole answers; null: there are none."""

    model: str
    answers: int
    errors: int
    input_tokens: int
    output_tokens: int
    cost_nusd: int
    unpriced: int
    mean_latency_us: int | None
    p95_latency_us: int | None
    answered_by: dict[str, int]


class Results(Struct):
    """A comparison and what came of it."""

    comparison: Comparison
    pairs: int
    comparable: int
    a: Asked
    b: Asked
    human: Verdicts
    model: Verdicts


class ModelQuality(Struct):
    """What ratings make of a model, 0 to 1; see docs/quality.md. `prior` null: the catalogue says nothing."""

    model: str
    quality: float
    prior: float | None
    ratings: int
    at_us: int
