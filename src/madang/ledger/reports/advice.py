"""What the ledger suggests: each with its figure, and how the figure was computed.

Rule: advice is a candidate, never a promise. It says which attempts it looked at and by what rule,
and a cheaper model is to be compared before it is used: the ledger knows no answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from madang.catalog import Catalog, ModelRow
from madang.ledger.days import start_us
from madang.ledger.reports.savings import PriceAt, Sums, tokens_nusd
from madang.state.store import Store

Kind = Literal[
    "cheaper_model", "prompt_cache", "waste", "unknown_price", "key_expires", "key_unused"
]

SHORT_PROMPT = 2_000
SHORT_ANSWER = 200
"""Tokens up to which a request counts as simple, when it also ended by itself, called no tool and did not reason."""

MAX_READ = 100_000
MOST = 5
_LEAST_CACHEABLE = 1_024
_LEAST_INPUT = 1_000_000
_CACHED_ENOUGH = 0.1
_WASTED_TOO_MUCH = 0.05
_SOON_DAYS = 14
_DAY_S = 86_400

_SIMPLE = (
    "SELECT provider, model, count(*) AS requests, sum(input_tokens) AS input_tokens, "  # noqa: S608 - constants
    "sum(output_tokens) AS output_tokens, sum(cache_read_tokens) AS cache_read_tokens, "
    "sum(cache_write_tokens) AS cache_write_tokens, sum(cost_nusd) AS cost_nusd, "
    "min(at_us) AS since_us FROM ("
    "SELECT * FROM attempts WHERE at_us >= ? AND at_us < ? ORDER BY at_us DESC LIMIT ?) "
    f"WHERE outcome = 'ok' AND stop = 'stop' AND reasoning_tokens = 0 AND input_tokens <= {SHORT_PROMPT} "
    f"AND output_tokens <= {SHORT_ANSWER} AND cost_nusd > 0 GROUP BY provider, model"
)


class KeyFacts(Struct, frozen=True, kw_only=True):
    """What advice needs to know of a key. Moments are Unix seconds, None: never."""

    id: str
    name: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None


class Advice(Struct, frozen=True, kw_only=True):
    """One suggestion: what about, in words, what it may be worth (None: no sum of money), and how that was computed."""

    kind: Kind
    subject: str
    text: str
    nusd: int | None
    how: str


class Grounds(Struct, frozen=True, kw_only=True):
    """What advice is drawn from: UTC days, both included; sums by day, provider and model; sums by key."""

    from_day: date
    to_day: date
    rows: Sequence[Sums]
    by_key: Sequence[Sums]
    price_at: PriceAt
    catalog: Catalog
    keys: Sequence[KeyFacts] = ()


def advise(store: Store, grounds: Grounds) -> list[Advice]:
    """All suggestions: of each kind at most five, those worth most first."""
    found = (
        _cheaper_models(store, grounds),
        _prompt_caches(grounds),
        _waste(grounds),
        _unknown_prices(grounds),
        _keys(grounds),
    )
    return [one for kind in found for one in sorted(kind, key=lambda one: -(one.nusd or 0))[:MOST]]


def _cheaper_models(store: Store, grounds: Grounds) -> Iterator[Advice]:
    """Simple requests that a cheaper sibling of the same family at the same provider may answer as well."""
    bounds = (start_us(grounds.from_day), start_us(grounds.to_day + timedelta(days=1)))
    for row in store.read(_SIMPLE, (*bounds, MAX_READ)):
        sums = dict(row)
        sibling = _sibling(grounds, sums["provider"], sums["model"])
        price = sibling and grounds.price_at(sums["provider"], sibling.name, grounds.to_day)
        cost = tokens_nusd(price, sums) if price else None
        if sibling is None or cost is None or cost >= sums["cost_nusd"]:
            continue
        since = datetime.fromtimestamp(sums["since_us"] / 1e6, UTC)
        yield Advice(
            kind="cheaper_model",
            subject=f"{sums['provider']}/{sums['model']}",
            text=(
                f"{sums['requests']:,} simple requests went to {sums['model']}; {sibling.name} may answer "
                "them as well. A candidate: check it with `madang compare`."
            ),
            nusd=sums["cost_nusd"] - cost,
            how=(
                f"Their tokens at the price of {sibling.name}, less what they cost. Simple: at most {SHORT_PROMPT} "
                f"tokens in and {SHORT_ANSWER} out, ended by itself, no tool call, no reasoning; of the latest "
                f"{MAX_READ:,} attempts of the period, since {since:%Y-%m-%d %H:%M} UTC."
            ),
        )


def _sibling(grounds: Grounds, provider: str, name: str) -> ModelRow | None:
    """The next cheaper model of the family: not older, not about to end, lacking nothing that this one has."""
    day = grounds.to_day
    model = grounds.catalog.models.get(name)
    price = grounds.price_at(provider, name, day)
    if model is None or price is None or price.input is None or price.output is None:
        return None
    cheaper: list[tuple[int, ModelRow]] = []
    for other in grounds.catalog.models.values():
        its = grounds.price_at(provider, other.name, day)
        if its is None or its.input is None or its.output is None:
            continue
        if its.input < price.input and its.output < price.output and _stands_in(other, model, day):
            cheaper.append((its.input + its.output, other))
    return max(cheaper, key=lambda pair: pair[0])[1] if cheaper else None


def _stands_in(other: ModelRow, model: ModelRow, day: date) -> bool:
    same = other.family == model.family and other.vendor == model.vendor and other.api == model.api
    as_able = not set(other.lacks) - set(model.lacks) and set(model.features) <= set(other.features)
    stays = other.sunset is None or other.sunset > day + timedelta(days=30)
    as_new = not (other.released and model.released) or other.released >= model.released
    return same and as_able and stays and as_new


def _prompt_caches(grounds: Grounds) -> Iterator[Advice]:
    """Long prompts that are hardly ever read from the provider's cache."""
    for (provider, model), sums in _by(grounds.rows, "provider", "model").items():
        price = grounds.price_at(provider, model, grounds.to_day) if model else None
        if price is None or price.input is None or price.cache_read is None:
            continue
        long = sums["input_tokens"] >= max(_LEAST_INPUT, _LEAST_CACHEABLE * sums["requests"])
        if not long or sums["cache_read_tokens"] > _CACHED_ENOUGH * sums["input_tokens"]:
            continue
        share = sums["cache_read_tokens"] / sums["input_tokens"]
        tenth = sums["input_tokens"] // 10
        yield Advice(
            kind="prompt_cache",
            subject=f"{provider}/{model}",
            text=(
                f"Only {share:.1%} of the input of {model} was read from the provider's cache. Put what "
                "stays the same at the beginning of prompts, and mark it where the provider wants marks."
            ),
            nusd=tenth * (price.input - price.cache_read) // 1_000_000,
            how=(
                f"For each tenth of the {sums['input_tokens']:,} tokens of input that comes to be read from the "
                "cache: its price as input, less its price as cached input. Whether prompts share a beginning "
                "the ledger does not know."
            ),
        )


