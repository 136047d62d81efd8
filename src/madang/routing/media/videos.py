"""`video:auto`: which model makes a clip, by quality, price and speed among those that can.

Source of the weights: capability S5 of the product, 0.6 quality, 0.3 price, 0.1 speed, each laid
between the worst (0) and the best (1) of those that are left. What cannot do it is left out with
the constraint that it fails, in the order of `_CONSTRAINTS`; the day and the health are arguments.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Final, NamedTuple

from msgspec import Struct

from madang.catalog.videos import VideoRow
from madang.errors import InvalidRequest, UnsupportedFeature
from madang.model import Decision, LeftOut, PriceRow, Weighed
from madang.routing.media.constraints import Constraint, ended, resting, sift, too_dear
from madang.routing.preferences import Figures, Weights, weighed

AUTO: Final = "video:auto"
WEIGHTS: Final = Weights(quality=0.6, price=0.3, speed=0.1)
URGENT_S: Final = 60.0
"""What is urgent has to be made in less: capability S5."""

_USUAL_S: Final = 5
_CLOSE: Final = Fraction(1, 40)
"""Ratios this near are one, as in `wire.media.fitting`."""


class Offer(Struct, frozen=True, kw_only=True):
    """A model at a provider that is configured.

    `model` is the provider's name for it. `nusd_per_s`: what a second costs there, None: unknown.
    `quality`: measured by whoever runs this installation; it stands before the table's. `healthy`:
    the provider may be asked now.
    """

    provider: str
    model: str
    row: VideoRow
    nusd_per_s: int | None = None
    quality: float | None = None
    healthy: bool = True

    @property
    def target(self) -> str:
        """`provider/model`."""
        return f"{self.provider}/{self.model}"


class Wish(Struct, frozen=True, kw_only=True):
    """What the clip is to be. None: no matter.

    `budget_nusd`: it must not cost more. `urgent`: made in under 60 s. `least_quality`: 0 to 1; a
    model of unknown quality is not good enough. `references`: so many pictures of people and things.
    `audio`: True: with sound, False: without, None: as the model does it.
    """

    duration_ms: int | None = None
    aspect: str | None = None
    first: bool = False
    last: bool = False
    references: int = 0
    audio: bool | None = None
    urgent: bool = False
    budget_nusd: int | None = None
    least_quality: float | None = None


class Pick(NamedTuple):
    """An offer that is left. `cost_nusd` is for the whole clip of `seconds`, None: unknown."""

    offer: Offer
    score: float
    seconds: int
    cost_nusd: int | None


class Choice(Struct, frozen=True):
    """The order in which to ask, best first, and why: `decision` is what explain shows."""

    picks: tuple[Pick, ...]
    decision: Decision


def choose(offers: Sequence[Offer], wish: Wish, today: date) -> Choice:
    """Weigh the offers. Raises UnsupportedFeature that names the constraint which left nobody."""
    if not offers:
        raise UnsupportedFeature(
            "No provider of video is configured; see docs/media-providers.md.", param="model"
        )
    left, left_out = sift(offers, wish, today, _CONSTRAINTS, "video model")
    picks = _weighed(left, wish)
    return Choice(picks, _decision(picks, left_out))


def seconds_of(offer: Offer, wish: Wish) -> int | None:
    """The length of the clip that would be made: the shortest that is no shorter than wished; None: none is."""
    choices = (offer.row.reference_seconds if wish.references else ()) or offer.row.seconds
    if wish.duration_ms is None:
        return min(choices, key=lambda length: (abs(length - _USUAL_S), length))
    return next((length for length in choices if length * 1000 >= wish.duration_ms), None)


def per_second(
    price: PriceRow | None, row: VideoRow, *, resolution: str = "720p", audio: bool | None = None
) -> int | None:
    """Nano-dollars for a second at a price, rounded up; None: unknown.

    The narrowest price counts: `video_ms.720p.audio` before `video_ms.720p` before `video_ms`. Where
    it is open whether there is sound (`audio` None), that with sound does.
    """
    if price is None:
        return None
    sounds = audio is not False and row.audio
    names = [f"video_ms.{resolution}.audio"] if sounds else []
    for name in (*names, f"video_ms.{resolution}", "video_ms"):
        unit = price.units.get(name)
        if unit is not None:
            return ceil(Fraction(unit.nusd * 1000, unit.per))
    if price.output is not None and row.tokens_per_s is not None:
        return ceil(Fraction(price.output * row.tokens_per_s, 1_000_000))
    return None


def _weighed(offers: Sequence[Offer], wish: Wish) -> tuple[Pick, ...]:
    costs = [_cost(offer, wish) for offer in offers]
    figures = [
        Figures(_quality(offer), cost, offer.row.make_s)
        for offer, cost in zip(offers, costs, strict=True)
    ]
    picks = [
        Pick(offer, score, seconds_of(offer, wish) or 0, cost)
        for offer, score, cost in zip(offers, weighed(figures, WEIGHTS), costs, strict=True)
    ]
    dearest = max((cost for cost in costs if cost is not None), default=0) + 1
    return tuple(
        sorted(
            picks,
            key=lambda pick: (
                -pick.score,
                dearest if pick.cost_nusd is None else pick.cost_nusd,
                pick.offer.target,
            ),
        )
    )


def _decision(picks: tuple[Pick, ...], left_out: list[LeftOut]) -> Decision:
    considered = tuple(Weighed(pick.offer.target, round(pick.score, 6)) for pick in picks)
    return Decision("prefer", considered, tuple(left_out), signals=tuple(map(_told, picks)))


def _told(pick: Pick) -> str:
    """What the weighing of one was made of."""
    quality, cost = _quality(pick.offer), pick.cost_nusd
    good = "quality unknown" if quality is None else f"quality {quality:.2f}"
    price = "price unknown" if cost is None else f"${cost / 1e9:.4f} for {pick.seconds} s"
    return f"{pick.offer.target}: {good}, {price}, made in {pick.offer.row.make_s:g} s"


def _cost(offer: Offer, wish: Wish) -> int | None:
    length = seconds_of(offer, wish)
    return None if offer.nusd_per_s is None or length is None else offer.nusd_per_s * length


def _quality(offer: Offer) -> float | None:
    return offer.row.quality if offer.quality is None else offer.quality


# --- the constraints: each says why an offer fails it ---------------------------------------------------------------


def _sunset(offer: Offer, _wish: Wish, today: date) -> str | None:
    return ended(offer.row.sunset, today)


def _pictures(offer: Offer, wish: Wish, _today: date) -> str | None:
    row = offer.row
    if wish.first and not row.first:
        return "takes no first picture"
    if wish.last and not row.last:
        return "takes no last picture"
    return "needs a first picture" if row.needs_first and not wish.first else None


def _references(offer: Offer, wish: Wish, _today: date) -> str | None:
    most = offer.row.references
    if wish.references > most:
        return f"takes {most} reference pictures" if most else "takes no reference pictures"
    return None


def _audio(offer: Offer, wish: Wish, _today: date) -> str | None:
    return "makes no sound" if wish.audio and not offer.row.audio else None


def _aspect(offer: Offer, wish: Wish, _today: date) -> str | None:
    if wish.aspect is None:
        return None
    row = offer.row
    special = row.reference_aspects if wish.references else row.still_aspects if wish.first else ()
    choices = special or row.aspects
    if not choices:
        return None  # the clip has the ratio of its first picture
    wanted = ratio_of(wish.aspect)
    if any(abs(ratio_of(one) / wanted - 1) <= _CLOSE for one in choices):
        return None
    return f"makes {', '.join(choices)} only"


def _duration(offer: Offer, wish: Wish, _today: date) -> str | None:
    if seconds_of(offer, wish) is not None:
        return None
    choices = (offer.row.reference_seconds if wish.references else ()) or offer.row.seconds
    return f"makes at most {choices[-1]} seconds"


def _urgency(offer: Offer, wish: Wish, _today: date) -> str | None:
    if wish.urgent and offer.row.make_s >= URGENT_S:
        return f"takes {offer.row.make_s:g} s"
    return None


def _good(offer: Offer, wish: Wish, _today: date) -> str | None:
    if wish.least_quality is None:
        return None
    quality = _quality(offer)
    if quality is None:
        return "is of unknown quality"
    return f"has {quality:.2f}" if quality < wish.least_quality else None


def _budget(offer: Offer, wish: Wish, _today: date) -> str | None:
    return too_dear(_cost(offer, wish), wish.budget_nusd)


_CONSTRAINTS: Final[tuple[Constraint[Offer, Wish], ...]] = (
    ("health", resting),
    ("sunset", _sunset),
    ("input_reference", _pictures),
    ("references", _references),
    ("audio", _audio),
    ("aspect_ratio", _aspect),
    ("seconds", _duration),
    ("urgency", _urgency),
    ("quality", _good),
    ("budget", _budget),
)
"""By the names that requests have for them."""


def ratio_of(aspect: str) -> Fraction:
    """`16:9` or `1280x720` as a fraction. Raises InvalidRequest."""
    width, _, height = aspect.replace("x", ":").partition(":")
    if not (width.isascii() and width.isdecimal() and height.isascii() and height.isdecimal()):
        raise _no_ratio()
    if len(width) > 5 or len(height) > 5 or not int(width) or not int(height):
        raise _no_ratio()
    return Fraction(int(width), int(height))


def _no_ratio() -> InvalidRequest:
    return InvalidRequest(
        "`aspect_ratio` is two numbers such as 16:9.", param="aspect_ratio", code="invalid_value"
    )
