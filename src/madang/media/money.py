"""What media cost: counts into usage, the worst case before, and the row of the ledger after.

Rules: what the provider says that it bills comes first; where its price list does not know those
counts, or it says nothing, what the call comes to by its own adapter does. A job that failed costs
nothing unless its provider says otherwise. Every job is one row.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from madang.errors import MadangError
from madang.keys import Key
from madang.ledger.prices import charge, worst_nusd
from madang.model import Attempt, Decision, Dialect, Outcome, PriceRow, Target, Usage
from madang.pipeline.lane import Berth, Snapshot
from madang.routing.limits import Meters
from madang.routing.limits import unpriced as price_unknown
from madang.routing.route import Route

_TOKENS: Final = ("input_tokens", "output_tokens")
_MOST_COUNT: Final = 1_000_000_000
_MOST_NUSD: Final = 10**15
_MAX_DETAIL: Final = 500
_UNSTATED: Final[Mapping[str, int]] = {"video_ms": 60_000, "images": 10, "audio_ms": 3_600_000}
"""What a call may come to whose adapter cannot say, for what is priced so."""


class Caller(Struct, frozen=True, kw_only=True):
    """Whose a piece of work is, and under which request the ledger has it; `at_us` is when it came (Unix µs)."""

    request_id: str
    key_id: str
    account_id: str | None
    tags: dict[str, str]
    at_us: int
    asked_model: str
    work: Dialect

    @classmethod
    def of(
        cls, key: Key, request_id: str, at_us: int, asked: tuple[str, Dialect], tags: dict[str, str]
    ) -> "Caller":
        """A caller by its key; `asked`: the model's name and the work."""
        return cls(
            request_id=request_id,
            key_id=key.id,
            account_id=key.account_id,
            tags=tags,
            at_us=at_us,
            asked_model=asked[0],
            work=asked[1],
        )


class Ended(Struct, frozen=True, kw_only=True):
    """How one attempt ended. `counts` is what is billed, by the first that the price list knows."""

    outcome: Outcome
    status: int = 0
    cause: str | None = None
    detail: str | None = None
    counts: tuple[Mapping[str, int], ...] = ()
    estimated: bool = False
    final: bool = True
    latency_us: int = 0
    losses: tuple[str, ...] = ()
    provider_key: str | None = None
    reserved_nusd: int | None = None
    plan: Decision | None = None


def failed_by(end: Ended, error: MadangError) -> Ended:
    """The same of an attempt that failed so: what was answered, and why."""
    status = getattr(error, "upstream_status", None) or 0
    return replace(end, status=status, cause=error.kind, detail=error.message)


class Bill(Struct, frozen=True):
    """Usage and what it costs; None: the price is unknown. `price` names the row used."""

    usage: Usage = field(default_factory=Usage)
    nusd: int | None = 0
    price: str | None = None


def usage_of(counts: Mapping[str, int], *, estimated: bool = False) -> Usage:
    """Counts as usage has them: tokens as tokens, everything else as units."""
    kept = {name: min(max(0, count), _MOST_COUNT) for name, count in counts.items()}
    units = {name: count for name, count in kept.items() if name not in _TOKENS and count}
    return Usage(
        input=kept.get("input_tokens", 0),
        output=kept.get("output_tokens", 0),
        units=units,
        estimated=estimated,
    )


def bill(
    price: PriceRow | None,
    counted: Iterable[Mapping[str, int]],
    at_us: int,
    *,
    estimated: bool = False,
) -> Bill:
    """The first counts that the price list can price; where it knows none of them, the first with no price."""
    unpriced: Bill | None = None
    for counts in counted:
        if not counts:
            continue
        for usage in _readings(counts, estimated=estimated):
            nusd, name = charge(price, usage, at_us) if price is not None else (None, None)
            if nusd is not None and nusd <= _MOST_NUSD:
                return Bill(usage, nusd, name)
            unpriced = unpriced or Bill(usage, None, None)
    return unpriced or Bill()


def owed(
    price: PriceRow | None,
    counted: Iterable[Mapping[str, int]],
    at_us: int,
    *,
    estimated: bool = False,
) -> Bill:
    """The same for what was made, or may have been: where nobody counted anything the cost is unknown, not nothing."""
    said = [counts for counts in counted if counts]
    return bill(price, said, at_us, estimated=estimated) if said else Bill(nusd=None)


