"""The catalogue against an independent price package: pydantic's genai-prices, its figures and its arithmetic.

Every price that both know must come to the same cost, to the nano-dollar; where one does not,
price_differences.yaml says why.
"""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from genai_prices import Usage as Theirs
from genai_prices import data

from madang.catalog import load
from madang.ledger.prices import cost_nusd
from madang.model import Usage
from stand.many import for_all

CATALOG = load()
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # off-peak at DeepSeek
PEAK = datetime(2026, 11, 20, 8, tzinfo=UTC)  # a Friday
NAMES = {"gemini": "google", "xai": "x-ai", "moonshot": "moonshotai"}
PROVIDERS = {provider.id: provider for provider in data.providers}
DIFFERENCES = {
    row["price"]: set(row["parts"])
    for row in yaml.safe_load((Path(__file__).parent / "price_differences.yaml").read_text())
}
PROBES = {
    "in": {"input": 1_000},
    "out": {"output": 1_000},
    "read": {"input": 1_000, "cache_read": 1_000},
    "write": {"input": 1_000, "cache_write": 1_000},
    "hour": {"input": 1_000, "cache_write": 1_000, "cache_write_1h": 1_000},
    "long": {"input": 900_000, "output": 1_000},
    "audio_in": {"input": 1_000, "audio_input": 1_000},
    "audio_out": {"output": 1_000, "audio_output": 1_000},
}
THEIR_NAMES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "audio_input": "input_audio_tokens",
    "audio_output": "output_audio_tokens",
}
SERVICE = {
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}


def micros(moment):
    return int(moment.timestamp()) * 1_000_000


def theirs(row):
    """Their provider and model for a row of ours, where they know it."""
    provider = PROVIDERS.get(NAMES.get(row.provider, row.provider))
    model = CATALOG.find(row.model)
    ids = [row.model, *model.snapshots]
    if row.model == model.name:
        ids.insert(0, model.ids.get(row.provider))
    known = provider.models if provider else []
    return provider, next((m for i in ids if i for m in known if m.is_match(i)), None)


SHARED = {
    row.id: (row, *theirs(row))
    for row in CATALOG.prices
    if row.served and row.in_force(NOON.date()) and row.input is not None
    if theirs(row)[1] is not None
}


def their_nusd(provider, model, used, moment=NOON, context=None):
    usage = Theirs(**{THEIR_NAMES.get(name, name): count for name, count in used.items()})
    cost = model.calc_price(
        usage, provider, genai_request_timestamp=moment, price_context=context
    ).total_price
    return cost * 10**9


def test_most_of_the_catalogue_is_shared():
    assert len(SHARED) >= 150


@for_all(SHARED)
def test_both_charge_the_same(name):
    row, provider, model = SHARED[name]
    differing = set()
    for part, probe in PROBES.items():
        ours = cost_nusd(row, Usage(**probe), micros(NOON))
        if ours is None or Decimal(ours) != their_nusd(provider, model, probe):
            differing.add(part)
    assert differing == DIFFERENCES.get(row.id, set())


def test_every_difference_is_of_a_row_that_is_shared():
    assert set(DIFFERENCES) <= SHARED.keys()


TIERED = [
    (name, tier)
    for name, (_, _, model) in SHARED.items()
    for tier in SERVICE
    if any(v.when == SERVICE[tier] for v in model.price_variants or ())
]


@for_all(TIERED)
def test_both_charge_the_same_at_other_service_tiers(name, tier):
    row, provider, model = SHARED[name]
    probes = [{"input": 1_000}, {"input": 1_000, "cache_read": 1_000}]
    if row.output:
        probes.append({"output": 1_000})
    for probe in probes:
        ours = cost_nusd(row, Usage(**probe, tier=tier), micros(NOON))
        assert ours is not None
        assert Decimal(ours) == their_nusd(provider, model, probe, context=SERVICE[tier])


def test_many_service_tiers_are_compared():
    assert len(TIERED) >= 60


@for_all(itertools.product(["deepseek-flash", "deepseek-v4-pro"], range(24)))
def test_both_know_deepseeks_peak_hours(name, hour):
    row = next(shared for shared in SHARED.values() if shared[0].model == name)
    moment = PEAK.replace(hour=hour)
    ours = cost_nusd(row[0], Usage(input=1_000, output=1_000), micros(moment))
    used = {"input": 1_000, "output": 1_000}
    assert Decimal(ours) == their_nusd(row[1], row[2], used, moment)


@pytest.mark.parametrize("name", ["gpt-4.1", "gpt-6-sol", "claude-opus-5-5", "claude-sonnet-4-5"])
def test_both_charge_the_same_for_searches(name):
    row = next(shared for shared in SHARED.values() if shared[0].model == name)
    ours = cost_nusd(row[0], Usage(input=10, units={"searches": 3}), micros(NOON))
    assert Decimal(ours) == their_nusd(row[1], row[2], {"input": 10, "web_searches": 3})


@pytest.mark.parametrize("before", [date(2026, 7, 29), date(2026, 8, 20), date(2026, 3, 1)])
def test_both_know_when_prices_changed(before):
    """Rows that have ended, on a day on which they held, where the package has kept that price too."""
    moment = datetime(before.year, before.month, before.day, 12, tzinfo=UTC)
    compared = 0
    for row in CATALOG.prices:
        dated = row.served and row.valid_to and row.in_force(before)
        if dated and row.model.startswith(("gpt-5.6", "claude-opus-4-6", "claude-sonnet-4-6")):
            provider, model = theirs(row)
            for name in ("in", "out", "read", "long"):
                ours = cost_nusd(row, Usage(**PROBES[name]), micros(moment))
                assert Decimal(ours) == their_nusd(provider, model, PROBES[name], moment), row.id
            compared += 1
    assert compared
