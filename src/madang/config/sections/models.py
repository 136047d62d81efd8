"""The section `models` as records: the names that callers may ask for, and where each goes."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from madang.config.problems import Fault, Path
from madang.config.scorer import ScorerRef
from madang.config.sections.canaries import Shadow
from madang.config.sections.providers import NAME, Tokens
from madang.config.sections.retries import Hedge, Retries, retry_faults
from madang.config.sections.routes import TASK_PREFIX, TIERS, Rule, Tiers, When
from madang.model import Feature

Weight = Annotated[int, Meta(ge=0, le=1_000_000)]
Millis = Annotated[int, Meta(ge=1, le=3_600_000)]

Pick = Literal["order", "weighted", "latency", "least-busy", "cost", "quality"]
Cause = Literal[
    "rate_limit",
    "provider_quota",
    "provider_auth",
    "overloaded",
    "timeout",
    "unreachable",
    "broken",
    "provider_failed",
    "unknown_model",
    "context_overflow",
    "unsupported_feature",
    "content_filter",
]

_MODEL_NAME = re.compile(r"[!-~]{1,256}")


class TargetRef(Struct, frozen=True, forbid_unknown_fields=True):
    """`to` is `provider/model`; `weight` its share under `pick: weighted`."""

    to: str
    weight: Weight = 1


class FallbackRef(Struct, frozen=True, forbid_unknown_fields=True):
    """`to` is a model or `provider/model`; `on` the causes it is for (none: all retryable ones)."""

    to: str
    on: tuple[Cause, ...] = ()


class LongContext(Struct, frozen=True, forbid_unknown_fields=True):
    """Prompts of more than `threshold_tokens` (estimated) go `to` a model or `provider/model` first."""

    to: str
    threshold_tokens: Tokens = 100_000


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """A name callers may ask for, and where it goes.

    `features`, `context_window` and `max_output` hold for all its targets, whatever the catalogue
    or the provider's settings say. `tiers` lead requests by their complexity, and stand in place of
    targets; `rules` lead some elsewhere, the first that fits. `sticky`: requests of one session go to
    one target. `latency_budget_ms`: how slow near regions may be before farther ones are asked (None:
    as slow as they are). `retries` stands for the whole section of that name (None: that section holds).
    `hedge`: None: one target is asked at a time. `shadow`: where copies of its requests go. `scorer`: the file
    of what judges complexity in the place of the rules.
    """

    targets: tuple[str | TargetRef, ...] = ()
    pick: Pick = "order"
    fallback: tuple[str | FallbackRef, ...] = ()
    long_context: LongContext | None = None
    features: dict[Feature, bool] = field(default_factory=dict)
    context_window: Tokens | None = None
    max_output: Tokens | None = None
    tiers: Tiers | None = None
    scorer: str | ScorerRef | None = None
    rules: tuple[Rule, ...] = ()
    sticky: bool = False
    latency_budget_ms: Millis | None = None
    retries: Retries | None = None
    shadow: Shadow | None = None
    hedge: Hedge | None = None


def model_faults(models: Mapping[str, Model]) -> Iterator[Fault]:
    """What is wrong with models of the right shape."""
    with_tiers = tiered(models)
    for name, model in models.items():
        path: Path = ("models", name)
        yield from _model_faults(path, name, model)
        yield from _tier_faults(path, model, with_tiers)
        for index, rule in enumerate(model.rules):
            yield from _rule_faults((*path, "rules", index), rule, with_tiers)


def tiered(models: Mapping[str, Model]) -> frozenset[str]:
    """The models that lead elsewhere by complexity: nothing else may lead to them."""
    return frozenset(name for name, model in models.items() if model.tiers is not None)


def _model_faults(path: Path, name: str, model: Model) -> Iterator[Fault]:
    if not _MODEL_NAME.fullmatch(name):
        yield path, "a model's name is up to 256 printable ASCII characters without spaces"
    for index, target in enumerate(model.targets):
        provider, slash, rest = aim_of(target).partition("/")
        if not (slash and NAME.fullmatch(provider) and _MODEL_NAME.fullmatch(rest)):
            place = _aim_path((*path, "targets", index), target)
            yield place, "a target is `provider/model`, for example `openai/gpt-4.1`"
    if model.targets and not any(_weight(target) for target in model.targets):
        yield (*path, "targets"), "every `weight` is 0; at least one must be more"
    for index, fallback in enumerate(model.fallback):
        place = _aim_path((*path, "fallback", index), fallback)
        if not _MODEL_NAME.fullmatch(aim_of(fallback)):
            yield place, "a fallback is a model's name, or `provider/model`"
        elif aim_of(fallback) == name:
            yield place, "a model cannot fall back to itself"
    yield from retry_faults((*path, "retries"), model.retries)
    if model.long_context is not None:
        to = model.long_context.to
        if not _MODEL_NAME.fullmatch(to) or to == name:
            fault = "another model's name, or `provider/model`, is expected here"
            yield (*path, "long_context", "to"), fault


def _tier_faults(path: Path, model: Model, tiered: Collection[str]) -> Iterator[Fault]:
    if model.tiers is None:
        if model.scorer is not None:
            yield (*path, "scorer"), "a scorer judges for `tiers`, and this model has none"
        return
    given = {name: getattr(model.tiers, name) for name in TIERS}
    if not any(given.values()):
        yield (*path, "tiers"), "give at least one of `simple`, `medium` and `complex`"
    if model.targets:
        yield (*path, "tiers"), "a model has either `targets` or `tiers`"
    for tier, to in given.items():
        if to in tiered:
            yield (*path, "tiers", tier), "a tier is a model without tiers"


def _rule_faults(path: Path, rule: Rule, tiered: Collection[str]) -> Iterator[Fault]:
    if rule.when == When():
        yield (*path, "when"), "say at least one thing that must be true of a request"
    if not rule.targets:
        yield (*path, "targets"), "at least one target is expected"
    for index, to in enumerate(rule.targets):
        if to in tiered or to.startswith(TASK_PREFIX):
            fault = "a target is `provider/model` or a model, but no task and none with tiers"
            yield (*path, "targets", index), fault


def aim_of(ref: str | TargetRef | FallbackRef) -> str:
    """Where a target or a fallback leads."""
    return ref if isinstance(ref, str) else ref.to


def _aim_path(path: Path, ref: str | TargetRef | FallbackRef) -> Path:
    return path if isinstance(ref, str) else (*path, "to")


def _weight(ref: str | TargetRef) -> int:
    return 1 if isinstance(ref, str) else ref.weight