def _readings(counts: Mapping[str, int], *, estimated: bool) -> list[Usage]:
    """As it is said; then, as price lists have tokens or pieces and hardly both, each without the other."""
    units = {name: count for name, count in counts.items() if name not in _TOKENS}
    tokens = {name: count for name, count in counts.items() if name in _TOKENS}
    readings = [counts] if not (units and tokens) else [counts, tokens, units]
    return [usage_of(one, estimated=estimated) for one in readings]


def worst(snapshot: Snapshot, berth: Berth, counts: Mapping[str, int], at_us: int) -> int | None:
    """The most that a call can cost at a target; None where its price is not known, of which nothing can be said."""
    price = snapshot.price(berth, at_us)
    if price is None:
        return None
    found = (
        [worst_nusd(price, usage) for usage in _readings(counts, estimated=False)] if counts else []
    )
    known = [nusd for nusd in found if nusd is not None]
    return max(known) if known else _dearest(price, counts)


class Dearest(Struct, frozen=True):
    """The most that something can cost, whoever makes it, but for the `unpriced`, of whom nothing can be said."""

    nusd: int = 0
    unpriced: tuple[Target, ...] = ()


def dearest(
    snapshot: Snapshot,
    route: Route,
    counts_at: Callable[[Target], Mapping[str, int]],
    at_us: int,
) -> Dearest:
    """Over everybody who may be asked; `counts_at` raises a MadangError where one of them cannot do it at all."""
    most, unpriced = 0, list[Target]()
    for target in route.every_target():
        try:
            counts = counts_at(target)
        except MadangError:
            continue
        nusd = worst(snapshot, snapshot.berth(target), counts, at_us)
        if nusd is None:
            unpriced.append(target)
        else:
            most = max(most, nusd)
    return Dearest(most, tuple(unpriced))


def kept_out(
    snapshot: Snapshot, meters: Meters | None, route: Route, most: Dearest
) -> tuple[Target, ...]:
    """Whom a budget keeps from being asked, because nobody knows what they cost.

    Raises OutOfCredit where nobody else is left.
    """
    if meters is None or not meters.budgets or not snapshot.refuses_unpriced:
        return ()
    if most.unpriced and route.without(most.unpriced) is None:
        raise price_unknown(route.name)
    return most.unpriced


def _dearest(price: PriceRow, counts: Mapping[str, int]) -> int | None:
    """The dearest of the variants that are priced, where nothing says which it will be; None: none is of this work."""
    stated = {name.partition(".")[0]: count for name, count in counts.items()}
    found = list[int | None]()
    for name in price.units:
        base = name.partition(".")[0]
        count = stated.get(base) or _UNSTATED.get(base, 1)
        found.append(worst_nusd(price, Usage(units={name: count})))
    return max((nusd for nusd in found if nusd is not None), default=None)


def row(caller: Caller, n: int, target: Target, end: Ended, billed: Bill) -> Attempt:
    """The row of one attempt."""
    usage = billed.usage
    return Attempt(
        id=f"{caller.request_id}.{n}",
        request_id=caller.request_id,
        n=n,
        at_us=caller.at_us,
        key_id=caller.key_id,
        account_id=caller.account_id,
        tags=caller.tags,
        dialect=caller.work,
        asked_model=caller.asked_model,
        model=target.canonical or target.model,
        provider=target.provider,
        api=caller.work,
        region=target.region,
        provider_key=end.provider_key,
        outcome=end.outcome,
        status=end.status,
        final=end.final,
        cause=end.cause,
        detail=end.detail and end.detail[:_MAX_DETAIL],
        input_tokens=usage.input,
        output_tokens=usage.output,
        units=usage.units,
        estimated=end.estimated,
        cost_nusd=billed.nusd,
        price=billed.price if billed.nusd is not None else None,
        reserved_nusd=end.reserved_nusd if n == 0 else None,
        plan=end.plan if n == 0 else None,
        latency_us=end.latency_us,
        losses=end.losses,
    )
