"""How `madang compare` shows figures."""

from collections.abc import Sequence

import click

from madang.cli.shown.printing import count, dollars, print_table
from madang.quality.records import Interval, ModelQuality, Results, Verdicts


def print_results(results: Results) -> None:
    """A comparison: what asking came to, and what raters found."""
    comparison = results.comparison
    named = f" ({comparison.name})" if comparison.name else ""
    click.echo(f"{comparison.id}{named}: {results.comparable} of {results.pairs} pairs comparable")
    print_table(
        ("", "model", "answers", "errors", "in", "out", "cost", "unpriced", "mean", "p95"),
        [
            (
                side,
                one.model,
                count(one.answers),
                count(one.errors),
                count(one.input_tokens),
                count(one.output_tokens),
                dollars(one.cost_nusd),
                count(one.unpriced),
                _seconds(one.mean_latency_us),
                _seconds(one.p95_latency_us),
            )
            for side, one in (("a", results.a), ("b", results.b))
        ],
        numbers=("answers", "errors", "in", "out", "cost", "unpriced", "mean", "p95"),
    )
    for title, found in (("People", results.human), ("Model judges", results.model)):
        for line in _verdicts(title, found):
            click.echo(line)


def print_qualities(figures: Sequence[ModelQuality]) -> None:
    """What all ratings make of models."""
    if figures:
        print_table(
            ("model", "quality", "prior", "ratings"),
            [
                (
                    one.model,
                    f"{one.quality:.3f}",
                    "-" if one.prior is None else f"{one.prior:.3f}",
                    count(one.ratings),
                )
                for one in figures
            ],
            numbers=("quality", "prior", "ratings"),
        )


def _verdicts(title: str, found: Verdicts) -> list[str]:
    if found.a_share is None:
        return [f"{title}: no ratings"]
    lines = [
        (
            f"{title}: {found.ratings} ratings of {found.pairs} pairs by {found.raters}: a better in {found.a_better}, "
            f"b in {found.b_better}, neither in {found.same}; a's share {_interval(found.a_share)}"
        )
    ]
    if found.agreement is not None:
        chance = "" if found.alpha is None else f", alpha {found.alpha:.2f}"
        lines.append(f"  two raters of a pair said the same in {found.agreement:.0%}{chance}")
    return lines


def _interval(found: Interval) -> str:
    return f"{found.share:.1%} (95 %: {found.low:.1%} to {found.high:.1%})"


def _seconds(latency_us: int | None) -> str:
    return "-" if latency_us is None else f"{latency_us / 1e6:.2f} s"
