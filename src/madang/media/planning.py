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
from madang.media.money import worst
from madang.model import Dialect, LeftOut, Target
from madang.model.media import SpeechAsk, VideoAsk
from madang.routing.route import Route
from madang.wire.media.contract import Outgoing, SpeechWire, VideoWire


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


def plan_clip(
    kit: Kit, key: Key, model: str, ask: VideoAsk, hints: Mapping[str, Any], at_us: int
) -> Plan:
    """Who would make a clip. Raises UnknownModel, InvalidRequest, Forbidden, UnsupportedFeature."""
    route, decision = kit.clip_route(key, model, ask, hints, at_us)

    def write(target: Target) -> Outgoing:
        return cast("VideoWire", kit.wire(target, "videos")).submit(ask, target.model)

    return _planned(kit, route, write, at_us, decision.left_out if decision else ())


def plan_speech(kit: Kit, key: Key, model: str, ask: SpeechAsk, at_us: int) -> Plan:
    """Who would speak a text. Raises the same."""
    route, decision = kit.speech_route(key, model, ask, at_us)

    def write(target: Target) -> Outgoing:
        return cast("SpeechWire", kit.wire(target, "speech")).write(ask, target.model)

    return _planned(kit, route, write, at_us, decision.left_out if decision else ())


def _planned(
    kit: Kit,
    route: Route,
    write: Callable[[Target], Outgoing],
    at_us: int,
    left_out: tuple[LeftOut, ...],
) -> Plan:
    """The route's targets, each asked by its adapter what it would send."""
    asked, refusals = list[Asked](), list[MadangError]()
    for target in route.every_target():
        try:
            outgoing = write(target)
        except MadangError as error:
            refusals.append(error)
            left_out += (LeftOut(f"{target.provider}/{target.model}", error.message),)
            continue
        nusd = worst(kit.snapshot, kit.snapshot.berth(target), outgoing.counts, at_us)
        asked.append(Asked(target, nusd, outgoing.losses))
    if not asked:
        raise refusals[0] if refusals else UnsupportedFeature("Nobody is there who could be asked.")
    return Plan(asked[0].target.api, tuple(asked), left_out)
