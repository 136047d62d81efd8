"""`madang status`: how the providers and targets of a running gateway fare."""

from typing import Any

import click

from madang.cli.shown.printing import json_option, print_json, print_table
from madang.client import Gateway, GatewayError

Row = dict[str, Any]
_PROVIDER_NUMBERS = ("failures", "latency", "answered")
_TARGET_NUMBERS = ("failures", "failed", "latency", "answered", "under way", "rests")


@click.command("status")
@click.option(
    "--url",
    envvar="MADANG_URL",
    show_envvar=True,
    default="http://127.0.0.1:8080",
    show_default=True,
    help="The running gateway.",
)
@click.option("--key", envvar="MADANG_KEY", show_envvar=True, required=True, help="Its admin key.")
@json_option
def command(url: str, key: str, as_json: bool) -> None:
    """Show how providers and targets fare: healthy, degraded or failed.

    Of several worker processes the one that answers tells what it has seen. Exit status 0 also where some have failed.

    Example: madang status --url http://127.0.0.1:8080 --key mdg_…
    """
    try:
        gateway = Gateway(url, key)
    except GatewayError as error:
        raise click.UsageError(error.message) from error
    told = gateway.get("/api/status")
    if as_json:
        print_json(told)
        return
    print_table(
        ("provider", "health", *_PROVIDER_NUMBERS),
        [
            (one["name"], one["health"] or "unused", *_figures(one))
            for one in sorted(told["providers"], key=lambda one: str(one["name"]))
        ],
        numbers=_PROVIDER_NUMBERS,
    )
    print_table(
        ("target", "health", "breaker", *_TARGET_NUMBERS),
        [_target(one) for one in sorted(told["targets"], key=_name)],
        numbers=_TARGET_NUMBERS,
    )


def _name(target: Row) -> str:
    return f"{target['provider']}/{target['model']}"


def _target(one: Row) -> tuple[str, ...]:
    failures, latency, answered = _figures(one)
    breaker = one["breaker"] if one["cause"] is None else f"{one['breaker']}: {one['cause']}"
    failed = f"{one['failed_calls']} of {one['calls']}"
    rests = _seconds(one["rests_s"] or None)
    under_way = str(one["in_flight"])
    return (
        _name(one),
        one["health"],
        breaker,
        failures,
        failed,
        latency,
        answered,
        under_way,
        rests,
    )


def _figures(one: Row) -> tuple[str, str, str]:
    """Failures in a row, the mean latency, and how long ago it has last answered."""
    answered = "never" if one["answered_s_ago"] is None else f"{one['answered_s_ago']:.0f} s ago"
    return str(one["failures"]), _seconds(one["latency_s"] or None), answered


def _seconds(given: float | None) -> str:
    return "-" if given is None else f"{given:.2f} s"
