"""What a comparison came to: costs, latencies and verdicts of its pairs."""

from collections import Counter
from collections.abc import Iterable, Sequence

from madang.quality.records import (
    Asked,
    Better,
    ComparedAnswer,
    Comparison,
    Kind,
    RatedPair,
    Results,
    Verdicts,
)
from madang.quality.statistics import agreement, alpha, majority, wilson


def results_of(comparison: Comparison, pairs: Sequence[RatedPair]) -> Results:
    """The figures of a comparison. A pair is comparable where both have answered."""
    return Results(
        comparison=comparison,
        pairs=len(pairs),
        comparable=sum(pair.a.text is not None and pair.b.text is not None for pair in pairs),
        a=_asked(comparison.a, [pair.a for pair in pairs]),
        b=_asked(comparison.b, [pair.b for pair in pairs]),
        human=_verdicts(pairs, "human"),
        model=_verdicts(pairs, "model"),
    )


def _asked(model: str, answers: Sequence[ComparedAnswer]) -> Asked:
    given = [one for one in answers if one.text is not None]
    spans = sorted(one.latency_us for one in given if one.latency_us is not None)
    costs = [one.cost_nusd for one in answers]
    return Asked(
        model=model,
        answers=len(given),
        errors=len(answers) - len(given),
        input_tokens=sum(one.input_tokens or 0 for one in answers),
        output_tokens=sum(one.output_tokens or 0 for one in answers),
        cost_nusd=sum(cost or 0 for cost in costs),
        unpriced=sum(one.cost_nusd is None for one in given),
        mean_latency_us=sum(spans) // len(spans) if spans else None,
        p95_latency_us=spans[-(-95 * len(spans) // 100) - 1] if spans else None,
        answered_by=dict(Counter(one.answered_by for one in given if one.answered_by)),
    )


def _verdicts(pairs: Iterable[RatedPair], kind: Kind) -> Verdicts:
    ratings = [[one for one in pair.ratings if one.kind == kind] for pair in pairs]
    said = [[one.better for one in of_pair] for of_pair in ratings if of_pair]
    counts: Counter[Better] = Counter(majority(of_pair) for of_pair in said)
    return Verdicts(
        ratings=sum(map(len, said)),
        raters=len({one.by for of_pair in ratings for one in of_pair}),
        pairs=len(said),
        a_better=counts["a"],
        b_better=counts["b"],
        same=counts["same"],
        a_share=wilson(counts["a"] + counts["same"] / 2, len(said)),
        agreement=agreement(said),
        alpha=alpha(said),
    )
