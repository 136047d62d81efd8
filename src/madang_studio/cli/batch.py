"""`madang studio batch`: hundreds of dramas from one file."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from madang_studio.batch.delivery import deliver
from madang_studio.batch.run import Report, report, take_up
from madang_studio.batch.tally import Counter, Tally
from madang_studio.batch.wanted import Wanted, WantedBatch, read_batch
from madang_studio.batch.work import work_on
from madang_studio.cli.finishing import say_free, say_others
from madang_studio.cli.live import Far, live
from madang_studio.cli.place import access, gateway_options, opened, project_option
from madang_studio.cli.printing import (
    json_option,
    money,
    print_json,
    print_table,
    short,
    span,
)
from madang_studio.programs.disk import check_room
from madang_studio.runner import handed_bytes
from madang_studio.store import Project
from madang_studio.store.events import Event
from madang_studio.store.objects import room

_FAILED = 1
_MOST_WHY = 400
"""The end of a reason says what to do: it is not cut off."""


@click.command("batch")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to put the films. Default: the folder films of the project.",
)
@click.option(
    "--report",
    "to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report as JSON there, too.",
)
@gateway_options
@project_option
@json_option
def command(
    file: Path,
    folder: Path,
    out: Path | None,
    to: Path | None,
    as_json: bool,
    **gateway: str | None,
) -> None:
    """Make a drama of each theme in FILE (.yaml or .csv). Films are handed over as they are finished.

    The same command goes on after a stop, and makes only what was added or changed since. A drama that fails takes no
    other down; the report at the end names it and why. Exit status 1 if one failed or is blocked.

    Example: madang studio batch themes.csv --report report.json
    """
    wanted = read_batch(file)
    begun = time.time()
    with opened(folder, create=True) as project:
        target = out or project.root / "films"
        check_room(target, sum(handed_bytes(it.brief) for it in _unmade(project, wanted)))
        dramas = take_up(project, wanted)
        counter = Counter(project, dramas, begun)
        for drama in project.dramas.all(batch=wanted.name, states=("done",)):
            _hand_over(project, drama.id, target)
        say_others(project, dramas)
        with live(lambda: _far(counter.tally(time.time())), names=True) as watch:

            def hear(events: Sequence[Event]) -> None:
                watch(events)
                for event in events:
                    if event.what == "done" and event.place is None:
                        click.echo(_hand_over(project, event.drama, target), err=True)

            asked = work_on(project, dramas, access(**gateway), hear)
        made = report(project, wanted.name, time.time() - begun)
    if to:
        with room(to):
            to.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2))
    _print(made, as_json=as_json, free=asked is not None and asked.playground)
    if set(made.states) & {"failed", "blocked"}:
        raise SystemExit(_FAILED)


def _unmade(project: Project, wanted: WantedBatch) -> Iterator[Wanted]:
    """Those of a batch that are not there, or not as they are wanted now."""
    made = {it.id: it.brief for it in project.dramas.all(batch=wanted.name, states=("done",))}
    return (it for it in wanted.dramas if made.get(it.name) != it.brief)


def _hand_over(project: Project, drama: str, target: Path) -> str:
    """Copy a finished film, unless it is there; what to say of it."""
    made = deliver(project, drama, target / drama)
    return f"{drama}  “{made.title}” is made: {made.films[0]}"


def _far(tally: Tally) -> Far:
    states = ", ".join(f"{number} {state}" for state, number in sorted(tally.states.items()))
    words = (
        f"{tally.done} of {tally.dramas} dramas: {states}; paid {money(tally.spent_nusd, tally.unpriced)}, "
        f"{money(tally.coming_nusd)} to come; {span(tally.left_s)} left"
    )
    held = [f"{it.drama} is {it.state} ({short(it.why or '', 60)})" for it in tally.held[:3]]
    return Far(tally.done, tally.dramas, "; ".join([words, *held]))


def _print(made: Report, *, as_json: bool, free: bool) -> None:
    if as_json:
        print_json(made)
        return
    print_table(
        ("drama", "state", "paid", "theme", "why"),
        [
            (
                it.drama,
                it.state,
                money(it.cost_nusd, it.unpriced),
                short(it.theme, 50),
                short(it.why or "", _MOST_WHY),
            )
            for it in made.dramas
        ],
        numbers=("paid",),
    )
    states = ", ".join(f"{number} {state}" for state, number in sorted(made.states.items()))
    budget = f" of {money(made.budget_nusd)}" if made.budget_nusd else ""
    paid = money(made.cost_nusd, made.unpriced)
    click.echo(f"Batch {made.batch}: {states}; paid {paid}{budget}, in {span(made.took_s)}.")
    if free and made.cost_nusd:
        say_free(made.cost_nusd)
    if held := [it.drama for it in made.dramas if it.state in ("failed", "blocked")]:
        click.echo(
            f"`madang studio status {held[0]}` says all of why; the same command tries again."
        )
