"""Where `madang auto` looks for examples: files of labels, and what a home folder or a running gateway has kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import click

from madang.cli.offices.auto_examples import (
    asked_of,
    labelled,
    of_outcomes,
    of_pairs,
    places_of,
    rated_ids,
)
from madang.cli.offices.compare import (
    CompareOffice,
    HomeComparisons,
    RemoteComparisons,
    every_pair,
)
from madang.cli.offices.report import HomeReports, RemoteReports, ReportOffice
from madang.cli.offices.whatif_input import each_line
from madang.cli.options.assembled import assembled
from madang.cli.options.configuration import faults_told, read
from madang.cli.options.office import HomeOffice
from madang.cli.options.place import in_place
from madang.client import Gateway
from madang.config.sections.routes import TIERS
from madang.config.settings import Settings
from madang.errors import InvalidRequest
from madang.pipeline.lane import Snapshot
from madang.routing.auto.learning import Example
from madang.routing.names.built_in_tasks import TIERS as BUILT_IN
from madang.routing.route import Route
from madang.server.administration.reports import Days, ExportAsked

R = TypeVar("R")


class Archive(NamedTuple):
    """What an installation has kept, and the configuration by which it is understood."""

    settings: Settings
    snapshot: Snapshot
    reports: Callable[[], ReportOffice]
    comparisons: Callable[[], CompareOffice]

    def route(self, model: str) -> Route:
        """The route of a model with tiers. Raises InvalidRequest for any other."""
        route = self.snapshot.directory.resolve(model, "chat")
        if not route.tiers:
            raise InvalidRequest(f"The model `{model}` has no tiers, so there is nothing to judge.")
        return route

    def examples(self, model: str, days: Days, silence: float) -> Iterator[Example]:
        """What the ledger and the comparisons of a period say of a model's tiers."""
        places = places_of(self.route(model), self._names(model))
        first, last = days.bounds
        wanted = ExportAsked(first=first, last=last, what="attempts", format="jsonl")
        asked = asked_of(each_line(self.reports().export(wanted)), model, places)
        office, rated = self.comparisons(), frozenset[str]()
        for comparison in office.all():
            pairs = list(every_pair(office, comparison.id))
            rated |= rated_ids(pairs)
            yield from of_pairs(comparison, pairs, asked, places, (first, last))
        yield from of_outcomes(asked.values(), silence, rated)

    def _names(self, model: str) -> list[str | None]:
        """What the configuration calls the tiers; the built-in tasks where it says nothing of them."""
        known = self.settings.models.get(model)
        if known is None or known.tiers is None:
            return list(BUILT_IN)
        return [getattr(known.tiers, tier) for tier in TIERS]


def at_archive(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of a place, and call it with what was kept there."""
    return in_place(_archive, function)


def labels_in(files: tuple[Path, ...]) -> Iterator[Example]:
    """The examples of files of labels. Raises InvalidRequest."""
    for file in files:
        try:
            with file.open(encoding="utf-8") as lines:
                yield from labelled(lines)
        except UnicodeDecodeError as problem:
            raise InvalidRequest(f"{file} is not UTF-8 text.") from problem
        except OSError as problem:
            raise click.ClickException(f"{file} cannot be read: {problem.strerror}.") from problem


@contextmanager
def _archive(home: Path, gateway: Gateway | None, config: Path | None) -> Iterator[Archive]:
    with faults_told():
        found = read(config, home, is_alone=True)
        snapshot = assembled(found)
    if gateway is not None:
        remote = RemoteReports(gateway), RemoteComparisons(gateway)
        yield Archive(found.settings, snapshot, lambda: remote[0], lambda: remote[1])
        return
    office = HomeOffice(home)
    reports = HomeReports(office, found.settings)
    try:
        yield Archive(
            found.settings, snapshot, lambda: reports, lambda: HomeComparisons.of(office.existing())
        )
    finally:
        office.close()
