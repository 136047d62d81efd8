"""What would be asked of whom, before anybody is asked: who can make a clip or speak a text, and for how much.

Rule: nobody outside hears of it, nothing is set aside and nothing is entered; what would be refused is
refused here, in the same words.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from msgspec import Struct

from madang.errors import MadangError, UnsupportedFeature
from madang.keys import Key
from madang.media.kit import Kit
from madang.media.money import Dearest, kept_out, worst
from madang.model import Dialect, LeftOut, Target
from madang.model.media import SpeechAsk, VideoAsk
from madang.routing.route import Route
from madang.wire.media.contract import Outgoing, SpeechWire, VideoWire


class Caller(Struct, frozen=True):
    """Who asks, under which name of a model, when (Unix µs), with which tags of the ledger."""

    key: Key
    model: str
    at_us: int
    tags: dict[str, str]


class Asked(Struct, frozen=True):
    """Somebody who would be asked. `cost_nusd`: the most that it can cost there (None: unknown).

    `losses`: what of the request cannot be said to them.
    """

    target: Target
    cost_nusd: int | None
    losses: tuple[str, ...]


class Plan(Struct, frozen=True):
    """Who would be asked, in this order, and who could not be and why."""

    work: Dialect
    asked: tuple[Asked, ...]
    left_out: tuple[LeftOut, ...]


def plan_clip(kit: Kit, caller: Caller, ask: VideoAsk, hints: Mapping[str, Any]) -> Plan:
    """Who would make a clip. Raises UnknownModel, InvalidRequest, Forbidden, UnsupportedFeature, OutOfCredit."""
    route, decision = kit.clip_route(caller.key, caller.model, ask, hints, caller.at_us)

    def write(target: Target) -> Outgoing:
        return cast("VideoWire", kit.wire(target, "videos")).submit(
            kit.told(ask, target), target.model
        )

    return _planned(kit, caller, route, write, decision.left_out if decision else ())


def plan_speech(kit: Kit, caller: Caller, ask: SpeechAsk) -> Plan:
    """Who would speak a text. Raises the same."""
    route, decision = kit.speech_route(caller.key, caller.model, ask, caller.at_us)

    def write(target: Target) -> Outgoing:
        return cast("SpeechWire", kit.wire(target, "speech")).write(
            kit.told(ask, target), target.model
        )

    return _planned(kit, caller, route, write, decision.left_out if decision else ())


def _planned(
    kit: Kit,
    caller: Caller,
    route: Route,
    write: Callable[[Target], Outgoing],
    left_out: tuple[LeftOut, ...],
) -> Plan:
    """The route's targets, each asked by its adapter what it would send."""
    asked, refusals = list[Asked](), list[MadangError]()
    for target in route.every_target():
        try:
            outgoing = write(target)
        except MadangError as error:
            refusals.append(error)
            left_out += (_left_out(target, error.message),)
            continue
        nusd = worst(kit.snapshot, kit.snapshot.berth(target), outgoing.counts, caller.at_us)
        asked.append(Asked(target, nusd, outgoing.losses))
    if not asked:
        raise refusals[0] if refusals else UnsupportedFeature("Nobody is there who could be asked.")
    unpriced = tuple(one.target for one in asked if one.cost_nusd is None)
    meters = kit.pipeline.gate.meters(caller.key, caller.tags)
    barred = kept_out(kit.snapshot, meters, route, Dearest(0, unpriced))
    left_out += tuple(_left_out(one, "has no known price, and a budget holds") for one in barred)
    left = tuple(one for one in asked if one.target not in barred)
    return Plan(asked[0].target.api, left, left_out)


def _left_out(target: Target, why: str) -> LeftOut:
    return LeftOut(f"{target.provider}/{target.model}", why)
