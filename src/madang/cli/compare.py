"""`madang compare`: two models on the same prompts, and which of their answers people find better."""

import json
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from madang.cli.offices.compare import (
    CompareOffice,
    RemoteComparisons,
    at_comparisons,
    at_models,
    every_pair,
)
from madang.cli.offices.compare_run import Wish, ask_all, judge_all
from madang.cli.shown.compare import print_qualities, print_results
from madang.cli.shown.printing import json_option, moment, print_json, print_table
from madang.client import Gateway
from madang.quality.prompts import read_prompts
from madang.quality.records import (
    Comparison,
    CreateComparison,
    GiveRating,
    NextAsked,
    NextPair,
)

_KEYS = {"l": "left", "r": "right", "s": "same"}


class _Options(TypedDict):
    """The options of `run` as click gives them."""

    name: str
    judge: str | None
    max_tokens: int | None
    at_once: int


_comparison = click.argument("comparison")


@click.group("compare")
def command() -> None:
    """Compare two models on the same prompts, and have people say which answers are better.

    With --url it needs the admin key.
    """


@command.command("run")
@click.argument("prompts", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("a")
@click.argument("b")
@click.option("--name", default="", help="What to call it in lists.")
@click.option(
    "--judge", metavar="MODEL", help="A third model that judges each pair, both ways round."
)
@click.option("--max-tokens", type=click.IntRange(1), help="The bound of every answer.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="How many prompts are asked at the same time.",
)
@json_option
@at_models
def run(
    gateway: Gateway,
    prompts: Path,
    a: str,
    b: str,
    as_json: bool,
    **options: Unpack[_Options],
) -> None:
    """Ask models A and B what stands in PROMPTS, and keep the answers for those who rate.

    PROMPTS is JSON Lines: {"messages": […]} or {"prompt": "…"} in each line. A and B are names that the gateway serves,
    or provider/model. Without --url a gateway runs on the home folder as long as this takes. These are real requests:
    they are billed, and are in the ledger.

    Example: madang compare run prompts.jsonl gpt-4.1 claude-sonnet-4 --judge gemini-2.5-pro
    """
    asked = _prompts(prompts)
    office = RemoteComparisons(gateway)
    made = office.create(CreateComparison(a, b, options["name"]))
    wish = Wish(options["max_tokens"], options["at_once"])
    click.echo(f"{made.id}: {len(asked)} prompts", err=True)
    for number, pair in enumerate(ask_all(gateway, made, asked, wish), 1):
        faults = [f"{m}: {one.error}" for m, one in ((a, pair.a), (b, pair.b)) if one.error]
        click.echo(f"  {number}/{len(asked)} {'; '.join(faults) or 'answered'}", err=True)
    if options["judge"]:
        _judge(gateway, made, options["judge"])
    _tell(office, made.id, as_json)


@command.command("list")
@json_option
@at_comparisons
def list_(office: CompareOffice, as_json: bool) -> None:
    """List the comparisons that were made, and what all ratings make of models.

    Example: madang compare list
    """
    found, figures = office.all(), office.qualities()
    if as_json:
        print_json(
            {"comparisons": msgspec.to_builtins(found), "quality": msgspec.to_builtins(figures)}
        )
        return
    rows = [(one.id, one.name, one.a, one.b, moment(one.created_us // 1_000_000)) for one in found]
    print_table(("id", "name", "a", "b", "begun"), rows)
    print_qualities(figures)


@command.command("show")
@_comparison
@json_option
@at_comparisons
def show(office: CompareOffice, comparison: str, as_json: bool) -> None:
    """Show what a COMPARISON came to: costs, latencies, and what raters found.

    Example: madang compare show cmp_0123456789abcdef
    """
    _tell(office, comparison, as_json)


@command.command("rate")
@_comparison
@click.option("--by", required=True, help="Who rates; each pair is asked of everybody once.")
@click.option("--note", is_flag=True, help="Ask for a note with each verdict.")
@at_comparisons
def rate(office: CompareOffice, comparison: str, by: str, note: bool) -> None:
    """Rate the answers of a COMPARISON in the terminal: two at a time, without names and in a random order.

    Example: madang compare rate cmp_0123456789abcdef --by kim
    """
    while True:
        pair = office.next(comparison, NextAsked(by))
        if pair.pair is None:
            click.echo("There is nothing left to rate. Thank you.")
            return
        _show(pair)
        key = click.prompt(
            "Which is better? [l]eft, [r]ight, [s]ame, [q]uit",
            type=click.Choice([*_KEYS, "q"]),
            show_choices=False,
        )
        if key == "q":
            return
        said = click.prompt("Why?", default="", show_default=False) if note else ""
        given = GiveRating(pair.pair, _KEYS[key], by, said)  # type: ignore[arg-type] # of three words
        office.rate(comparison, given)


@command.command("export")
@_comparison
@at_comparisons
def export(office: CompareOffice, comparison: str) -> None:
    """Write the pairs of a COMPARISON with answers and ratings as JSON Lines, names and all.

    Example: madang compare export cmp_0123456789abcdef
    """
    for pair in every_pair(office, comparison):
        click.echo(json.dumps(msgspec.to_builtins(pair), ensure_ascii=False))


@command.command("remove")
@_comparison
@at_comparisons
def remove(office: CompareOffice, comparison: str) -> None:
    """Forget a COMPARISON with its prompts, answers and ratings.

    Example: madang compare remove cmp_0123456789abcdef
    """
    gone = office.remove(comparison)
    click.echo(f"Forgot {gone.id} ({gone.a} and {gone.b}).")


def _prompts(file: Path) -> list[list[dict[str, object]]]:
    try:
        with file.open(encoding="utf-8") as lines:
            return read_prompts(lines)
    except UnicodeDecodeError as problem:
        raise click.ClickException(f"{file} is not UTF-8 text.") from problem
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be read: {problem.strerror}.") from problem


def _judge(gateway: Gateway, made: Comparison, model: str) -> None:
    for number, fault in enumerate(judge_all(gateway, made, model), 1):
        click.echo(f"  judged {number}{f': {fault}' if fault else ''}", err=True)


def _tell(office: CompareOffice, comparison_id: str, as_json: bool) -> None:
    results = office.results(comparison_id)
    if as_json:
        print_json(msgspec.to_builtins(results))
    else:
        print_results(results)


def _show(pair: NextPair) -> None:
    click.echo(f"\n{'=' * 20} {pair.remaining} left {'=' * 20}")
    for message in pair.prompt:
        click.echo(f"{message.get('role')}: {_plain(message.get('content'))}")
    for side, text in (("LEFT", pair.left), ("RIGHT", pair.right)):
        click.echo(click.style(f"\n--- {side} ---", bold=True))
        click.echo(_plain(text))


def _plain(content: object) -> str:
    """Text as a terminal may show it: an answer must not move its cursor."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)
