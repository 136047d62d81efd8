"""What the media side charges: list prices of its own, whoever asks.

Written down apart from the catalogue, so that the two can disagree. Nobody has read these at the makers'
pages. Figures that were collected from documents of others between July and November 2026: Sora's by
the second, gen4_turbo's (5 credits of a cent), Pika's (0.20 and 0.45 dollars for 5 seconds) and
Stability's (0.20 a clip). All others are stand-ins of about the right size: what is charged in drills has to
be some figure, and nothing but drills is priced by it.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from msgspec import Struct

Basis = Literal["job", "seconds", "characters", "images", "input_tokens", "output_tokens"]


class Price(Struct, frozen=True):
    """Nano-dollars per one of each basis, for the models of a provider whose name starts with `model`.

    when: traits of the job that must be so (`audio`, `resolution`, `mode`, `quality`).
    """

    provider: str
    model: str
    nusd: Mapping[Basis, int]
    when: Mapping[str, str | bool] = {}


_CENT = 10_000_000

PRICES = (
    Price("openai", "sora-2-pro", {"seconds": 50 * _CENT}, {"resolution": "1024p"}),
    Price("openai", "sora-2-pro", {"seconds": 30 * _CENT}),
    Price("openai", "sora-2", {"seconds": 10 * _CENT}),
    Price("openai", "tts-1-hd", {"characters": 30_000}),
    Price("openai", "tts-1", {"characters": 15_000}),
    Price("openai", "gpt-4o-mini-tts", {"input_tokens": 600, "output_tokens": 12_000}),
    Price("openai", "gpt-4o-mini-transcribe", {"seconds": 50_000}),
    Price("openai", "gpt-4o-transcribe", {"seconds": 100_000}),
    Price("openai", "whisper-1", {"seconds": 100_000}),
    Price("openai", "gpt-image-1-mini", {"input_tokens": 2_000, "output_tokens": 8_000}),
    Price("openai", "gpt-image-1", {"input_tokens": 5_000, "output_tokens": 40_000}),
    Price("openai", "dall-e-3", {"images": 4 * _CENT}),
    Price("runway", "gen4_turbo", {"seconds": 5 * _CENT}),
    Price("runway", "gen4.5", {"seconds": 12 * _CENT}),
    Price("runway", "veo3.1_fast", {"seconds": 15 * _CENT}, {"audio": True}),
    Price("runway", "veo3.1_fast", {"seconds": 10 * _CENT}),
    Price("runway", "veo3.1", {"seconds": 40 * _CENT}, {"audio": True}),
    Price("runway", "veo3.1", {"seconds": 20 * _CENT}),
    Price("runway", "aleph2", {"seconds": 28 * _CENT}),
    Price("fal", "fal-ai/pika/v2.2", {"seconds": 9 * _CENT}, {"resolution": "1080p"}),
    Price("fal", "fal-ai/pika/v2.2", {"seconds": 4 * _CENT}),
    Price("kling", "", {"seconds": 14 * _CENT}, {"mode": "pro", "audio": True}),
    Price("kling", "", {"seconds": 7 * _CENT}, {"mode": "pro"}),
    Price("kling", "", {"seconds": 4_200_0000}),
    Price("vertex", "veo-3.1-fast", {"seconds": 15 * _CENT}, {"audio": True}),
    Price("vertex", "veo-3.1-fast", {"seconds": 10 * _CENT}),
    Price("vertex", "veo-3", {"seconds": 40 * _CENT}, {"audio": True}),
    Price("vertex", "veo-3", {"seconds": 20 * _CENT}),
    Price("gemini-veo", "", {"seconds": 40 * _CENT}),
    Price("gemini", "gemini-2.5-flash-image", {"input_tokens": 300, "output_tokens": 30_000}),
    Price("gemini", "gemini-3-pro-image", {"input_tokens": 2_000, "output_tokens": 120_000}),
    Price("gemini", "gemini-3.8-flash-lite-tts", {"input_tokens": 500, "output_tokens": 6_000}),
    Price("gemini", "gemini-3.8-flash-tts", {"input_tokens": 500, "output_tokens": 9_000}),
    Price("gemini", "gemini-2.5-pro-preview-tts", {"input_tokens": 1_000, "output_tokens": 20_000}),
    Price("gemini", "gemini-2.5-flash-preview-tts", {"input_tokens": 500, "output_tokens": 10_000}),
    Price("seedance", "", {"output_tokens": 2_500}),
    Price("stability-film", "", {"job": 20 * _CENT}),
    Price("stability", "stable-image-ultra", {"images": 8 * _CENT}),
    Price("stability", "stable-image-core", {"images": 3 * _CENT}),
    Price("stability", "sd3.5-large-turbo", {"images": 4 * _CENT}),
    Price("stability", "sd3.5-large", {"images": 6_500_0000}),
    Price("stability", "", {"images": 3_500_0000}),
    Price("elevenlabs", "eleven_flash", {"characters": 50_000}),
    Price("elevenlabs", "eleven_turbo", {"characters": 50_000}),
    Price("elevenlabs", "", {"characters": 100_000}),
)
_OTHERWISE = Price("", "", {"job": 10 * _CENT})


def charged(
    provider: str,
    model: str,
    counted: Mapping[str, float],
    traits: Mapping[str, Any],
    first: Sequence[Price] = (),
) -> int:
    """Nano-dollars for what was counted, rounded half up. A model without a price costs 10 cents a job."""
    fitting = (row for row in (*first, *PRICES) if _fits(row, provider, model, traits))
    rates = next(fitting, _OTHERWISE).nusd
    counts = {"job": 1, **counted}
    total = sum(
        (rate * Fraction(str(counts.get(basis, 0))) for basis, rate in rates.items()), Fraction()
    )
    return int(total + Fraction(1, 2))


def _fits(row: Price, provider: str, model: str, traits: Mapping[str, Any]) -> bool:
    return (
        row.provider == provider
        and model.startswith(row.model)
        and all(traits.get(name) == value for name, value in row.when.items())
    )
