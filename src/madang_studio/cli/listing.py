"""`madang studio list`: the dramas of a project."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click

from madang_studio.cli.place import opened, project_option
from madang_studio.cli.printing import json_option, money, print_json, print_table, short
from madang_studio.store.dramas import State


@click.command("list")
@click.option("--batch", help="Only those of this batch.")
@click.option("--state", type=click.Choice(get_args(State)), help="Only those in this state.")
@project_option
@json_option
def command(folder: Path, batch: str | None, state: State | None, as_json: bool) -> None:
    """List the dramas of the project, those that go first before others.

    Example: madang studio list --state failed
    """
    with opened(folder) as project:
        found = project.dramas.all(batch=batch, states=(state,) if state else ())
        spent = {each.id: project.money.spent(each.id) for each in found}
    if as_json:
        print_json(
            [
                {
                    **{name: getattr(each, name) for name in each.__struct_fields__},
                    "cost_nusd": spent[each.id].nusd,
                    "unpriced_requests": spent[each.id].unpriced,
                }
                for each in found
            ]
        )
        return
    print_table(
        ("drama", "state", "genre", "spoken", "paid", "begun (UTC)", "theme"),
        [
            (
                each.id,
                each.state,
                each.brief.genre,
                each.brief.language,
                money(spent[each.id].nusd),
                f"{datetime.fromtimestamp(each.created, UTC):%Y-%m-%d %H:%M}",
                short(each.brief.theme),
            )
            for each in found
        ],
        numbers=("paid",),
        empty="There is no drama yet: `madang studio make --theme …` begins one.",
    )
