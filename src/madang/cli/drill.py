"""`madang drill`: let simulated providers fail, and see what callers get."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.markup import escape

from madang.cli.printing import console, json_option, print_json, print_table
from madang.drills.drill import page
from madang.drills.drill.figures import Outcome
from madang.drills.drill.rows import DRILLS, chosen
from madang.drills.drill.run import SECONDS, hold


@click.command("drill")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Only list the drills.")
@click.option(
    "--seconds",
    default=SECONDS,
    show_default=True,
    type=click.FloatRange(2, 3600),
    help="How long callers come in each drill.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Also write a page of Markdown.")
@json_option
def command(
    names: tuple[str, ...], only_list: bool, seconds: float, out: Path | None, as_json: bool
) -> None:
    """Let simulated providers fail, and see what callers get.

    Each drill starts a gateway and three simulated providers in a temporary folder, lets one fault strike, and judges
    answers, times and the ledger. Exit status 1 if an objective does not hold. All together take less than
    three minutes.

    Example: madang drill storm region-lost --seconds 10
    """
    drills = chosen(names)
    if only_list:
        _list(as_json)
        return
    outcomes = []
    for drill in drills:
        outcomes.append(hold(drill, seconds))
        if not as_json:
            _tell(outcomes[-1])
    if out is not None:
        out.write_text(page.page(outcomes, _facts()), encoding="utf-8")
    if as_json:
        print_json(page.told(outcomes))
    else:
        print_table(page.COLUMNS, map(page.cells, outcomes), numbers=page.NUMBERS)
    if not all(one.passed for one in outcomes):
        raise click.ClickException("not everything held.")


def _list(as_json: bool) -> None:
    if as_json:
        print_json([{"name": drill.name, "what": drill.what} for drill in DRILLS])
    else:
        print_table(("drill", "what strikes"), [(drill.name, drill.what) for drill in DRILLS])


def _tell(outcome: Outcome) -> None:
    """One line as soon as a drill is over."""
    verdict = "[green]held[/green]" if outcome.passed else "[red]did not hold[/red]"
    missed = "".join(f"; not: {what}" for what in page.missed(outcome))
    console().print(f"{outcome.drill.name}: {verdict}{escape(missed)}")


def _facts() -> dict[str, str]:
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}"
    return {"day": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine}