def _waste(grounds: Grounds) -> Iterator[Advice]:
    """Keys that pay for attempts which bring no whole answer."""
    for row in grounds.by_key:
        wasted, cost = row["wasted_nusd"], row["cost_nusd"]
        if row["key"] is None or not wasted or wasted < _WASTED_TOO_MUCH * cost:
            continue
        yield Advice(
            kind="waste",
            subject=_called(grounds, row["key"]),
            text=(
                f"{wasted / max(cost, 1):.1%} of what this key cost brought no whole answer; "
                f"{row['failed_requests']:,} of its requests failed altogether."
            ),
            nusd=wasted,
            how="The cost of its attempts that failed, broke off, were lost, or were followed by another.",
        )


def _unknown_prices(grounds: Grounds) -> Iterator[Advice]:
    for (provider, model), sums in _by(grounds.rows, "provider", "model").items():
        if sums["unpriced_requests"] > 0:
            yield Advice(
                kind="unknown_price",
                subject=f"{provider}/{model}",
                text=(
                    f"{sums['unpriced_requests']:,} requests have no known price: they are in no sum of "
                    "money and in no budget. Give the price in the configuration."
                ),
                nusd=None,
                how="Attempts that used something and have no cost.",
            )


def _keys(grounds: Grounds) -> Iterator[Advice]:
    """Keys that end soon, and keys that nobody used."""
    now_s = start_us(grounds.to_day + timedelta(days=1)) // 1_000_000
    used = {row["key"]: row["requests"] for row in grounds.by_key}
    for key in grounds.keys:
        if key.revoked_at is not None or (key.expires_at or now_s) < now_s:
            continue
        if key.expires_at is not None and key.expires_at < now_s + _SOON_DAYS * _DAY_S:
            ends = datetime.fromtimestamp(key.expires_at, UTC)
            yield Advice(
                kind="key_expires",
                subject=_called(grounds, key.id),
                text=f"It expires on {ends:%Y-%m-%d}; {used.get(key.id, 0):,} requests used it.",
                nusd=None,
                how=f"Its expiry lies within {_SOON_DAYS} days of the end of the period.",
            )
        if key.id not in used and key.created_at * 1_000_000 < start_us(grounds.from_day):
            yield Advice(
                kind="key_unused",
                subject=_called(grounds, key.id),
                text="Nobody used it. A key that is not needed is best revoked.",
                nusd=None,
                how="It existed before the period, and no attempt of the period bears it.",
            )


def _called(grounds: Grounds, key_id: str) -> str:
    names = {key.id: key.name for key in grounds.keys}
    return f"{names[key_id]} ({key_id})" if key_id in names else key_id


def _by(rows: Sequence[Sums], *names: str) -> Mapping[tuple[Any, ...], dict[str, int]]:
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in rows:
        sums = found.setdefault(tuple(row[name] for name in names), {})
        for name, value in row.items():
            if isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
    return found
