"""What was saved and what was wasted: against a single model for everything, by caches, and on failures.

Rule: every figure comes from sums of the ledger and from prices of the day, and says what it leaves
out. What has no known price is left out on both sides and counted, never taken for free.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from madang.model import PriceRow

PriceAt = Callable[[str | None, str, date], PriceRow | None]
"""(provider, canonical model, UTC day) → the price; provider None: at the model's home."""

_MILLION = 1_000_000
Sums = Mapping[str, Any]
"""A row of `usage.usage`, by day, provider and model."""


class Baseline(Struct, frozen=True, kw_only=True):
    """What the same tokens would have cost with one model for everything, in nano-dollars.

    `paid_nusd` is what was paid for what is compared; `compared_requests` and `left_out_requests`
    say how much that is. `saved_share` None: nothing is compared.
    """

    model: str
    cost_nusd: int
    paid_nusd: int
    compared_requests: int
    left_out_requests: int

    @property
    def saved_nusd(self) -> int:
        """How much less was paid; below zero: more."""
        return self.cost_nusd - self.paid_nusd

    @property
    def saved_share(self) -> float | None:
        """The same as a share of the baseline."""
        return self.saved_nusd / self.cost_nusd if self.cost_nusd else None


class CacheSavings(Struct, frozen=True, kw_only=True):
    """What caches saved, in nano-dollars.

    `provider_nusd`: tokens read from providers' prompt caches at the full price of input, less what
    reading and writing cost more or less than that; at the prices of short prompts, so at least so
    much where long ones are dearer. `own_nusd`: what answers from Madang's own cache would have
    cost, `own_hits` how many there were. `unpriced_tokens` were read at an unknown price.
    """

    provider_nusd: int
    provider_tokens: int
    unpriced_tokens: int
    own_nusd: int
    own_hits: int


def against(
    baseline: str, rows: Sequence[Sums], price_at: PriceAt, embeds: Callable[[str], bool]
) -> Baseline:
    """Compare what was paid with `baseline` for everything, at its price of each day.

    Embeddings are no work that the baseline could do, and are left out, as are days on which either
    price is not known.
    """
    cost = paid = compared = left_out = 0
    for row in rows:
        price = price_at(None, baseline, date.fromisoformat(row["day"]))
        nusd = None if price is None else tokens_nusd(price, row)
        if row["model"] is None or embeds(row["model"]):
            continue
        if nusd is None or row["unpriced_requests"]:
            left_out += row["requests"]
            continue
        cost, paid = cost + nusd, paid + row["cost_nusd"]
        compared += row["requests"]
    return Baseline(
        model=baseline,
        cost_nusd=cost,
        paid_nusd=paid,
        compared_requests=compared,
        left_out_requests=left_out,
    )


def by_caches(rows: Sequence[Sums], price_at: PriceAt) -> CacheSavings:
    """What providers' caches and Madang's own saved."""
    saved = tokens = unpriced = 0
    for row in rows:
        if not (row["cache_read_tokens"] or row["cache_write_tokens"]):
            continue
        price = price_at(row["provider"], row["model"], date.fromisoformat(row["day"]))
        if price is None or price.input is None:
            unpriced += row["cache_read_tokens"]
            continue
        tokens += row["cache_read_tokens"]
        saved += sum(
            count * (price.input - (price.input if rate is None else rate))
            for count, rate in _cached(price, row)
        )
    return CacheSavings(
        provider_nusd=_rounded(saved),
        provider_tokens=tokens,
        unpriced_tokens=unpriced,
        own_nusd=sum(row["saved_nusd"] for row in rows),
        own_hits=sum(row["cache_hits"] for row in rows),
    )


def tokens_nusd(price: PriceRow, sums: Sums) -> int | None:
    """Sums of tokens at a price for short prompts, text throughout; None: it prices no tokens."""
    if price.input is None or price.output is None:
        return None
    total = sums["input_tokens"] * price.input + sums["output_tokens"] * price.output
    for count, rate in _cached(price, sums):
        total += 0 if rate is None else count * (rate - price.input)
    return _rounded(total)


def _cached(price: PriceRow, sums: Sums) -> Iterator[tuple[int, int | None]]:
    """Tokens read from and written to the prompt cache, with their rates."""
    yield sums["cache_read_tokens"], price.cache_read
    yield sums["cache_write_tokens"], price.cache_write


def _rounded(millionths: int) -> int:
    return (millionths + _MILLION // 2) // _MILLION
