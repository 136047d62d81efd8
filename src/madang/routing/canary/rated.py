"""Do people like the new side less? An exact test that may be looked at after every verdict.

If they like both alike, each verdict is a fair coin. Against that stands every other coin, all
equally likely: the ratio of what both make of the verdicts seen so far is a martingale, and reaches
1 / alpha at any time with a chance of at most alpha (Ville's inequality; Robbins 1970).
"""

from math import lgamma, log
from typing import Final

ALPHA: Final = 0.002
"""The chance that verdicts end a trial whose sides are liked alike."""


def liked_less(new: int, old: int) -> str | None:
    """Why verdicts end a trial, of which so many were for the new and the old side; None: they do not."""
    if old <= new:
        return None
    verdicts = new + old
    ratio = verdicts * log(2) + lgamma(new + 1) + lgamma(old + 1) - lgamma(verdicts + 2)
    if ratio < -log(ALPHA):
        return None
    return (
        f"liked less: {old} of {verdicts} verdicts of people were for the stable side; alike sides get there "
        f"with a chance of at most {ALPHA:.1%} in the whole trial"
    )
