"""The ways to pick: candidates in the order in which they are to be asked, before health is looked at.

Everything here is stable: the same candidates, moment and chance give the same order, and equals
stay as the configuration has them.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

from madang.config.sections.models import Pick
from madang.routing.board import READY, RESTING
from madang.routing.case import Case
from madang.routing.glance import second_draw, two_of
from madang.routing.preferences import Figures, Preference, scores
from madang.routing.pulse import Candidate, to_look_at
from madang.routing.sessions import fraction, home

NEAR: Final = 1.05
"""Latencies within so much of the best count as equal: among those the idler of two drawn ones is taken."""

_UNKNOWN_LAST: Final = inf


def rank(
    pick: Pick, candidates: list[Candidate], case: Case, now: float, chance: float | None
) -> None:
    """Bring candidates into the order of a way to pick; the caller's preference and session come before it.

    `chance` None: nothing is left to chance, because none of these is the first to be asked.
    """
    if len(candidates) < 2:
        return
    if case.prefer is not None:
        by_preference(candidates, case.prefer, case, now)
    elif pick == "latency":
        by_latency(candidates, case, now, chance)
    elif pick == "weighted":
        _rotate(candidates, chance or 0.0)
    elif pick == "least-busy":
        _sort(
            candidates, [one.standing.in_flight / max(one.target.weight, 1) for one in candidates]
        )
    elif pick == "cost":
        _sort(candidates, [case.price(one.target) for one in candidates])
    elif pick == "quality":
        qualities = [case.known.quality_of(one.target) for one in candidates]
        _sort(candidates, qualities, highest_first=True)
    if case.session is not None and chance is not None:
        _keep(pick, candidates, case.session, case, now)


def by_preference(candidates: list[Candidate], prefer: Preference, case: Case, now: float) -> None:
    """Best first, by quality, price and latency, each laid between the worst and the best of the candidates."""
    case.notes.prefer = prefer
    figures = [
        Figures(
            case.known.quality_of(one.target), case.price(one.target), one.latency_s(now) or None
        )
        for one in candidates
    ]
    _sort(candidates, list(scores(figures, prefer)), highest_first=True)


def by_latency(candidates: list[Candidate], case: Case, now: float, chance: float | None) -> None:
    """Fastest first; among equals the idler of two; now and then one that has to be looked at again.

    A target of which nothing is known gets one request at a time until it was heard.
    """
    _sort(candidates, [one.latency_s(now) or None for one in candidates])
    if chance is None:
        return
    able = [one for one in candidates if one.readiness == READY]
    known = [one for one in able if one.score is not None]
    if not known:
        _two_choices(candidates, able, chance)
        return
    best = known[0].score or 0.0
    probe = to_look_at(able, best * NEAR, best)
    if probe is None:
        near = [one for one in known if (one.score or 0.0) <= best * NEAR]
        _two_choices(candidates, near, chance)
    else:
        case.notes.probe = probe.target
        _put_first(candidates, probe)


def _two_choices(candidates: list[Candidate], among: Sequence[Candidate], chance: float) -> None:
    """Of two that chance draws the one with fewer calls under way comes first."""
    count = len(among)
    if count == 0:
        return
    if count == 1:
        _put_first(candidates, among[0])
        return
    first, second = two_of(count, chance)
    drawn = (among[first], among[second])
    _put_first(candidates, min(drawn, key=lambda one: one.standing.in_flight))


def _rotate(candidates: list[Candidate], chance: float) -> None:
    """The target that `chance` falls on, by weight, then the others in order."""
    point = chance * sum(one.target.weight for one in candidates)
    for one in candidates:
        point -= one.target.weight
        if point < 0:
            _put_first(candidates, one)
            return


def _keep(pick: Pick, candidates: list[Candidate], session: bytes, case: Case, now: float) -> None:
    """A session stays where it is: where its prompt is still cached, or where it belongs."""
    if pick in ("order", "quality") and case.prefer is None:
        return
    healthy = [one for one in candidates if one.readiness != RESTING]
    if not healthy:
        return
    if case.prefer is not None or pick == "cost":
        kept = _still_warm(healthy, session, case, now)
    else:
        kept = healthy[home(session, [one.target for one in healthy])]
    if kept is not None:
        case.notes.kept = kept.target
        _put_first(candidates, kept)


def _still_warm(
    healthy: Sequence[Candidate], session: bytes, case: Case, now: float
) -> Candidate | None:
    """The one that was asked last, unless another is cheaper even without the cache."""
    last = case.memory.sessions.last(session, now)
    kept = next((one for one in healthy if (one.target.provider, one.target.model) == last), None)
    if kept is None or kept is healthy[0] or case.prefer is not None:
        return kept
    warm, cold = (_turn_nusd(one, case, is_warm=one is kept) for one in (kept, healthy[0]))
    return kept if warm <= cold else None


_ANSWER_TOKENS: Final = 512
"""What an answer is taken to have when two targets are compared for a session."""


def _turn_nusd(one: Candidate, case: Case, *, is_warm: bool) -> float:
    """What the next turn of a session costs, in millionths of a nano-dollar, its prompt read from the cache or not."""
    row = case.known.price_row(one.target, case.at_us)
    if row is None or row.input is None or row.output is None:
        return _UNKNOWN_LAST
    entered = row.cache_read if is_warm and row.cache_read is not None else row.input
    prompt = case.prompt_tokens() if case.prompt_tokens is not None else 0
    return prompt * entered + _ANSWER_TOKENS * row.output


def ease(
    candidates: list[Candidate], case: Case, now: float, chance: float, *, is_racing: bool
) -> None:
    """Let a target that comes back have only its share: the next one that is ready is asked in its place.

    `is_racing`: so is one whose latency is hardly known, because all are compared by that.
    """
    if len(candidates) < 2 or case.notes.probe is not None:
        return
    first = candidates[0]
    if first.readiness != READY:
        return
    share, other = eased(first, candidates[1:], now, is_racing=is_racing)
    if other is None:
        return
    draw = fraction(case.session) if case.session is not None else second_draw(chance)
    if draw >= share:
        _put_first(candidates, other)


def eased(
    first: Candidate, others: Sequence[Candidate], now: float, *, is_racing: bool
) -> tuple[float, Candidate | None]:
    """The share that a target keeps of what falls to it, and who gets the rest (None: it keeps all)."""
    share = first.pulse.share(now, is_racing=is_racing)
    if share < 1.0:
        for other in others:
            its = other.pulse.share(now, is_racing=is_racing)
            if other.readiness == READY and its > share:
                return share / its, other
    return 1.0, None


def _sort(
    candidates: list[Candidate], values: Sequence[float | None], *, highest_first: bool = False
) -> None:
    """By a figure, unknown ones last, equals as they were."""
    for one, value in zip(candidates, values, strict=True):
        one.score = value
    sign = -1.0 if highest_first else 1.0
    candidates.sort(key=lambda one: _UNKNOWN_LAST if one.score is None else sign * one.score)


def _put_first(candidates: list[Candidate], one: Candidate) -> None:
    if candidates[0] is not one:
        candidates.remove(one)
        candidates.insert(0, one)
