"""`speech:auto`: which model speaks a text, the cheapest or the best among those that can.

What cannot is left out with its reason; the one who speaks the language and has the voice costs
least, or is best. Equal ones stand in the order of their names.
"""

import re
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from madang.catalog.voices import VoiceRow
from madang.errors import UnsupportedFeature
from madang.model import Decision, PriceRow, Weighed
from madang.routing.media.constraints import Constraint, ended, resting, sift, too_dear

AUTO: Final = "speech:auto"
_QUICK: Final = 16
_SLOW: Final = 6
"""Characters that are spoken in a second. Of letters as measured, 4,096 in 256 s, on 2025-11-02:
https://github.com/sanand0/blog/blob/main/posts/2025/openai-tts-cost.md. Of Chinese, Japanese and
Korean, about a syllable each, it is an assumption of ours."""

_SYLLABLE: Final = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_WORD: Final = 4
"""Characters of text in a token, roughly: what is said costs many times what is read."""


class SpeechOffer(Struct, frozen=True, kw_only=True):
    """A model at a provider that is configured.

    `cost_nusd` is for this very text, None: unknown. `sunset`: the first day without it. `healthy`:
    the provider may be asked now.
    """

    provider: str
    model: str
    row: VoiceRow
    cost_nusd: int | None = None
    quality: float | None = None
    sunset: date | None = None
    healthy: bool = True

    @property
    def target(self) -> str:
        """`provider/model`."""
        return f"{self.provider}/{self.model}"


class SpeechWish(Struct, frozen=True, kw_only=True):
    """What is to be spoken, in about so many seconds. None: as the text is (`language`, BCP 47), any (`voice`)."""

    characters: int
    seconds: float = 0.0
    language: str | None = None
    voice: str | None = None
    timed: bool = False
    prefer: Literal["cost", "quality"] = "cost"
    budget_nusd: int | None = None


class SpeechChoice(NamedTuple):
    """The order in which to ask, and why."""

    offers: tuple[SpeechOffer, ...]
    decision: Decision


def seconds_of(text: str) -> float:
    """About how long a text takes to say."""
    slow = len(_SYLLABLE.findall(text))
    return slow / _SLOW + (len(text) - slow) / _QUICK


def estimate(price: PriceRow | None, row: VoiceRow, wish: SpeechWish) -> int | None:
    """Nano-dollars for a text, whether it is sold by the character or by the token; None: unknown.

    What is sold by tokens is reckoned from the seconds that it takes to say, and the model's tokens in each.
    """
    if price is None:
        return None
    by_character = price.units.get("characters")
    if by_character is not None:
        return ceil(Fraction(by_character.nusd * wish.characters, by_character.per))
    if price.input is None or price.output is None or row.tokens_per_s is None:
        return None
    said = Fraction(wish.seconds) * row.tokens_per_s * price.output
    return ceil((Fraction(wish.characters, _WORD) * price.input + said) / 1_000_000)


def choose(offers: Sequence[SpeechOffer], wish: SpeechWish, today: date) -> SpeechChoice:
    """Order the offers. Raises UnsupportedFeature that names the constraint which left nobody."""
    if not offers:
        raise UnsupportedFeature("No provider of speech is configured.", param="model")
    left, left_out = sift(offers, wish, today, _CONSTRAINTS, "voice")
    ordered = tuple(sorted(left, key=_by_quality if wish.prefer == "quality" else _by_cost))
    of_cost = wish.prefer == "cost"
    considered = tuple(
        Weighed(offer.target, offer.cost_nusd if of_cost else _quality(offer)) for offer in ordered
    )
    signals = tuple(_told(offer, wish) for offer in ordered)
    return SpeechChoice(
        ordered, Decision(wish.prefer, considered, tuple(left_out), signals=signals)
    )


def _told(offer: SpeechOffer, wish: SpeechWish) -> str:
    """What it comes to, so that voices sold by the character and by the token can be compared."""
    cost = offer.cost_nusd
    if cost is None or not wish.characters:
        return f"{offer.target}: price unknown"
    about = "about " if offer.row.tokens_per_s is not None else ""
    return f"{offer.target}: {about}${cost / wish.characters / 1e6:.4f} for 1,000 characters"


def _by_cost(offer: SpeechOffer) -> tuple[bool, int, float, str]:
    """The unknown price last."""
    cost = offer.cost_nusd
    return cost is None, cost or 0, -(_quality(offer) or 0.0), offer.target


def _by_quality(offer: SpeechOffer) -> tuple[bool, float, int, str]:
    """The unknown quality last, and among equals the cheaper first."""
    quality, cost = _quality(offer), offer.cost_nusd
    return quality is None, -(quality or 0.0), 1 << 62 if cost is None else cost, offer.target


def _quality(offer: SpeechOffer) -> float | None:
    return offer.row.quality if offer.quality is None else offer.quality


# --- the constraints: each says why an offer fails it ---------------------------------------------------------------


def _sunset(offer: SpeechOffer, _wish: SpeechWish, today: date) -> str | None:
    return ended(offer.sunset, today)


def _length(offer: SpeechOffer, wish: SpeechWish, _today: date) -> str | None:
    most = offer.row.characters
    return f"speaks at most {most} characters at once" if wish.characters > most else None


def _language(offer: SpeechOffer, wish: SpeechWish, _today: date) -> str | None:
    if wish.language is None or not offer.row.languages:
        return None
    spoken = wish.language.partition("-")[0].lower()
    return None if spoken in offer.row.languages else f"does not speak {spoken[:8]}"


def _voice(offer: SpeechOffer, wish: SpeechWish, _today: date) -> str | None:
    row = offer.row
    if wish.voice is None or wish.voice in row.voices:
        return None
    is_strange = wish.voice.isascii() and wish.voice.isalnum() and len(wish.voice) >= 16
    return None if row.any and is_strange else "has no such voice"


def _timed(offer: SpeechOffer, wish: SpeechWish, _today: date) -> str | None:
    return "does not say when words are heard" if wish.timed and not offer.row.timed else None


def _budget(offer: SpeechOffer, wish: SpeechWish, _today: date) -> str | None:
    return too_dear(offer.cost_nusd, wish.budget_nusd)


_CONSTRAINTS: Final[tuple[Constraint[SpeechOffer, SpeechWish], ...]] = (
    ("health", resting),
    ("sunset", _sunset),
    ("input", _length),
    ("language", _language),
    ("voice", _voice),
    ("timestamps", _timed),
    ("budget", _budget),
)
"""By the names that requests have for them. Ids of ElevenLabs' voices have 20 letters and digits."""
