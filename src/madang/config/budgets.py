"""The sections `limits` and `budgets` as records: whom each counts, and how much there may be."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

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
