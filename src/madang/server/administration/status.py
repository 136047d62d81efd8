"""`GET /api/status`: what this process is doing, and how its providers and their targets fare."""

import time
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from madang import __version__
from madang.routing.health import Health, Standing, State
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime
from madang.upstream.providers import Provider


class ProviderShown(Struct):
    """A provider in force, with what its targets show of it.

    `keys` counts its keys, `resting_keys` those that it has refused. `health` is None where no target
    was used, and so is `latency_s`, the mean over targets; `failures` are those in a row of all of
    them, `answered_s_ago` is how long ago one has last answered (None: none has).
    """

    name: str
    kind: str
    host: str
    apis: list[str]
    region: str | None
    keys: int
    resting_keys: int
    health: Health | None
    failures: int
    latency_s: float | None
    answered_s_ago: float | None


class TargetShown(Struct):
    """A target in use, and how it fares. `waiting` of those `in_flight` wait for a turn.

    `failures` are those in a row; `calls`, `failed_calls` and `slow_calls` those of the last minute (or
    the breaker's window). `breaker` is its state, `cause` why it is not closed, `rests_s` for how much
    longer others are asked first. `answered_s_ago`: None where it has not answered yet. `concurrency`
    is how many calls at once have proved right (None: that is not being found out).
    """

    provider: str
    model: str
    health: Health
    breaker: State
    cause: str | None
    in_flight: int
    waiting: int
    failures: int
    calls: int
    failed_calls: int
    slow_calls: int
    resting: bool
    rests_s: float
    latency_s: float
    answered_s_ago: float | None
    concurrency: int | None


class Status(Struct):
    """The state of this process. `drills`: the ids of those whose faults it injects now."""

    version: str
    in_flight: int
    draining: bool
    providers: list[ProviderShown]
    targets: list[TargetShown]
    drills: list[str]


def status(runtime: Runtime, _: str, __: None) -> Status:
    """What this process is doing, and how its providers and their targets fare."""
    now = time.monotonic()
    keys = runtime.board.pacing.known_keys()
    resting = Counter(name for name, key in keys if key.rest.cause is not None)
    standings = runtime.board.items()
    by_provider: dict[str, list[Standing]] = {}
    for (provider, _model), standing in standings:
        by_provider.setdefault(provider, []).append(standing)
    providers = [
        _provider(one, by_provider.get(one.name, []), resting[one.name], now)
        for one in runtime.pipeline.snapshot.providers.values()
    ]
    targets = [_target(*name, standing, now) for name, standing in standings]
    drills = [one.id for one in runtime.pipeline.chaos.open]
    return Status(__version__, runtime.in_flight, runtime.draining, providers, targets, drills)


def _provider(
    provider: Provider, standings: Sequence[Standing], resting_keys: int, now: float
) -> ProviderShown:
    latencies = [one.latency_s for one in standings if one.latency_s]
    ago = [ago for one in standings if (ago := _ago(one, now)) is not None]
    return ProviderShown(
        provider.name,
        provider.kind,
        provider.origin.host,
        list(provider.apis),
        provider.region,
        keys=len(provider.keys),
        resting_keys=resting_keys,
        health=overall([one.health(now) for one in standings]),
        failures=sum(one.failures for one in standings),
        latency_s=round(sum(latencies) / len(latencies), 6) if latencies else None,
        answered_s_ago=min(ago, default=None),
    )


def _target(provider: str, model: str, standing: Standing, now: float) -> TargetShown:
    breaker = standing.breaker
    rates = breaker.rates(now)
    ceiling = None if standing.turnstile is None else standing.turnstile.ceiling
    return TargetShown(
        provider,
        model,
        health=standing.health(now),
        breaker=breaker.state,
        cause=breaker.cause,
        in_flight=standing.in_flight,
        waiting=standing.waiting,
        failures=standing.failures,
        calls=rates.calls,
        failed_calls=rates.failed,
        slow_calls=rates.slow,
        resting=breaker.open_until > now,
        rests_s=round(max(0.0, breaker.open_until - now), 3),
        latency_s=round(standing.latency_s, 6),
        answered_s_ago=_ago(standing, now),
        concurrency=None if ceiling is None else ceiling.limit,
    )


def overall(of_targets: Sequence[Health]) -> Health | None:
    """A provider's health by that of its targets; None: there are none."""
    if not of_targets:
        return None
    worst: Sequence[Health] = ("failed", "healthy")
    return next((one for one in worst if set(of_targets) == {one}), "degraded")


def _ago(standing: Standing, now: float) -> float | None:
    answered_at = standing.answered_at
    return None if answered_at is None else max(0.0, round(now - answered_at, 3))


STATUS = (Operation("GET", "/api/status", status, Status),)
