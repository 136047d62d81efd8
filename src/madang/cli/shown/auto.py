"""What `madang auto train` prints: how a scorer did beside the rules, where it errs, and what it would cost."""

from collections.abc import Mapping
from pathlib import Path

import click

from madang.cli.shown.printing import count, print_table
from madang.config.measured import wilson
from madang.config.scorer import Measured, Scorer, Tally
from madang.routing.auto.judge import TIERS
from madang.routing.auto.measuring import luck

_SPLITS = {
    "hash": "each fifth in turn, learning from the rest",
    "time": "the latest fifth, learning from what was before",
}


def is_better(scorer: Scorer) -> bool:
    """Whether a scorer agrees with more of what was held out than the rules."""
    found = scorer.measured
    return found is not None and found.all.scorer > found.all.rules


def print_trained(scorer: Scorer, measured: Measured, out: Path) -> None:
    """All of it, and where it was written."""
    sources = ", ".join(f"{count(number)} {name}" for name, number in scorer.examples.items())
    click.echo(f"Examples: {sources}. Held out: {_SPLITS[measured.split]}.")
    columns = ("language", "held out", "scorer", "95 %", "rules", "95 %", "always medium")
    rows = [(name, *_shares(tally)) for name, tally in measured.languages.items()]
    print_table(columns, rows, ("all", *_shares(measured.all)), numbers=columns[1:])
    for who, confusion in (("scorer", measured.confusion), ("rules", measured.rules_confusion)):
        _print_confusion(who, confusion)
    weights = [(name, f"{weight:g}") for name, weight in scorer.weights.items()]
    medium, hard = scorer.thresholds
    print_table(("signal", "weight"), weights, numbers=("weight",))
    click.echo(f"Medium from {medium:g}, complex from {hard:g}.")
    click.echo(_against_the_rules(measured))
    if measured.cost is not None:
        click.echo(f"Cost of the tiers against the rules', at list prices: {measured.cost:+.1%}.")
    click.echo(f"Written to {out}.")


def _shares(tally: Tally) -> list[str]:
    cells = [count(tally.examples)]
    for right in (tally.scorer, tally.rules):
        low, high = wilson(right, tally.examples)
        cells += [f"{right / tally.examples:.1%}", f"{low:.0%} to {high:.0%}"]
    return [*cells, f"{tally.middle / tally.examples:.1%}"]


def _print_confusion(who: str, confusion: Mapping[str, tuple[int, int, int]]) -> None:
    rows = [(said, *map(count, counts)) for said, counts in confusion.items()]
    print_table((f"{who}: needed", *TIERS), rows, numbers=TIERS)


def _against_the_rules(measured: Measured) -> str:
    ahead, behind = measured.only_scorer, measured.only_rules
    told = f"Right alone: the scorer {count(ahead)} times, the rules {count(behind)} times"
    if ahead <= behind:
        return f"{told}."
    return (
        f"{told}; if both were alike, that would happen with a chance of {luck(ahead, behind):.2g}."
    )
