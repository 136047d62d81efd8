"""Loading: a data file is right or refused, with the place of the mistake."""

import re
from datetime import date
from pathlib import Path

import pytest

from madang.catalog import CatalogError, ProviderRow, loading, parse
from madang.model.price_list import HoursLine

PROVIDERS = "- {name: acme, title: Acme, env: [ACME_API_KEY], source: https://acme.example}"
MODELS = """
- vendor: acme
  family: anvil
  source: https://acme.example/models
  ids: {acme: <name>-api}
  can: [tools, images]
  models:
    - {name: anvil-1, window: 1000, released: 2026-01-02, aliases: [no, 1e3]}
"""
PRICES = """
- provider: acme
  source: https://acme.example/pricing
  retrieved: 2026-02-03
  prices:
    - {model: anvil-1, from: 2026-01-02, in: 0.1, out: 0.000000001}
"""


def test_groups_lend_their_rows_what_they_do_not_say():
    model = parse(PROVIDERS, MODELS, PRICES).models["anvil-1"]
    assert model.ids == {"acme": "anvil-1-api"}
    assert model.home == "acme"
    assert model.features == ("tools", "images")
    assert (model.vendor, model.family, model.api) == ("acme", "anvil", "chat")
    assert model.released == date(2026, 1, 2)


def test_names_that_yaml_would_take_for_something_else_stay_names():
    catalog = parse(PROVIDERS, MODELS, PRICES)
    assert catalog.find("no") is catalog.find("1e3") is catalog.models["anvil-1"]


def test_prices_are_exact_to_the_nano_dollar():
    (price,) = parse(PROVIDERS, MODELS, PRICES).prices
    assert (price.input, price.output) == (100_000_000, 1)
    assert price.cache_read is None
    assert price.id == "acme/anvil-1@2026-01-02"


def test_a_row_says_more_than_its_group():
    models = MODELS.replace("window: 1000", "can: [thinking], ids: {acme: anvil-one}")
    model = parse(PROVIDERS, models, PRICES).models["anvil-1"]
    assert model.features == ("thinking",)
    assert model.ids == {"acme": "anvil-one"}
    assert model.context_window is None


def test_what_a_row_says_of_a_feature_wins_over_its_group():
    grouped = MODELS.replace("  models:", "  cannot: [video_input, n]\n  models:")
    assert parse(PROVIDERS, grouped, PRICES).models["anvil-1"].lacks == ("video_input", "n")
    able = parse(PROVIDERS, grouped.replace("window: 1000", "can: [n]"), PRICES).models["anvil-1"]
    assert (able.features, able.lacks) == (("n",), ("video_input",))
    unable = grouped.replace("window: 1000", "cannot: [images]")
    row = parse(PROVIDERS, unable, PRICES).models["anvil-1"]
    assert (row.features, row.lacks) == (("tools",), ("images",))


def test_a_feature_cannot_be_there_and_not_there():
    both = MODELS.replace("window: 1000", "can: [tools, n], cannot: [n]")
    with pytest.raises(CatalogError, match="`n` is in `can` and in `cannot`"):
        parse(PROVIDERS, both, PRICES)


@pytest.mark.parametrize(
    ("file", "good", "bad", "said"),
    [
        ("providers", "title:", "titel:", ["providers.yaml", "row 1 (acme)", "titel"]),
        ("providers", "title: Acme, ", "", ["providers.yaml", "row 1 (acme)", "title"]),
        ("providers", "- {", "- {{", ["providers.yaml is not YAML", "line 1"]),
        ("models", "window: 1000", "windows: 1000", ["models.yaml", "row 1 (anvil-1)", "windows"]),
        ("models", "window: 1000", "window: big", ["models.yaml", "row 1 (anvil-1)", "window"]),
        ("models", "[tools, images]", "[flying]", ["models.yaml", "row 1 (acme)", "flying"]),
        ("models", "{acme: <name>-api}", "{emca: x}", ["anvil-1", "`emca` is unknown"]),
        ("models", "{acme: <name>-api}", "{}", ["anvil-1", "no provider"]),
        ("prices", "in: 0.1", "in: a dime", ["prices.yaml", "row 1 (anvil-1)", "in"]),
        ("prices", "in: 0.1", "in: -0.1", ["prices.yaml", "row 1 (anvil-1)", "-0.1"]),
        ("prices", "in: 0.1", "in: NaN", ["prices.yaml", "row 1 (anvil-1)", "NaN"]),
        ("prices", "in: 0.1", "in: sNaN", ["prices.yaml", "row 1 (anvil-1)", "sNaN"]),
        ("prices", "in: 0.1", "in: 1e999", ["prices.yaml", "row 1 (anvil-1)", "1E+999"]),
        ("prices", "out: 0.000000001", "out: 0.0000000001", ["nine decimals"]),
        ("prices", "in: 0.1", "in: 0.1, cached: 1", ["prices.yaml", "row 1 (anvil-1)", "cached"]),
        ("prices", "in: 0.1", "until: 2026-01-02, in: 0.1", ["anvil-1", "later than `from`"]),
        ("prices", "in: 0.1", "in: 0.1, in: 1.0", ["prices.yaml", "row 1", "twice on line 6"]),
        ("prices", "from: 2026-01-02", "from: soon", ["prices.yaml", "row 1 (anvil-1)", "from"]),
        ("prices", "provider: acme", "provider: emca", ["`emca` is unknown"]),
        ("prices", "model: anvil-1", "model: anvil-2", ["`anvil-2` is unknown"]),
    ],
)
def test_a_mistake_is_refused_with_its_place(file, good, bad, said):
    texts = {"providers": PROVIDERS, "models": MODELS, "prices": PRICES}
    assert good in texts[file]
    texts[file] = texts[file].replace(good, bad)
    with pytest.raises(CatalogError) as refused:
        parse(**texts)
    for word in said:
        assert word in str(refused.value)


def test_a_name_for_two_models_is_refused():
    second = MODELS + "    - {name: anvil-2, aliases: [ANVIL.1]}\n"
    with pytest.raises(CatalogError, match="names both `anvil-1` and `anvil-2`"):
        parse(PROVIDERS, second, PRICES)


def test_a_row_that_is_there_twice_is_refused():
    with pytest.raises(CatalogError, match="`acme` is there twice"):
        parse(f"{PROVIDERS}\n{PROVIDERS}", MODELS, PRICES)


@pytest.mark.parametrize("text", ["", "acme: {}", "just text"])
def test_a_file_that_is_not_a_list_is_refused(text):
    with pytest.raises(CatalogError, match="must be a list"):
        parse(text, MODELS, PRICES)


def test_the_examples_of_the_documentation_load():
    page = Path(__file__).parents[2] / "docs" / "catalogue.md"
    examples = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    catalog = parse(*examples)
    assert set(catalog.models) == {"anvil-2.1", "anvil-2.1-mini"}
    figures = [price.input for price in catalog.prices]
    assert figures == [1_500_000_000, 2_000_000_000, 200_000_000]


def test_the_documentation_names_every_field():
    page = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text("utf-8")
    for line in (ProviderRow, loading._ModelLine, loading._PriceLine, HoursLine):
        for name in line.__struct_encode_fields__:
            assert f"`{name}`" in page or f"{name}:" in page, name
