"""When a target is given a rest, and how it is looked at: what `breaker`, `breakers`, `health` and `probe` can say."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct, structs

from madang.config.problems import Fault, Path
from madang.config.sections.pacing import Off

Times = Annotated[int, Meta(ge=1, le=10_000)]
Span = Annotated[float, Meta(gt=0, le=86_400)]
Share = Annotated[float, Meta(gt=0, le=1)]
Portion = Annotated[float, Meta(ge=0, le=1)]


class Breaker(Struct, frozen=True, forbid_unknown_fields=True):
    """What opens the breaker of a target, and how it closes again. None: as the wider setting says.

    Open after `failures` in a row, or once at least `error_rate` of the calls of the last `window_s`
    seconds have failed, or `slow_rate` of them took `slow_s` or longer, when there were `min_calls`.
    The rest takes `rest_s`, doubled each time up to `longest_rest_s`; `probes` calls at once end it.
    """

    failures: Times | None = None
    rest_s: Span | None = None
    longest_rest_s: Span | None = None
    error_rate: Share | None = None
    window_s: Span | None = None
    min_calls: Times | None = None
    probes: Times | None = None
    slow_s: Span | None = None
    slow_rate: Share | None = None


class Health(Struct, frozen=True, forbid_unknown_fields=True):
    """How targets are looked at beside their traffic.

    probe_every_s: a provider whose target rests, or has had no traffic for so long, is asked for
    something free that often; `off`: never. probe_timeout_s: how long that may take. max_ejected: the
    share of a model's targets that may rest for their error rate or their slowness.
    """

    probe_every_s: Span | Off = 30.0
    probe_timeout_s: Span = 5.0
    max_ejected: Portion = 0.5


class Rules(Struct, frozen=True):
    """The rules of one breaker: `Breaker` with nothing left open. `slow_s` None: slowness opens nothing."""

    failures: int = 3
    rest_s: float = 30.0
    longest_rest_s: float = 300.0
    error_rate: float = 0.5
    window_s: float = 60.0
    min_calls: int = 20
    probes: int = 1
    slow_s: float | None = None
    slow_rate: float = 0.5


DEFAULT_RULES: Final = Rules()


def rules_of(*given: Breaker | None) -> Rules:
    """The rules that several settings make, the widest first."""
    said = [structs.asdict(one) for one in given if one is not None]
    return Rules(**{k: v for one in said for k, v in one.items() if v is not None})


def breaker_faults(path: Path, given: Breaker | None) -> Iterator[Fault]:
    """What is wrong with one breaker's settings."""
    if given is None or given.rest_s is None or given.longest_rest_s is None:
        return
    if given.longest_rest_s < given.rest_s:
        yield (*path, "longest_rest_s"), "the longest rest cannot be shorter than `rest_s`"


def health_faults(
    path: Path, given: Breaker | None, by_model: Mapping[str, Breaker], probe: str | None
) -> Iterator[Fault]:
    """What is wrong with what a provider's settings say of health."""
    yield from breaker_faults((*path, "breaker"), given)
    for model, breaker in by_model.items():
        yield from breaker_faults((*path, "breakers", model), breaker)
    is_path = probe is not None and probe.startswith("/") and probe.isascii() and " " not in probe
    if probe is not None and probe != "off" and not (is_path and probe.isprintable()):
        yield (*path, "probe"), "a path such as `/health`, or `off`, is expected"
