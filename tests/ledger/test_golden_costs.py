"""Costs worked out by hand from the figures of vendors' pages, and the reference table that published claims use."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
import yaml

from madang.catalog import load
from madang.config.load import parse
from madang.config.sections.prices import own_rows
from madang.ledger.prices import Prices, charge, cost_nusd, worst_nusd
from madang.model import Usage

ROWS = {row.id: row for row in load().prices}
GROUPS = yaml.safe_load((Path(__file__).parent / "golden_costs.yaml").read_text("utf-8"))
CASES = [
    pytest.param(case, id=f"{case['price']} {case['case']}")
    for group in GROUPS
    for case in group["cases"]
]


def by_hand(arithmetic):
    """The written sum, exactly, rounded half up."""
    products = (term.split("*") for term in str(arithmetic).split("+"))
    total = sum(Decimal(count.strip()) * Decimal(price.strip()) for count, price in products)
    return int(total.quantize(Decimal(1), ROUND_HALF_UP))


def ended_us(case):
    moment = case.get("at")
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000


def test_there_are_enough_cases_and_each_group_has_its_source():
    assert len(CASES) >= 90
    assert all(group["source"].startswith("https://") for group in GROUPS)


@pytest.mark.parametrize("case", CASES)
def test_the_sum_by_hand_is_right(case):
    assert by_hand(case["sum"]) == case["nusd"]


@pytest.mark.parametrize("case", CASES)
def test_cost_is_what_was_worked_out_by_hand(case):
    row = ROWS[case["price"].partition("#")[0]]
    at_us = ended_us(case)
    if at_us is None:
        at_us = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000  # a Saturday
    cost, name = charge(row, Usage(**case["used"]), at_us)
    assert cost == case["nusd"]
    assert name == case["price"]


@pytest.mark.parametrize("case", CASES)
def test_the_worst_case_is_never_less(case):
    row = ROWS[case["price"].partition("#")[0]]
    assert worst_nusd(row, Usage(**case["used"])) >= case["nusd"]


@pytest.mark.parametrize(
    ("price", "used"),
    [
        ("openai/gpt-4.1@2025-04-14", {"input": 5, "units": {"images": 1}}),
        ("openai/gpt-4.1@2025-04-14", {"input": 5, "tier": "provisioned"}),
        ("openai/gpt-4.1@2025-04-14", {"input": 5, "tier": "flex"}),
        ("openai/dall-e-3@2023-11-06", {"units": {"images.512x512": 1}}),
        ("openai/dall-e-3@2023-11-06", {"input": 5, "units": {"images.1024x1024.hd": 1}}),
        ("openai/tts-1@2023-11-06", {"output": 5}),
        ("openai/tts-1@2023-11-06", {"units": {"characters": 9, "images": 1}}),
        ("gemini/gemini-2.5-flash@2025-06-17", {"input": 5, "units": {"searches": 1}}),
    ],
)
def test_what_has_no_price_makes_the_whole_unknown(price, used):
    assert charge(ROWS[price], Usage(**used), 0)[0] is None


def test_without_a_time_it_is_the_dearest_hour():
    row = ROWS["deepseek/deepseek-flash@2026-09-10"]
    assert cost_nusd(row, Usage(input=1_000)) == 300_000


# --- the reference table of published claims: a configuration, not a fact of today ---

REFERENCE = """
prices:
  - {provider: openai,    model: gpt-4.1,          in: 8,    out: 32}
  - {provider: anthropic, model: claude-sonnet-4,  in: 15,   out: 75}
  - {provider: gemini,    model: gemini-2.5-flash, in: 2.5,  out: 10}
  - {provider: deepseek,  model: deepseek-v3.2,    in: 0.42, out: 1.90}
  - {provider: meta,      model: llama-4-scout,    in: 2.5,  out: 2.5}
  - {provider: meta,      model: llama-4-maverick, in: 1.2,  out: 1.2}
  - {provider: openai-b,  model: gpt-4.1,          in: 8,    out: 8}
  - {provider: claude-b,  model: claude-sonnet-4,  in: 4.5,  out: 15}
  - {provider: gemini-b,  model: gemini-2.5-flash, in: 1.25, out: 2.5}
  - {provider: deepseek-b, model: deepseek-v3.2,   in: 0.21, out: 0.42}
  - {provider: video,     model: sora,             per: {video_second: 0.12}}
  - {provider: video,     model: runway,           per: {video_second: 0.08}}
  - {provider: video,     model: pika,             per: {video_second: 0.06}}
  - {provider: video,     model: svd,              per: {video_second: 0.02}}
"""


@pytest.mark.parametrize(
    ("provider", "model", "used", "dollars"),
    [
        # 1,000,000 in and 1,000,000 out: the two figures of the table added up
        ("openai", "gpt-4.1", (1_000_000, 1_000_000), "40"),
        ("anthropic", "claude-sonnet-4", (1_000_000, 1_000_000), "90"),
        ("gemini", "gemini-2.5-flash", (1_000_000, 1_000_000), "12.5"),
        ("deepseek", "deepseek-v3.2", (1_000_000, 1_000_000), "2.32"),
        ("meta", "llama-4-scout", (1_000_000, 1_000_000), "5"),
        ("meta", "llama-4-maverick", (1_000_000, 1_000_000), "2.4"),
        ("openai-b", "gpt-4.1", (1_000_000, 1_000_000), "16"),
        ("claude-b", "claude-sonnet-4", (1_000_000, 1_000_000), "19.5"),
        ("gemini-b", "gemini-2.5-flash", (1_000_000, 1_000_000), "3.75"),
        ("deepseek-b", "deepseek-v3.2", (1_000_000, 1_000_000), "0.63"),
        # 1,234 * $8/M + 567 * $32/M = 0.009872 + 0.018144; 1 * $0.42/M; 3 * $1.90/M
        ("openai", "gpt-4.1", (1_234, 567), "0.028016"),
        ("deepseek", "deepseek-v3.2", (1, 0), "0.00000042"),
        ("deepseek", "deepseek-v3.2", (0, 3), "0.0000057"),
    ],
)
def test_the_reference_prices_come_out_exactly(provider, model, used, dollars):
    row = reference(provider, model)
    assert cost_nusd(row, Usage(*used)) == Decimal(dollars) * 10**9


@pytest.mark.parametrize(
    ("model", "seconds", "dollars"),
    [("sora", 45, "5.40"), ("runway", 30, "2.40"), ("pika", 25, "1.50"), ("svd", 15, "0.30")],
)
def test_the_reference_prices_of_films_come_out_exactly(model, seconds, dollars):
    row = reference("video", model)
    used = Usage(units={"video_ms": seconds * 1_000})
    assert cost_nusd(row, used) == Decimal(dollars) * 10**9


def reference(provider, model):
    prices = Prices(own_rows(parse(REFERENCE, {}).prices))
    return prices.find(provider, model, None, date(2026, 11, 20))
