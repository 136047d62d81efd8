"""`madang doctor`: is this installation in order, and what should be done."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from madang.cli.options.configuration import Configuration, config_option, faults_told, read, warn_s
from madang.cli.options.home import home_option
from madang.cli.shown.printing import dollars, json_option, print_json, print_table
from madang.config.problems import ConfigError
from madang.config.sections.routes import TASK_PREFIX
from madang.drills.doctor.checkup import look_at_files, look_at_home, look_at_models
from madang.drills.doctor.finding import Finding
from madang.drills.doctor.probe import (
    MOST_TARGETS,
    Probed,
    most_it_costs,
    probe,
    questions,
    targets_of,
    told,
)
from madang.drills.doctor.reach import reach
from madang.drills.playground import unstarted
from madang.errors import MadangError
from madang.routing.board import Board
from madang.server.process.assembly import assemble, ways_of
from madang.upstream.providers import ProviderProblem

_COLOURS = {"ok": "green", "warning": "yellow", "broken": "red"}


@click.command("doctor")
@config_option
@home_option
@click.option(
    "--probe", "probing", is_flag=True, help="Ask targets what they can do: real, billed requests."
)
@click.option(
    "--model",
    "names",
    multiple=True,
    metavar="NAME",
    help="With --probe: this model only; may be repeated. Default: all configured ones.",
)
@json_option
def command(
    config: Path | None, home: Path, probing: bool, names: tuple[str, ...], as_json: bool
) -> None:
    """Check the configuration and reach every provider.

    Validates the file, resolves every model, asks each provider for its list of models with each key (a free call), and
    looks at the home folder and at where clips are kept. Each finding that is not in order says what to do. Exit status
    1 if anything is broken.

    With --probe, every target is also asked for tools, a picture, a JSON schema and the usage of a stream, in requests
    of a few words. What that can cost at the most is said first.

    Example: madang doctor --config madang.yaml
    """
    if names and not probing:
        raise click.UsageError("--model goes with --probe.")
    findings = [*_configured(config, home), *look_at_home(home, warn_s(home, config))]
    probed = _probed(config, home, names) if probing else []
    findings += map(told, probed)
    broken = sum(finding.state == "broken" for finding in findings)
    if as_json:
        matrix = {"probes": msgspec.to_builtins(probed)} if probing else {}
        print_json({"ok": not broken, "findings": msgspec.to_builtins(findings), **matrix})
    else:
        for finding in findings:
            _print(finding)
        _print_matrix(probed)
        click.echo(f"{broken} of {len(findings)} are broken." if broken else "All is in order.")
    if broken:
        raise SystemExit(1)


def _probed(config: Path | None, home: Path, names: tuple[str, ...]) -> list[Probed]:
    """Say what it costs, then ask."""
    with faults_told():
        found = read(config, home)
        settings = found.settings
        ways = ways_of(settings)
        snapshot = assemble(
            settings.models, found.providers, found.catalog, Board(), settings.prices, ways=ways
        )
    try:
        targets = targets_of(snapshot, names or found.settings.models)
    except MadangError as error:
        raise click.ClickException(error.message) from error
    if not targets:
        raise click.ClickException("No model is configured: name one with --model.")
    if len(targets) > MOST_TARGETS:
        raise click.ClickException(
            f"{len(targets)} targets are more than {MOST_TARGETS}: choose with --model."
        )
    nusd, unpriced = most_it_costs(snapshot, targets, time.time_ns() // 1000)
    requests = len(questions())
    more = f" beside {unpriced} whose price is not known" if unpriced else ""
    whom = f"{len(targets)} target{'s' if len(targets) > 1 else ''}"
    click.echo(
        f"Probing {whom} with {requests} requests each: at most {dollars(nusd)}{more}.", err=True
    )
    return asyncio.run(probe(snapshot, targets, os.environ))


def _print_matrix(probed: list[Probed]) -> None:
    if probed:
        columns = [question.about for question in questions()]
        rows = [[one.target, *(one.verdicts.get(name, "-") for name in columns)] for one in probed]
        print_table(["target", *columns], rows)


def _configured(config: Path | None, home: Path) -> Iterator[Finding]:
    try:
        found = read(config, home)
        providers = found.providers or unstarted()
        settings = found.settings
        ways = ways_of(settings)
        snapshot = assemble(
            settings.models, providers, found.catalog, Board(), settings.prices, ways=ways
        )
    except (ConfigError, ProviderProblem) as problem:
        yield Finding(
            what="configuration",
            state="broken",
            detail=str(problem),
            advice="Correct the lines named; the keys are explained in docs/configuration.md.",
        )
        return
    yield _about(found)
    for fault in found.shut:
        yield Finding(what="stored keys", state="broken", detail=fault)
    tasks = (f"{TASK_PREFIX}{name}" for name in found.settings.tasks)
    yield from look_at_models(snapshot, (*found.settings.models, *tasks))
    yield from look_at_files(settings.media.store, home)
    if found.providers:
        yield from asyncio.run(reach(snapshot.providers.values(), os.environ))


def _about(found: Configuration) -> Finding:
    file = str(found.path) if found.path else "no file, all defaults"
    if found.providers:
        served = f"providers {', '.join(found.providers)}"
    else:
        served = "no provider is configured or found in the environment: the playground would serve"
    return Finding(what="configuration", state="ok", detail=f"{file}; {served}")


def _print(finding: Finding) -> None:
    mark = click.style(f"{finding.state:8}", fg=_COLOURS[finding.state])
    click.echo(f"{mark} {finding.what}: {finding.detail}")
    if finding.advice:
        click.echo(f"{'':8} → {finding.advice}")
