"""The report of a replay: its figures, the month they stand for, and what was assumed, in words."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from madang.whatif.change import Change, Period
from madang.whatif.limiting import Doorkeeper
from madang.whatif.places import Known, Place, latency_of
from madang.whatif.replay import Replay
from madang.whatif.report import Money, Month, Report

_MONTH_DAYS: Final = 30


class Facts(Struct, frozen=True, kw_only=True):
    """What the report says beside the replay.

    `period` None: the days with requests. `source` names the input; `is_ledger`: it is this
    installation's. `knows_before`: the routes of then are known, so that names can stay where they
    led. `elsewhere`: latencies of places without answers in the rows; stated ones are under
    `("", model)`.
    """

    period: Period | None
    source: str
    is_ledger: bool = True
    knows_before: bool = True
    corrections_nusd: int = 0
    unread_lines: int = 0
    elsewhere: Mapping[Place, Known] = {}


def report(replay: Replay, door: Doorkeeper, change: Change, facts: Facts) -> Report:
    """Everything that was counted."""
    total, counts = replay.tally.all(), replay.counts
    rows = counts.places.rows(facts.elsewhere)
    limits, days = door.report(), replay.tally.days
    period = facts.period or (Period(*days) if days else None)
    return Report(
        first=period.first.isoformat() if period else None,
        last=period.last.isoformat() if period else None,
        source=facts.source,
        attempts=replay.attempts,
        failed_requests=replay.failed,
        moved_requests=counts.moved,
        corrections_nusd=facts.corrections_nusd,
        total=total,
        month=_month(total, (days[1] - days[0]).days + 1 if days else 0),
        by_model=rows,
        by_key=replay.tally.groups("key"),
        by_tag=replay.tally.groups("tag"),
        by_day=replay.tally.groups("day"),
        unpriced=counts.places.unpriced(),
        unserved=dict(counts.unserved.most_common()),
        fit=counts.fit,
        caches=replay.caches,
        latency=latency_of(rows),
        limits=limits,
        assumptions=assumptions(change, facts, is_limited=limits is not None),
        unread_lines=facts.unread_lines,
    )


def assumptions(change: Change, facts: Facts, *, is_limited: bool) -> list[str]:
    """What the figures rest on, in sentences."""
    said = [_SCALED if change.by_family else _SAME_TOKENS, *_ALWAYS]
    said.append(_STAYS if facts.knows_before else _NOTHING_STAYS)
    if change.cache_hit_rate:
        said.append(_HITS.format(change.cache_hit_rate))
    if is_limited:
        said.extend(_LIMITED)
    if facts.is_ledger:
        said.append("The cost then is as it was entered; corrections are told apart.")
    return said


_SAME_TOKENS: Final = (
    "Every model uses as many tokens as the one that answered did (else: --scale-tokens)."
)
_SCALED: Final = "Tokens are scaled by what families of tokenizers make of a text in Latin script."
_ALWAYS: Final = (
    "What was read from or written to a prompt cache is so again, at the new model's prices for it.",
    "A request that moves fails again where it failed before, and is answered at the first other target.",
    "What failed altogether does so again, and costs nothing.",
    "A service tier (batch, flex) goes along where the new model has it; else the standard price counts.",
    "`weighted`, the mix and cache hits follow from the request's id.",
    "`pick: latency` and `least-busy` take the first target.",
)
_STAYS: Final = "Names whose route is the same in both configurations stay where they were, whichever target answered."
_NOTHING_STAYS: Final = "Every request goes where the new configuration leads first."
_HITS: Final = (
    "A cache answers {} of what none answered then, whatever it was, at no cost and in no time."
)
_LIMITED: Final = (
    "Budgets begin empty on the first day. Credit, and the providers' own limits, are left out.",
    "A refused request does not come again; its cost is in the totals all the same.",
    "For limits, requests take as long as they did.",
)


def _month(total: Money, days: int) -> Month | None:
    if not days:
        return None
    then, now = (
        _monthly(nusd, days) for nusd in (total.compared_then_nusd, total.compared_now_nusd)
    )
    return Month(days_used=days, then_nusd=then, now_nusd=now, difference_nusd=now - then)


def _monthly(nusd: int, days: int) -> int:
    """Rounded half up."""
    return (2 * nusd * _MONTH_DAYS + days) // (2 * days)
