"""The section `prices`: exact, refused with its place, and before the catalogue's."""

from datetime import date

import pytest

from madang.config.load import parse
from madang.config.problems import ConfigError
from madang.config.sections.prices import own_rows
from madang.ledger.prices import Prices, charge
from madang.model import PriceRow, Usage

PLAIN = "{provider: p, model: m, in: 1, out: 1"
TIER = "{tokens: 9, in: 1, out: 1}"


def rows(text):
    return own_rows(parse(f"prices:\n  - {text}\n", {}).prices)


def test_a_price_of_ones_own_needs_provider_model_and_figures_only():
    (row,) = rows("{provider: gpu-box, model: llama, in: 0.05, out: 0.000000001}")
    assert (row.input, row.output, row.valid_from) == (50_000_000, 1, date(1970, 1, 1))
    assert (row.own, row.id) == (True, "gpu-box/llama@1970-01-01#own")


def test_every_field_of_the_catalogue_is_understood():
    (row,) = rows(
        "{provider: p, model: m, from: 2026-01-01, until: 2026-02-01, in: 1, out: 2, cache_read: 0.1,"
        " cache_write: 1.25, cache_write_1h: 2, audio_in: 3, audio_out: 4, per: {image.hd: 0.04},"
        " over: [{tokens: 1000, in: 2, out: 4}, {tokens: 2000, in: 3, out: 6}],"
        " service: {batch: 0.5, priority: {in: 2, out: 4, over: {tokens: 9, in: 3, out: 5}}},"
        ' hours: [{at: "16:30-00:30", zone: "+08:00", days: [mon], factor: 0.5}], source: contract}'
    )
    assert [tier.tokens for tier in row.over] == [1000, 2000]
    assert row.service["batch"].over[1].output == 3_000_000_000
    assert row.service["priority"].over[0].input == 3_000_000_000
    assert row.hours[0].name == "08:30-16:30"
    assert row.units["images.hd"].nusd == 40_000_000
    assert (row.source, row.valid_to) == ("contract", date(2026, 2, 1))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("{model: m, in: 1, out: 1}", "prices[0]", "`provider` is missing"),
        ("{provider: p, in: 1, out: 1}", "prices[0]", "`model` is missing"),
        ("{provider: p, model: m}", "prices[0]", "prices nothing"),
        ("{provider: p, model: m, in: 1}", "prices[0]", "given together"),
        ("{provider: p, model: m, in: -1, out: 1}", "prices[0]", "not a price"),
        ("{provider: p, model: m, in: 1.0000000001, out: 1}", "prices[0]", "nine decimals"),
        ("{provider: p, model: m, in: a dime, out: 1}", "prices[0].in", "expected a number"),
        ("{provider: p, model: m, in: true, out: 1}", "prices[0].in", "expected a number"),
        ("{provider: p, model: m, in: 1, out: 1, from: soon}", "prices[0].from", "expected a day"),
        ("{provider: p, model: m, in: 1, out: 1, cached: 1}", "prices[0].cached", "unknown key"),
        ("{provider: p, model: m, per: {picture: 1}}", "prices[0]", "`per` knows image"),
        ("{provider: p, model: m, in: 1, out: 1, hours: [{at: noon, factor: 2}]}", "prices[0]", "16:30-00:30"),
        (f"{PLAIN}, hours: [{{at: '01:00-02:00', zone: KST, factor: 2}}]}}", "prices[0]", "`zone`"),
        ("{provider: p, model: m, in: 1, out: 1, service: {flex: 1000}}", "prices[0]", "no factor"),
        (f"{PLAIN}, over: [{TIER}, {TIER}]}}", "prices[0]", "ascending"),
        ("{provider: p, model: m, in: 1, out: 1, from: 2026-01-02, until: 2026-01-02}", "prices[0]", "later than"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_place(text, place, said):
    with pytest.raises(ConfigError) as refused:
        rows(text)
    problem = refused.value.problems[0]
    assert problem.path == place
    assert said in problem.message


def test_two_prices_from_the_same_day_are_refused():
    with pytest.raises(ConfigError, match="begins on the same day"):
        rows("{provider: p, model: m, in: 1, out: 1}\n  - {provider: p, model: m, in: 2, out: 2}")


def test_ones_own_price_comes_before_a_newer_one_of_the_catalogue():
    (own,) = rows("{provider: openai, model: gpt-4.1, from: 2026-01-01, in: 1, out: 1}")
    listed = PriceRow(
        provider="openai", model="gpt-4.1", valid_from=date(2026, 6, 1), input=2, output=2,
        source="https://example.org", retrieved=date(2026, 6, 1),
    )  # fmt: skip
    prices = Prices([own, listed])
    assert prices.find("openai", "gpt-4.1", None, date(2026, 7, 1)) is own
    assert prices.find("openai", "gpt-4.1", None, date(2025, 7, 1)) is None
    assert charge(own, Usage(input=1_000_000)) == (10**9, own.id)
