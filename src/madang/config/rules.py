"""What the shape alone cannot say: addresses, names, keys and what refers to what.

Each rule is a generator of `(path, fault)`; a fault says what to write instead and never repeats
the value.
"""

import re
from collections.abc import Collection, Iterator
from urllib.parse import SplitResult, urlsplit

from madang.config.problems import Path, Problem, spell
from madang.config.sections.alerts import (
    alert_faults,
    channel_faults,
    report_faults,
    telemetry_faults,
)
from madang.config.sections.budgets import budget_faults, limit_faults
from madang.config.sections.canaries import canary_faults
from madang.config.sections.drills import drill_faults
from madang.config.sections.health import breaker_faults, health_faults
from madang.config.sections.media import place_faults
from madang.config.sections.pacing import Paces
from madang.config.sections.payments import Payments
from madang.config.sections.plans import Plan
from madang.config.sections.prices import price_faults
from madang.config.sections.retries import retry_faults
from madang.config.sections.routes import route_faults
from madang.config.settings import FallbackRef, Model, Provider, Settings, TargetRef
from madang.config.suggest import did_you_mean

Fault = tuple[Path, str]

_PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MODEL_NAME = re.compile(r"[!-~]{1,256}")
_CURRENCY = re.compile(r"[A-Z]{3,4}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE = re.compile(r"[ -~]{0,8192}")
_KEY = re.compile(r"[!-~]+")
_NOT_IN_HOST = re.compile(r"[\s\x00-\x20\x7f\\<>^`{|}%\"]")
_URL_PATH = re.compile(r"[!-~]*")
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
)


def faults(settings: Settings) -> Iterator[Fault]:
    """Everything that is wrong with settings of the right shape."""
    if settings.store != "sqlite":
        yield ("store",), "expected `sqlite`"
    if settings.shared != "memory":
        yield ("shared",), "expected `memory`"
    for name, provider in settings.providers.items():
        yield from _provider_faults(("providers", name), name, provider)
    for name, model in settings.models.items():
        yield from _model_faults(("models", name), name, model)
    for name, plan in settings.plans.items():
        yield from _plan_faults(("plans", name), name, plan)
    yield from _payment_faults(("payments",), settings.payments)
    yield from place_faults(settings.media)
    yield from breaker_faults(("breaker",), settings.breaker)
    yield from price_faults(settings.prices)
    yield from retry_faults(("retries",), settings.retries)
    yield from route_faults(settings.models, settings.tasks)
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
            provider = _aim(target).partition("/")[0]
            if provider not in providers:
                fault = f"there is no provider `{provider}`.{did_you_mean(provider, providers)}"
                problems.append(Problem(spell(("models", name, "targets", index)), fault))
    return tuple(problems)


def key_fault(key: str) -> str | None:
    """Why a provider's key cannot be sent in a header; None when it can."""
    if not key:
        return "the key is empty; set it or remove the provider"
    if not _KEY.fullmatch(key):
        return "the key holds a space, a line break or a character outside ASCII; copy it again"
    return None


def _provider_faults(path: Path, name: str, provider: Provider) -> Iterator[Fault]:
    if not _PROVIDER_NAME.fullmatch(name):
        yield (
            path,
            "a provider's name is up to 64 letters, digits, `.`, `_`, `-`, and starts with no sign",
        )
    for key in ("base_url", "platform_url"):
        url = getattr(provider, key)
        fault = _url_fault(url) if url is not None else None
        if fault:
            yield (*path, key), fault
    if provider.region is not None and not _PROVIDER_NAME.fullmatch(provider.region):
        yield (*path, "region"), "a region is a short name such as `eu` or `us-east-1`"
    yield from _key_faults(path, provider)
    yield from health_faults(path, provider.breaker, provider.breakers, provider.probe)
    yield from _pace_faults((*path, "limits"), provider.limits)
    yield from _pace_faults((*path, "key_limits"), provider.key_limits)
    yield from _header_faults((*path, "headers"), provider.headers)


def _pace_faults(path: Path, paces: Paces | None) -> Iterator[Fault]:
    if not isinstance(paces, dict):
        return
    for model, pace in paces.items():
        if pace.burst is not None and pace.rps is None and pace.rpm is None:
            fault = "a burst needs the rate at which it comes back: `rps` or `rpm`"
            yield (*path, model, "burst"), fault


