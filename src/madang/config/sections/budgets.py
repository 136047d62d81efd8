"""The sections `limits` and `budgets` as records: whom each counts, and how much there may be."""

from collections.abc import Collection, Iterator
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, field, structs

from madang.config.problems import Fault, Path

Amount = Annotated[int, Meta(ge=1, le=10**15)]
Share = Annotated[float, Meta(gt=0, le=1)]
Usd = Annotated[float, Meta(gt=0, le=1_000_000_000)]


class Scope(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose requests count together: those that everything which is said here is true of.

    `key` is a key's id or name, `account` and `plan` an id or name, `tag` names and values of tags.
    """

    key: str | None = None
    account: str | None = None
    plan: str | None = None
    tag: dict[str, str] = field(default_factory=dict)


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """How much there may be in any second, minute or day, and at once.

    r: requests, t: tokens (input and output together); s, m, d: second, minute, day. `burst`: requests
    that may come at once, which then come back steadily at the rate of `rps` or else `rpm`.
    """

    scope: Literal["total"] | Scope
    rps: Amount | None = None
    rpm: Amount | None = None
    rpd: Amount | None = None
    tps: Amount | None = None
    tpm: Amount | None = None
    tpd: Amount | None = None
    burst: Amount | None = None
    concurrency: Amount | None = None


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be spent in a day, a month or for good.

    `usd` is dollars, to the nano-dollar. `warn_at`: shares of it at which a warning is given. Under
    `mode: soft` the cheapest targets come first from the share `soft_from` on.
    """

    scope: Literal["total"] | Scope
    usd: Usd
    per: Literal["day", "month", "ever"] = "month"
    time_zone: str = "UTC"
    warn_at: tuple[Share, ...] = ()
    mode: Literal["hard", "soft"] = "hard"
    soft_from: Share = 0.8


def limit_faults(limits: Collection[Limit]) -> Iterator[Fault]:
    """What is wrong with limits of the right shape."""
    for index, limit in enumerate(limits):
        path: Path = ("limits", index)
        yield from _scope_faults(path, limit.scope)
        named = structs.asdict(limit)
        if all(named[name] is None for name in named if name not in ("scope", "burst")):
            yield path, "it limits nothing: give `rpm` or another limit"
        if limit.burst is not None and limit.rps is None and limit.rpm is None:
            yield (*path, "burst"), "a burst needs the rate at which it comes back: `rps` or `rpm`"


def budget_faults(budgets: Collection[Budget]) -> Iterator[Fault]:
    """What is wrong with budgets of the right shape."""
    for index, budget in enumerate(budgets):
        path: Path = ("budgets", index)
        yield from _scope_faults(path, budget.scope)
        if not _is_zone(budget.time_zone):
            yield (*path, "time_zone"), "a time zone is a name such as `Asia/Seoul` or `UTC`"


def _scope_faults(path: Path, scope: Literal["total"] | Scope) -> Iterator[Fault]:
    if scope == Scope():
        yield (*path, "scope"), "it names nobody; write `total` for all requests together"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
