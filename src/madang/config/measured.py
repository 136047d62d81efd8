"""The measurement without which nobody may switch likeness on: how often questions that differ were taken for alike.

`madang cache measure` writes it, the configuration names it. Rates are of the pairs that ask something
different; their bounds are Wilson's interval at 95 % (E. B. Wilson, Probable Inference, 1927).
"""

from math import sqrt
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from madang.config.sections.caching import Semantic

_Z: Final = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""

_MAX_BYTES: Final = 1 << 20


class HitRates(Struct, frozen=True, forbid_unknown_fields=True):
    """What a threshold would do: pairs found alike that ask the same, and that ask something different.

    `low` and `high` bound the rate of the latter.
    """

    threshold: float
    hits: int
    false_hits: int
    false_hit_rate: float
    low: float
    high: float


class Measurement(Struct, frozen=True, forbid_unknown_fields=True):
    """A measurement. `same` and `different` count the pairs, `pairs` is the SHA-256 of their file, `at` a day.

    `measured` holds for the threshold that was asked for, `curve` for others.
    """

    embedder: str
    same: int
    different: int
    measured: HitRates
    curve: tuple[HitRates, ...]
    pairs: str
    at: str


def wilson(found: float, of: int) -> tuple[float, float]:
    """The interval in which a rate lies with 95 % confidence; all there is where nothing was tried.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    if not of:
        return 0.0, 1.0
    share, squared = found / of, _Z * _Z
    middle = share + squared / (2 * of)
    reach = _Z * sqrt(share * (1 - share) / of + squared / (4 * of * of))
    below = 1 + squared / of
    low, high = (middle - reach) / below, (middle + reach) / below
    return max(0.0, min(low, share)), min(
        1.0, max(high, share)
    )  # a float may miss the share by a hair


def measured_fault(settings: Semantic, base: Path) -> str | None:
    """Why likeness may not be switched on; None: it may. `base`: where a relative path begins. Reads the file."""
    remedy = f"`madang cache measure PAIRS.jsonl --embedder {settings.embedder} --threshold {settings.threshold}`"
    try:
        with (base / settings.measured).open("rb") as file:
            report = msgspec.json.decode(file.read(_MAX_BYTES), type=Measurement)
    except OSError as error:
        return f"the measurement cannot be read ({error.strerror}); {remedy} makes one"
    except msgspec.MsgspecError:
        return f"this is no measurement; {remedy} makes one"
    if report.embedder != settings.embedder:
        return f"it was measured with another embedder; {remedy} measures this one"
    if report.measured.threshold != settings.threshold:
        return f"it was measured at another threshold, {report.measured.threshold}; {remedy} measures this one"
    return _rate_fault(settings, report)


def _rate_fault(settings: Semantic, report: Measurement) -> str | None:
    """The bound is worked out anew from the counts."""
    false_hits, different = report.measured.false_hits, report.different
    if not 0 <= false_hits <= different:
        return "its counts contradict one another"
    high, most = wilson(false_hits, different)[1], settings.max_false_hit_rate
    if high <= most:
        return None
    return (
        f"up to {high:.2%} of different questions may be taken for the same ({false_hits} of {different} pairs were),"
        f" and `max_false_hit_rate` allows {most:.2%}: raise the threshold, or measure more pairs"
    )
