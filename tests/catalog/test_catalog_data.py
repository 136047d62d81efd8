"""The data: complete, consistent, and true to the rules that vendors print beside their tables."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from madang.catalog import PriceRow, load
from madang.ledger.prices import Prices
from madang.model import EMBEDDING
from stand.many import for_all

CATALOG = load()
PRICES = Prices(CATALOG.prices)
PRICE = {price.id: price for price in CATALOG.prices}
WRITTEN = date(2026, 11, 20)  # the day this data was put together

G1 = [
    "gpt-4.1",
    "claude-sonnet-4",
    "claude-sonnet-4-5",
    "gemini-2.5-flash",
    "deepseek-v3.2",
    "llama-4-scout",
    "llama-4-maverick",
]


RATES = ("input", "output", "cache_read", "cache_write", "cache_write_1h", "audio_input")


def rates(row):
    return {name: getattr(row, name) for name in RATES if getattr(row, name) is not None}


@pytest.mark.parametrize("name", G1)
def test_every_promised_model_has_a_price_at_home_and_like_home(name):
    row = CATALOG.models[name]
    assert PRICES.find(row.home, row.ids[row.home], name, WRITTEN) is not None
    assert PRICES.find("playground", name, name, WRITTEN, like=row.home) is not None


def test_the_named_providers_are_there():
    named = (
        "openai anthropic gemini deepseek groq mistral xai openrouter together vllm ollama llamacpp"
    )
    assert set(named.split()) <= set(CATALOG.providers)


@pytest.mark.parametrize("name", CATALOG.providers)
def test_a_provider_can_be_reached_and_paid(name):
    row = CATALOG.providers[name]
    assert bool(row.apis) is (row.kind in {"openai", "anthropic", "gemini"})  # others make media
    assert row.source.startswith("https://")
    assert row.models_path.startswith("/")
    if name not in {"azure", "vertex", "stability"}:  # a base_url or a token of one's own; ended
        url = urlsplit(row.base_url)
        assert url.scheme == ("http" if row.keyless else "https")
        assert not row.base_url.endswith("/")
        assert row.keyless or row.env


def test_no_two_providers_claim_a_name_or_a_variable():
    claims = [
        claim for row in CATALOG.providers.values() for claim in (row.name, *row.aliases, *row.env)
    ]
    assert len(claims) == len(set(claims))


@for_all(CATALOG.models)
def test_a_model_is_described(name):
    row = CATALOG.models[name]
    assert row.ids
    assert set(row.ids) <= set(CATALOG.providers)
    assert row.source.startswith("https://")
    assert row.name == row.name.lower()
    if row.context_window and row.max_output:
        assert row.max_output <= row.context_window
    if row.sunset:
        assert row.released
        assert row.released < row.sunset


def test_no_alias_is_claimed_twice():
    claims = {}
    for row in CATALOG.models.values():
        for name in {row.name, *row.aliases, *row.snapshots, *row.ids.values()}:
            assert claims.setdefault(name.lower(), row.name) == row.name


@for_all(price.id for price in CATALOG.prices)
def test_a_price_has_a_source_and_is_plausible(price_id):
    price = PRICE[price_id]
    assert urlsplit(price.source).scheme == "https"
    assert price.retrieved <= WRITTEN
    assert price.valid_to is None or price.valid_from < price.valid_to
    # a hundredth of a cent to two hundred dollars per million tokens: a slipped decimal point falls
    # outside
    told = rates(price)
    assert all(0 <= unit.nusd <= 200 * 10**9 for unit in price.units.values())
    if not told:
        assert price.units
        return
    if price.served and CATALOG.find(price.model).api in EMBEDDING:
        assert told.pop("output") == 0
    elif price.served and CATALOG.find(price.model).makes == "videos":
        assert told.pop("input") == 0  # prompts of clips are free
    else:
        assert price.output >= price.input
    assert all(100_000 <= rate <= 200 * 10**9 for rate in told.values())
    assert price.cache_read is None or price.cache_read <= price.input


@for_all(price.id for price in CATALOG.prices if price.over)
def test_a_longer_prompt_is_never_cheaper(price_id):
    price = PRICE[price_id]
    for shorter, longer in pairwise((price, *price.over)):
        base, over = rates(shorter), rates(longer)
        assert over.keys() == base.keys()
        assert all(over[name] >= base[name] for name in base)


def test_validity_dates_do_not_overlap():
    rows: dict[tuple[str, str], list[PriceRow]] = {}
    for price in CATALOG.prices:
        rows.setdefault((price.provider, price.model), []).append(price)
    for same in rows.values():
        same.sort(key=lambda price: price.valid_from)
        for earlier, later in pairwise(same):
            assert earlier.valid_to is not None, earlier.id
            assert earlier.valid_to <= later.valid_from, earlier.id


def test_a_priced_model_is_one_that_the_provider_serves():
    for price in CATALOG.prices:
        assert not price.served or price.provider in CATALOG.find(price.model).ids, price.id


# --- rules that vendors publish beside their tables: they catch a figure copied wrong ---


def test_anthropic_cache_writes_cost_five_quarters_and_double():
    for price in CATALOG.prices:
        if price.provider == "anthropic" and price.model != "claude-3-haiku":  # rounded there
            for row in (price, *price.over):
                assert 4 * row.cache_write == 5 * row.input
                assert row.cache_write_1h == 2 * row.input


def test_openai_long_prompts_cost_double_in_and_half_more_out():
    for price in CATALOG.prices:
        if price.provider == "openai" and price.over:
            (over,) = price.over
            assert over.tokens == 272_000
            assert over.input == 2 * price.input
            assert 2 * over.output == 3 * price.output


def test_gemini_long_prompts_cost_double_in_and_half_more_out():
    tiered = [row for row in CATALOG.prices if row.provider == "gemini" and row.over]
    assert tiered
    for price in tiered:
        (over,) = price.over
        assert over.tokens == 200_000
        assert over.input == 2 * price.input
        assert 2 * over.output == 3 * price.output


# --- figures read a second time, on the vendors' own pages ---


SECOND_READING = """
# provider  model            day         in    out   read   write  hour  audio
openai      gpt-4.1          2026-11-20  2     8     0.5    -      -     -
openai      gpt-6-luna       2026-11-20  0.1   0.5   0.01   0.125  -     -
openai      gpt-5.6-luna     2026-07-29  1     6     0.1    1.25   -     -
openai      gpt-5.6-luna     2026-07-30  0.2   1.2   0.02   0.25   -     -
anthropic   claude-sonnet-4  2026-11-20  3     15    0.3    3.75   6     -
anthropic   claude-opus-5-5  2026-11-20  4     20    0.2    5      8     -
gemini      gemini-2.5-flash 2026-11-20  0.3   2.5   0.03   -      -     1
gemini      gemini-3.8-flash 2026-12-31  0.75  3.75  0.075  -      -     -
gemini      gemini-3.8-flash 2027-01-01  1.5   7.5   0.15   -      -     -
openai      text-embedding-3-small 2026-11-20 0.02 0 -  -      -     -
openai      text-embedding-3-large 2026-11-20 0.13 0 -  -      -     -
gemini      gemini-embedding-001   2026-11-20 0.15 0 -  -      -     -
mistral     mistral-embed          2026-11-20 0.1  0 -  -      -     -
deepseek    deepseek-v3.2    2026-11-20  0.28  0.42  0.028  -      -     -
deepseek    deepseek-flash   2026-11-20  0.15  0.6   0.003  -      -     -
"""


@pytest.mark.parametrize("line", SECOND_READING.strip().splitlines()[1:])
def test_prices_are_what_the_vendors_page_said(line):
    provider, model, day, *dollars = line.split()
    row = PRICES.find(provider, model, None, date.fromisoformat(day))
    nano = [None if figure == "-" else int(Decimal(figure) * 10**9) for figure in dollars]
    assert [getattr(row, name) for name in RATES] == nano


@pytest.mark.parametrize(
    ("model", "window", "output"),
    [
        ("gpt-4.1", 1_047_576, 32_768),
        ("claude-sonnet-4", 200_000, 64_000),
        ("gemini-2.5-flash", 1_048_576, 65_536),
        ("deepseek-v3.2", 128_000, 8_192),
        ("llama-4-scout", 10_000_000, 16_384),
    ],
)
def test_windows_are_what_the_vendors_page_said(model, window, output):
    row = CATALOG.models[model]
    assert (row.context_window, row.max_output) == (window, output)
