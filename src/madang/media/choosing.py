"""`video:auto` and `speech:auto`: what the tables, the prices and the health of the moment say of who is there.

The choice itself is made by `routing.media`; here they are told what they choose from.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from time import monotonic
from typing import Any, Final

from msgspec.structs import replace

from madang.catalog.videos import VideoRow, load_videos
from madang.catalog.voices import VoiceRow, load_voices
from madang.errors import InvalidRequest, UnsupportedFeature
from madang.model import Decision, Dialect, Target
from madang.model.media import SpeechAsk, VideoAsk
from madang.pipeline import Snapshot
from madang.routing.media import videos, voices
from madang.routing.names.media import STAND_INS
from madang.routing.route import Route

AUTO: Final = {videos.AUTO: "videos", voices.AUTO: "speech"}
_ANY_S: Final = tuple(range(1, 61))
_OWN_VIDEO: Final = VideoRow(
    model="",
    make_s=30.0,
    seconds=_ANY_S,
    source="",
    as_of=date.min,
    first=True,
    last=True,
    references=14,
    audio=True,
)
_OWN_VOICE: Final = VoiceRow(model="", characters=4096, source="", as_of=date.min, any=True)
"""What is assumed of models of one's own that no table knows: they can do what they are asked for."""


class Chooser:
    """Chooses for one process; the tables are read at first need."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def _videos(self) -> Mapping[str, VideoRow]:
        return load_videos(self.snapshot.catalog).models

    @cached_property
    def _voices(self) -> Mapping[str, VoiceRow]:
        return load_voices(self.snapshot.catalog)

    def video(self, ask: VideoAsk, hints: Mapping[str, Any], at_us: int) -> tuple[Route, Decision]:
        """Who is asked for a clip, best first, and why. Raises UnsupportedFeature, InvalidRequest."""
        wish = videos.Wish(
            duration_ms=ask.duration_ms,
            aspect=ask.aspect or ask.size,
            first=ask.first is not None,
            last=ask.last is not None,
            references=len(ask.references),
            audio=ask.audio,
            urgent=hints.get("urgency") == "high",
            budget_nusd=nusd_of(hints.get("budget_usd")),
            least_quality=_share(hints.get("quality")),
        )
        targets = {
            f"{one.provider}/{one.model}": (one, row)
            for one, row in self._rows("videos", self._videos)
        }
        offers = [self._video_offer(target, row, wish, at_us) for target, row in targets.values()]
        today = datetime.fromtimestamp(at_us / 1e6, UTC).date()
        choice = _healthy_first(offers, wish, today)
        chosen = tuple(targets[pick.offer.target][0] for pick in choice.picks)
        return Route(videos.AUTO, chosen), choice.decision

    def speech(self, ask: SpeechAsk, at_us: int) -> tuple[Route, Decision]:
        """Who speaks a text, and why. Raises UnsupportedFeature."""
        wish = voices.SpeechWish(
            characters=len(ask.text),
            seconds=voices.seconds_of(ask.text),
            language=ask.language,
            voice=ask.voice,
            timed=ask.timed,
        )
        targets = {
            f"{one.provider}/{one.model}": (one, row)
            for one, row in self._rows("speech", self._voices)
        }
        offers = [self._speech_offer(target, row, wish, at_us) for target, row in targets.values()]
        today = datetime.fromtimestamp(at_us / 1e6, UTC).date()
        choice = voices.choose(offers, wish, today)
        chosen = tuple(targets[offer.target][0] for offer in choice.offers)
        return Route(voices.AUTO, chosen), choice.decision

    def _rows(self, work: Dialect, known: Mapping[str, Any]) -> Iterator[tuple[Target, Any]]:
        """Every model of the configured providers, with its row of the table; own ones with what is assumed.

        Stand-ins beside real providers are not among them: who wants one names it.
        """
        names = self.snapshot.directory.media
        assumed = _OWN_VIDEO if work == "videos" else _OWN_VOICE
        alone = self.snapshot.providers.keys() == {STAND_INS}
        own = (target for target in names.own(work) if alone or target.provider != STAND_INS)
        yield from ((target, assumed) for target in own)
        for name in names.listed(work):
            if name in known:
                yield from ((one, known[name]) for one in names.resolve(name, work).targets)

    def _video_offer(
        self, target: Target, row: VideoRow, wish: videos.Wish, at_us: int
    ) -> videos.Offer:
        price = self.snapshot.price_row(target, at_us)
        return videos.Offer(
            provider=target.provider,
            model=target.model,
            row=row,
            nusd_per_s=videos.per_second(price, row, audio=wish.audio),
            quality=self.snapshot.quality_of(target),
            healthy=self._is_healthy(target),
        )

    def _speech_offer(
        self, target: Target, row: VoiceRow, wish: voices.SpeechWish, at_us: int
    ) -> voices.SpeechOffer:
        price = self.snapshot.price_row(target, at_us)
        known = self.snapshot.catalog.models.get(target.canonical or "")
        return voices.SpeechOffer(
            provider=target.provider,
            model=target.model,
            row=replace(row, voices=(wish.voice or "",)) if row is _OWN_VOICE else row,
            cost_nusd=voices.estimate(price, row, wish),
            quality=self.snapshot.quality_of(target),
            sunset=known.sunset if known is not None else None,
            healthy=self._is_healthy(target),
        )

    def _is_healthy(self, target: Target) -> bool:
        return not self.snapshot.board.standing(target).is_resting(monotonic())


def _healthy_first(offers: Sequence[videos.Offer], wish: videos.Wish, today: date) -> videos.Choice:
    try:
        return videos.choose(offers, wish, today)
    except UnsupportedFeature as nobody:
        if nobody.param != "health":
            raise
    return videos.choose([replace(one, healthy=True) for one in offers], wish, today)


def nusd_of(dollars: object) -> int | None:
    """Dollars of a request as nano-dollars; None: no bound. Raises InvalidRequest."""
    if dollars is None:
        return None
    if not isinstance(dollars, int | float) or isinstance(dollars, bool) or not 0 <= dollars < 1e6:
        raise _odd("budget_usd", "a number of dollars")
    return round(dollars * 1_000_000_000)  # 0.29 is a little less than 29 cents in binary


def _share(quality: object) -> float | None:
    if quality is None:
        return None
    if not isinstance(quality, int | float) or isinstance(quality, bool) or not 0 <= quality <= 1:
        raise _odd("quality", "a number between 0 and 1")
    return float(quality)


def _odd(name: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{name}` must be {what}.", param=name, code="invalid_value")
