"""The report: records whose fields are the interface (docs/whatif.md). Money is whole nano-dollars."""

from msgspec import Struct, field

UNLISTED = "(other)"
"""Where what is grouped goes once a grouping has as many rows as are kept."""


class Money(Struct, kw_only=True):
    """Requests with what they cost then and would cost now.

    `then_nusd` and `now_nusd` are sums over what is known; `…_unknown` counts requests with an
    unknown price on that side. The `compared` are known on both sides: only these are set against
    one another. `difference_nusd` below zero: it would cost less.
    """

    requests: int = 0
    then_nusd: int = 0
    then_unknown: int = 0
    now_nusd: int = 0
    now_unknown: int = 0
    compared_requests: int = 0
    compared_then_nusd: int = 0
    compared_now_nusd: int = 0
    difference_nusd: int = 0
    difference_share: float | None = None


class Group(Money, kw_only=True):
    """The same for one key, tag (`name=value`) or UTC day; `name` None: without any."""

    name: str | None


class PlaceSums(Struct, kw_only=True):
    """What a model at a provider did then and would do now; each attempt counts where it is made.

    Percentiles are µs, None where not known. `latency_from`: `period`, `ledger` (other days on
    record), `stated`, or None.
    """

    provider: str
    model: str
    then_requests: int = 0
    then_nusd: int = 0
    now_requests: int = 0
    now_nusd: int = 0
    now_unknown: int = 0
    p50_us: int | None = None
    p99_us: int | None = None
    latency_from: str | None = None


class Side(Struct, kw_only=True):
    """Means over requests of the median and the 99th percentile of where each is answered, in µs.

    `known_requests` are those whose place has known latencies; None: there is none.
    """

    p50_us: int | None = None
    p99_us: int | None = None
    known_requests: int = 0
    unknown_requests: int = 0


class Latency(Struct, kw_only=True):
    """How long answers took and would take."""

    then: Side
    now: Side


class Limits(Struct, kw_only=True):
    """What the limits and budgets of the new configuration would have refused.

    `refused` counts requests by the error's code; `refused_nusd` is what these would cost, and is
    part of the cost all the same. `limited_requests`: how many any limit or budget applied to.
    """

    limited_requests: int = 0
    refused_requests: int = 0
    refused_nusd: int = 0
    refused: dict[str, int] = {}


class Fit(Struct, kw_only=True):
    """What targets could not hold or do.

    `too_long` and `unable` went past a target whose window is too small, or that lacks what the
    answer shows to be needed. Of these `unanswered` found no other, and cost only what failed.
    `longer_answers` exceed the target's longest answer and would be cut.
    """

    too_long: int = 0
    unable: int = 0
    unanswered: int = 0
    longer_answers: int = 0


class Caches(Struct, kw_only=True):
    """`then_hits` were answered by a cache; `more_hits` are taken to be, and would cost `saved_nusd` otherwise."""

    then_hits: int = 0
    more_hits: int = 0
    saved_nusd: int = 0


class Unpriced(Struct, kw_only=True):
    """Requests that would go where no price is known."""

    provider: str
    model: str
    requests: int


class Month(Struct, kw_only=True):
    """The compared requests for 30 days like the mean of the days from the first use to the last."""

    days_used: int
    then_nusd: int
    now_nusd: int
    difference_nusd: int


class Report(Struct, kw_only=True, rename={"first": "from", "last": "to"}):
    """The whole. `first` None: there is nothing. `attempts` rows were read.

    `failed_requests` brought nothing then, and do again.
    `unserved` are names that the configuration does not lead anywhere, with their requests: priced
    at the vendor's where the catalogue knows them.
    """

    first: str | None
    last: str | None
    source: str
    attempts: int
    failed_requests: int
    moved_requests: int
    corrections_nusd: int
    total: Money
    month: Month | None
    by_model: list[PlaceSums]
    by_key: list[Group]
    by_tag: list[Group]
    by_day: list[Group]
    unpriced: list[Unpriced]
    unserved: dict[str, int]
    fit: Fit
    caches: Caches
    latency: Latency
    limits: Limits | None
    assumptions: list[str] = field(default_factory=list)
    unread_lines: int = 0
