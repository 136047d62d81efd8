"""Making one drama to its end and saying what came of it: what `make`, `retake`, `export` and others share."""

import time
from collections.abc import Collection
from pathlib import Path

import click

from madang_studio.batch.delivery import Delivered, deliver
from madang_studio.batch.overview import overview
from madang_studio.batch.own_gateway import Access
from madang_studio.batch.work import work_on
from madang_studio.cli.gate import say_shown
from madang_studio.cli.live import Far, live
from madang_studio.cli.printing import money, print_json, span
from madang_studio.errors import OverBudget, StudioError
from madang_studio.graph.estimates import Estimator, PriceList
from madang_studio.graph.plan import Plan, plan
from madang_studio.graph.survey import survey
from madang_studio.programs.disk import check_room
from madang_studio.runner import handed_bytes
from madang_studio.store import Project
from madang_studio.store.dramas import Drama

_LEFT_SHOWN_FROM_S = 1.0


def finish(
    project: Project, drama: str, given: Access | None, out: Path | None, *, as_json: bool
) -> None:
    """Make a drama, hand it over and say where it is. Raises StudioError where it stands still before."""
    begun = time.monotonic()
    target = out or project.root / "films" / drama
    check_room(target, handed_bytes(project.dramas.get(drama).brief))
    say_others(project, [drama])
    with live(lambda: far(project, drama), names=False) as watch:
        asked = work_on(project, [drama], given, watch)
    stands = project.dramas.get(drama)
    if stands.state == "waiting":
        _say_gate(project, drama, as_json=as_json)
        return
    if stands.state != "done":
        raise StudioError(
            f"Drama {drama} is {stands.state}. {stands.words or ''}{_hint(stands, drama)}"
        )
    made = deliver(project, drama, target)
    if as_json:
        print_json(made)
    else:
        _tell(made, time.monotonic() - begun, free=asked is not None and asked.playground)


def say_others(project: Project, dramas: Collection[str]) -> None:
    """Say which other dramas go on as well: a runner works on all of a project, and spends on them."""
    others = [it.id for it in project.dramas.all(states=("going",)) if it.id not in dramas]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        click.echo(
            f"Under way in this project, too: {', '.join(others[:3])}{more} "
            "(`madang studio pause DRAMA` stops one).",
            err=True,
        )


def say_free(list_nusd: int) -> None:
    """Say that the playground cost nothing; `list_nusd` is what the same would have."""
    click.echo(
        f"Nothing was charged: the playground played all of it (at list prices {money(list_nusd)})."
    )


def planned(project: Project, drama: str, prices: PriceList | None = None) -> Plan:
    """What would be made now, at the prices of a gateway where they are known."""
    return plan(project, drama, Estimator(project.money.rate, prices or {}))


def in_short(found: Plan) -> str:
    """A plan in one line."""
    if not found.items:
        return "Nothing has to be made."
    count = sum(item.times for item in found.items)
    clips = sum(item.times for item in found.items if item.step == "clip")
    unknown = f" and {len(found.unknown)} parts without a known price" if found.unknown else ""
    return (
        f"{count} parts have to be made ({clips} of them clips), for {money(found.nusd)}{unknown}, "
        f"in about {span(found.seconds)}."
    )


def far(project: Project, drama: str) -> Far:
    """How far a drama is."""
    seen = survey(project, drama)
    fresh = sum(it.state == "fresh" for it in seen.standing.values())
    left = planned(project, drama)
    spent = project.money.spent(drama)
    words = f"{fresh} of {len(seen.standing)} parts"
    if left.seconds > _LEFT_SHOWN_FROM_S:
        words += f", about {span(left.seconds)} left"
    return Far(fresh, len(seen.standing), f"{words}, paid {money(spent.nusd, spent.unpriced)}")


def _say_gate(project: Project, drama: str, *, as_json: bool) -> None:
    stands, shown = project.dramas.get(drama), overview(project, drama).to_approve
    if as_json:
        told = {"drama": drama, "state": "waiting", "gate": stands.code, "why": stands.words}
        print_json({**told, "to_approve": shown})
        return
    click.echo(f"Drama {drama} waits for your approval of its {stands.code}.")
    say_shown(project, drama, shown)
    for what, how in _MAY_BE[stands.code or "script"].items():
        click.echo(f"  {what + ':':16} {how.format(drama)}")
    click.echo(f"  {'approve it:':16} madang studio approve {drama} {stands.code} --make")


_MAY_BE = {
    "script": {
        "look at it": "madang studio script {}",
        "change it": "madang studio script {} --out script.yaml",
    },
    "storyboard": {
        "see it again": "madang studio status {}",
        "change it": "madang studio script {} --out script.yaml",
    },
    "clips": {
        "see them again": "madang studio status {}",
        "film one again": "madang studio retake {} 1.2 --make",
    },
}
"""What a person may do at a gate, beside approving."""


def _hint(stands: Drama, drama: str) -> str:
    if stands.code == OverBudget.code:
        more = f"`madang studio resume {drama} --budget USD --make` goes on with more"
        return f"\n{more}; what a batch may cost stands in its file."
    if stands.state in ("paused", "failed", "cancelled", "blocked"):
        return f"\n`madang studio resume {drama} --make` tries again."
    return ""


def _tell(made: Delivered, took_s: float, *, free: bool) -> None:
    click.echo(
        f"“{made.title}” ({made.drama}) is made: {made.shots} shots, "
        f"{span(made.duration_ms / 1000)}, {made.lufs:.1f} LUFS, in {span(took_s)}."
    )
    for path in (*made.films, *made.captions, made.package):
        click.echo(f"  {path}")
    if free and made.cost_nusd:
        say_free(made.cost_nusd)
    else:
        click.echo(f"It cost {money(made.cost_nusd, made.unpriced)}.")
    for words in made.stand_ins:
        click.echo(f"Stand-in: {words}.")
    if made.stand_ins:
        click.echo(
            "With a provider's key (in the environment, or in a gateway at --url) the same is filmed and spoken."
        )
    for words in made.findings:
        click.echo(f"Remark of the check: {words}.")
