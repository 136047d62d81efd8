"""`madang auto`: a scorer of complexity, trained offline and measured before it may judge."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from madang.cli.offices.auto import Archive, at_archive, labels_in
from madang.cli.offices.auto_examples import prices_of
from madang.cli.options.days import days_options
from madang.cli.shown.auto import is_better, print_trained
from madang.cli.shown.printing import json_option, print_json
from madang.config.scorer import Measured, Scorer, Split
from madang.routing.auto.learning import Example
from madang.routing.auto.measuring import FEWEST, train
from madang.server.administration.reports import Days


class _Options(TypedDict):
    """The options as click gives them."""

    model: str
    labels: tuple[Path, ...]
    labels_only: bool
    silence: float
    split: Split
    out: Path
    first: date | None
    last: date | None


@click.group("auto", short_help="Train what judges how complex a request is, and measure it.")
def command() -> None:
    """Train what judges how complex a request is, and measure it."""


@command.command("train")
@click.option(
    "--model",
    default="auto",
    show_default=True,
    help="The model with tiers that it is to judge for.",
)
@click.option(
    "--labels",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="JSON Lines of questions with the tier that each needs; may be repeated.",
)
@click.option(
    "--labels-only", is_flag=True, help="Learn from the labels alone, not from ledger and ratings."
)
@click.option(
    "--silence",
    metavar="WEIGHT",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="What an answer counts of which nothing was said, beside a verdict's 1.",
)
@click.option(
    "--split",
    type=click.Choice(["hash", "time"]),
    default="hash",
    show_default=True,
    help="Hold out each fifth in turn, or the latest fifth.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("scorer.json"),
    show_default=True,
    help="Where to write the scorer.",
)
@json_option
@days_options
@at_archive
def train_(archive: Archive, as_json: bool, **options: Unpack[_Options]) -> None:
    """Train a scorer of complexity on what is known of a period's requests, and measure it beside the rules.

    It learns from ratings of comparisons between models of different tiers, from requests that were too much for
    their tier, and from labels: {"prompt": "…", "tier": "medium"} on each line. Exit status 1 when it is no better
    than the rules on what it was not trained on; a gateway refuses it then. With --url it needs the admin key; the
    configuration is read here.

    Example: madang auto train --from 2026-11-01 --labels labels.jsonl --out scorer.json
    """
    now = datetime.now(UTC)
    prices = prices_of(
        archive.route(options["model"]), archive.snapshot, int(now.timestamp() * 1_000_000)
    )
    examples = _examples(archive, options)
    found = train(examples, options["split"], now.date().isoformat(), prices).scorer
    if found.measured is None:
        raise click.ClickException("None of the examples could be held out: there are too few.")
    _write(options["out"], found)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print_trained(found, found.measured, options["out"])
    if not is_better(found):
        click.echo(_no_better(found.measured), err=True)
        raise SystemExit(1)


def _examples(archive: Archive, options: _Options) -> list[Example]:
    examples = list(labels_in(options["labels"]))
    if not options["labels_only"]:
        days = Days(options["first"], options["last"])
        examples += archive.examples(options["model"], days, options["silence"])
    verdicts = sum(one.source != "silence" for one in examples)
    if verdicts < FEWEST:
        raise click.ClickException(
            f"There are {verdicts} examples, and fewer than {FEWEST} teach nothing that can be measured. Label some"
            " (--labels), or have answers of two tiers rated: `madang compare run`."
        )
    return examples


def _write(out: Path, scorer: Scorer) -> None:
    try:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(scorer)) + b"\n")
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error


def _no_better(measured: Measured) -> str:
    found = measured.all
    return (
        f"It is no better than the rules: right for {found.scorer} of {found.examples} held out, and they for"
        f" {found.rules}. A gateway refuses it, unless `accept: true` stands beside it."
    )