def _key_faults(path: Path, provider: Provider) -> Iterator[Fault]:
    if provider.api_key is not None and provider.api_keys:
        yield (*path, "api_keys"), "give either `api_key` or `api_keys`, not both"
    keys = [] if provider.api_key is None else [((*path, "api_key"), provider.api_key)]
    keys += [((*path, "api_keys", index), key) for index, key in enumerate(provider.api_keys)]
    for place, key in keys:
        fault = key_fault(key)
        if fault:
            yield place, fault


def _header_faults(path: Path, headers: dict[str, str]) -> Iterator[Fault]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield (*path, name), "not a header's name"
        elif name.lower() in _OWN_HEADERS:
            yield (*path, name), "Madang sets this header itself; remove it"
        if not _HEADER_VALUE.fullmatch(value):
            yield (*path, name), "a header's value is printable ASCII on one line"


def _url_fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return "not a URL; write for example https://api.example.com/v1"
    if parts.scheme not in ("http", "https"):
        return "a URL here starts with http:// or https://"
    if "@" in parts.netloc:
        return "a URL here holds no user or password; write the key as `api_key`"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "a URL here ends with its path: no `?` or `#`"
    if not port_fits or not _host_fits(parts) or not _URL_PATH.fullmatch(parts.path):
        return "not a URL; write for example https://api.example.com/v1"
    return None


def _host_fits(parts: SplitResult) -> bool:
    return bool(parts.hostname) and not _NOT_IN_HOST.search(parts.netloc)


def _model_faults(path: Path, name: str, model: Model) -> Iterator[Fault]:
    if not _MODEL_NAME.fullmatch(name):
        yield path, "a model's name is up to 256 printable ASCII characters without spaces"
    for index, target in enumerate(model.targets):
        provider, slash, rest = _aim(target).partition("/")
        if not (slash and _PROVIDER_NAME.fullmatch(provider) and _MODEL_NAME.fullmatch(rest)):
            place = _aim_path((*path, "targets", index), target)
            yield place, "a target is `provider/model`, for example `openai/gpt-4.1`"
    if model.targets and not any(_weight(target) for target in model.targets):
        yield (*path, "targets"), "every `weight` is 0; at least one must be more"
    for index, fallback in enumerate(model.fallback):
        place = _aim_path((*path, "fallback", index), fallback)
        if not _MODEL_NAME.fullmatch(_aim(fallback)):
            yield place, "a fallback is a model's name, or `provider/model`"
        elif _aim(fallback) == name:
            yield place, "a model cannot fall back to itself"
    yield from retry_faults((*path, "retries"), model.retries)
    if model.long_context is not None:
        to = model.long_context.to
        if not _MODEL_NAME.fullmatch(to) or to == name:
            fault = "another model's name, or `provider/model`, is expected here"
            yield (*path, "long_context", "to"), fault


def _plan_faults(path: Path, name: str, plan: Plan) -> Iterator[Fault]:
    if not _PROVIDER_NAME.fullmatch(name):
        yield path, "a plan's name is up to 64 letters, digits, `.`, `_`, `-`"
    if (plan.price_usd is None) != (plan.per is None):
        yield path, "`price_usd` and `per` belong together; give both or neither"


def _payment_faults(path: Path, payments: Payments) -> Iterator[Fault]:
    secrets = [
        ((*path, "stripe", "secrets", index), secret)
        for index, secret in enumerate(payments.stripe.secrets)
    ]
    if payments.toss.secret_key is not None:
        secrets.append(((*path, "toss", "secret_key"), payments.toss.secret_key))
    for place, secret in secrets:
        if not _KEY.fullmatch(secret):
            yield place, "the secret is empty, or holds a space or a line break; copy it again"
    fault = _url_fault(payments.toss.base_url)
    if fault:
        yield (*path, "toss", "base_url"), fault
    for currency in payments.rates:
        if not _CURRENCY.fullmatch(currency):
            yield (*path, "rates", currency), "a currency is written as `KRW`"
        elif currency == "USD":
            yield (*path, "rates", currency), "a dollar is a dollar; remove the row"


def _aim(ref: str | TargetRef | FallbackRef) -> str:
    return ref if isinstance(ref, str) else ref.to


def _aim_path(path: Path, ref: str | TargetRef | FallbackRef) -> Path:
    return path if isinstance(ref, str) else (*path, "to")


def _weight(ref: str | TargetRef) -> int:
    return 1 if isinstance(ref, str) else ref.weight
