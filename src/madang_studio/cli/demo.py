"""`madang studio demo`: a film of three shots, one line changed, and only what depends on it made again."""

import os
import tempfile
import time
from pathlib import Path

import click

from madang_studio.batch.delivery import deliver
from madang_studio.batch.own_gateway import Access, own_gateway
from madang_studio.batch.work import work_on
from madang_studio.cli.finishing import far, in_short, planned
from madang_studio.cli.live import live
from madang_studio.cli.place import opened
from madang_studio.cli.printing import print_table, short
from madang_studio.errors import StudioError
from madang_studio.graph.survey import survey
from madang_studio.model.brief import Brief
from madang_studio.model.edits import LineEdit
from madang_studio.runner import orders
from madang_studio.store import Project

_BRIEF = Brief(
    theme="two strangers share an umbrella",
    genre="romance",
    minutes=0.24,
    burned="en",
    captions=("ko",),
)
_CHANGE = "And that, as it turned out, was all."
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


@click.command("demo")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Put the film there. Default: nothing is kept.",
)
def command(keep: Path | None) -> None:
    """Show it working: a little film, one line changed, without a key and without a network.

    Exit status 1 if more was made again than was planned.

    Example: madang studio demo
    """
    with (
        tempfile.TemporaryDirectory(prefix="madang-studio-") as folder,
        opened(Path(folder), create=True) as project,
        own_gateway(Path(folder) / "gateway", _harmless()) as gateway,
    ):
        click.echo("\nThe studio: a film of three shots, by the playground's stand-ins")
        drama = project.dramas.add(_BRIEF, name="demo")
        first_s = _made(project, drama, gateway)
        before = _counts(project, drama)
        line = _change(project, drama)
        plan = planned(project, drama)
        click.echo(f"\nLine {line} is changed to “{_CHANGE}” {in_short(plan)}")
        print_table(
            ("part", "why"), [(it.place, short("; ".join(it.why), 100)) for it in plan.items]
        )
        again_s = _made(project, drama, gateway)
        after = _counts(project, drama)
        again = {place for place in after if after[place] > before.get(place, 0)}
        made = deliver(project, drama, keep or Path(folder) / "films")
        click.echo(
            f"\nMade again: {len(again)} of {len(after)} parts, in {again_s:.1f} s instead of {first_s:.1f} s; "
            f"{made.shots} shots, {sum(it.startswith('clip/') for it in again)} of their clips filmed again."
        )
        if keep:
            click.echo(f"The film: {made.films[0]}")
    if not again <= {it.place for it in plan.items}:
        raise StudioError("More was made again than was planned: this is a defect.")


def _made(project: Project, drama: str, gateway: Access) -> float:
    """Make it to its end; how long that took in seconds. Raises StudioError where it does not end well."""
    begun = time.monotonic()
    with live(lambda: far(project, drama), names=False) as watch:
        work_on(project, [drama], gateway, watch)
    stands = project.dramas.get(drama)
    if stands.state != "done":
        raise StudioError(f"The demonstration is {stands.state}: {stands.words}")
    return time.monotonic() - begun


def _change(project: Project, drama: str) -> str:
    """Give the last line other words; its id."""
    script = survey(project, drama).script
    if script is None:
        raise StudioError("There is no script.")
    line = [line.id for scene in script.scenes for line in scene.lines][-1]
    orders.edit_line(project, drama, line, LineEdit(text=_CHANGE))
    return line


def _counts(project: Project, drama: str) -> dict[str, int]:
    return project.shelf.counts(drama)


def _harmless() -> dict[str, str]:
    """What a Python program needs to start, and no provider's key."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith("PYTHON")
    }
