"""What the simulator charges: list prices of its own, in dollars per million tokens, whoever asks.

Written down apart from the catalogue, so that the two can disagree. A model that is not in the
table costs what `_OTHERWISE` says. Read in November 2026 at https://developers.openai.com/api/docs/pricing
and https://platform.claude.com/docs/en/about-claude/pricing.
"""

from fractions import Fraction
from typing import NamedTuple

from madang.drills.simulator.lineup import bare
from madang.drills.simulator.records import Usage


class Price(NamedTuple):
    """Dollars per million tokens, as decimal text: input, output, read from and written to the cache (for an hour)."""

    input: str
    output: str
    cached: str
    written: str
    written_1h: str


_TABLE = {
    "gpt-4.1": Price("2", "8", "0.5", "2", "2"),
    "gpt-4.1-mini": Price("0.4", "1.6", "0.1", "0.4", "0.4"),
    "gpt-4.1-nano": Price("0.1", "0.4", "0.025", "0.1", "0.1"),
    "gpt-4o": Price("2.5", "10", "1.25", "2.5", "2.5"),
    "gpt-4o-mini": Price("0.15", "0.6", "0.075", "0.15", "0.15"),
    "gpt-5": Price("1.25", "10", "0.125", "1.25", "1.25"),
    "gpt-5-mini": Price("0.25", "2", "0.025", "0.25", "0.25"),
    "gpt-5-nano": Price("0.05", "0.4", "0.005", "0.05", "0.05"),
    "claude-sonnet-4": Price("3", "15", "0.3", "3.75", "6"),
    "claude-sonnet-4-20250514": Price("3", "15", "0.3", "3.75", "6"),
    "claude-sonnet-4-5": Price("3", "15", "0.3", "3.75", "6"),
    "claude-opus-4-5": Price("5", "25", "0.5", "6.25", "10"),
    "claude-haiku-4-5": Price("1", "5", "0.1", "1.25", "2"),
    "text-embedding-3-small": Price("0.02", "0", "0.02", "0.02", "0.02"),
    "text-embedding-3-large": Price("0.13", "0", "0.13", "0.13", "0.13"),
}
_OTHERWISE = Price("1", "2", "1", "1", "1")


def charged(model: str, usage: Usage) -> int:
    """Nano-dollars for one answer, rounded half up."""
    price = _TABLE.get(bare(model), _OTHERWISE)
    plain = usage.input - usage.cached - usage.written
    total = (
        plain * Fraction(price.input)
        + usage.cached * Fraction(price.cached)
        + (usage.written - usage.written_1h) * Fraction(price.written)
        + usage.written_1h * Fraction(price.written_1h)
        + usage.output * Fraction(price.output)
    )
    return int(total * 1_000 + Fraction(1, 2))
