"""`madang drill`: let simulated providers fail, and see what callers get."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from madang.cli.offices.drill import drill_office, tell, wanted
from madang.cli.options.office import place_options
from madang.cli.shown.printing import console, json_option, print_json, print_table
from madang.drills.disaster import page
from madang.drills.disaster.figures import Outcome
from madang.drills.disaster.rows import DRILLS, chosen
from madang.drills.disaster.run import SECONDS, hold


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
@click.option("--target", multiple=True, help="Strike real requests to it: a provider or target.")
@click.option("--tag", multiple=True, help="Of these only those with the tag NAME=VALUE.")
@click.option(
    "--percent",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0, 100, min_open=True),
    help="And only so many of these.",
)
@click.option(
    "--minutes",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, 1440, min_open=True),
    help="For so long; then it ends by itself.",
)
@click.option("--stop", is_flag=True, help="End every drill of a running configuration at once.")
@click.option("--running", is_flag=True, help="Show drills of a running configuration.")
@json_option
@place_options
def command(names: tuple[str, ...], as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Let simulated providers fail, and see what callers get; or, with --target, let real requests fail.

    Each drill starts a gateway and three simulated providers in a temporary folder, lets one fault strike, and judges
    answers, times and the ledger. Exit status 1 if an objective does not hold. All together take less than
    three minutes. With --target a fault is injected into the gateway of --home or --url: into a few of its requests,
    for some minutes.

    Example: madang drill storm region-lost --seconds 10
    """
    if options["target"] or options["stop"] or options["running"]:
        _at_gateway(names, as_json=as_json, **options)
    elif options["only_list"]:
        _list(as_json)
    else:
        _simulate(names, options["seconds"], options["out"], as_json=as_json)


def _at_gateway(names: tuple[str, ...], *, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Begin, stop or show drills of a running configuration."""
    with drill_office(options["home"], options["url"], options["key"]) as office:
        if options["stop"]:
            tell(office.stop("somebody wanted it"), as_json=as_json)
        elif options["running"]:
            tell(office.latest(), as_json=as_json)
        else:
            reach = (options["tag"], options["percent"], options["minutes"])
            begun = office.start(wanted(names, options["target"], *reach))
            tell([begun], as_json=as_json)
            if not as_json:
                click.echo("It ends by itself, or at once by: madang drill --stop")


def _simulate(names: tuple[str, ...], seconds: float, out: Path | None, *, as_json: bool) -> None:
    """Hold drills with simulated providers, and judge them."""
    drills = chosen(names)
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
