"""What the shape alone cannot say: addresses, names, keys and what refers to what.

The rules of a section stand beside its records, as generators of faults; a fault says what to write
instead and never repeats the value.
"""

import re
from collections.abc import Collection, Iterator

from madang.config.problems import Fault, Problem, spell
from madang.config.sections.alerts import (
    alert_faults,
    channel_faults,
    report_faults,
    telemetry_faults,
)
from madang.config.sections.budgets import budget_faults, limit_faults
from madang.config.sections.canaries import canary_faults
from madang.config.sections.drills import drill_faults
from madang.config.sections.health import breaker_faults
from madang.config.sections.media import place_faults
from madang.config.sections.models import aim_of, model_faults, tiered
from madang.config.sections.payments import payment_faults
from madang.config.sections.plans import plan_faults
from madang.config.sections.prices import price_faults
from madang.config.sections.providers import provider_faults
from madang.config.sections.retries import retry_faults
from madang.config.sections.routes import task_faults
from madang.config.settings import Settings
from madang.config.suggest import did_you_mean

_ORIGIN = re.compile(r"\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


def faults(settings: Settings) -> Iterator[Fault]:
    """Everything that is wrong with settings of the right shape."""
    if settings.store != "sqlite":
        yield ("store",), "expected `sqlite`"
    if settings.shared != "memory":
        yield ("shared",), "expected `memory`"
    for index, origin in enumerate(settings.server.origins):
        if not _ORIGIN.fullmatch(origin):
            yield (
                ("server", "origins", index),
                "expected `*`, or one such as `https://chat.example`",
            )
    yield from provider_faults(settings.providers)
    yield from model_faults(settings.models)
    yield from plan_faults(settings.plans)
    yield from payment_faults(settings.payments)
    yield from place_faults(settings.media)
    yield from breaker_faults(("breaker",), settings.breaker)
    yield from price_faults(settings.prices)
    yield from retry_faults(("retries",), settings.retries)
    yield from task_faults(settings.tasks, tiered(settings.models))
    yield from limit_faults(settings.limits)
    yield from budget_faults(settings.budgets)
    yield from canary_faults(settings.canaries)
    yield from drill_faults(settings.drills, settings.channels)
    yield from alert_faults(settings.alerts or (), settings.channels)
    yield from channel_faults(settings.channels)
    yield from report_faults(settings.report, settings.channels)
    yield from telemetry_faults(settings.telemetry)


def references(settings: Settings, known_providers: Collection[str]) -> tuple[Problem, ...]:
    """Targets at providers neither configured nor in `known_providers` (enabled by other means)."""
    providers = {*settings.providers, *known_providers}
    problems = []
    for name, model in settings.models.items():
        for index, target in enumerate(model.targets):
            provider = aim_of(target).partition("/")[0]
            if provider not in providers:
                fault = f"there is no provider `{provider}`.{did_you_mean(provider, providers)}"
                problems.append(Problem(spell(("models", name, "targets", index)), fault))
    return tuple(problems)
