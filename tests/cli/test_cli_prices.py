"""`madang prices`: what is shown is what is charged, and a wrong price is put right at home and over HTTP."""

from datetime import UTC, datetime

import pytest

from madang.ledger.tables.attempts import record
from madang.model import Attempt
from madang.state.store import Store
from madang.wire.json import encode

AT_US = 1_795_132_800_000_000  # 2026-11-20T00:00Z


@pytest.fixture
def home(tmp_path):
    """A home in which gpt-4.1 answered once at its list price, and a model at home without any."""
    home = tmp_path / "home"
    store = Store(home)
    for n, (provider, model, cost, price) in enumerate(
        (
            ("openai", "gpt-4.1", 2_800_000, "openai/gpt-4.1@2025-04-14"),
            ("openai", "gpt-4o", 7_500_000, "openai/gpt-4o-2024-05-13@2024-05-13"),
            ("gpu-box", "llama", None, None),
        )
    ):
        row = Attempt(
            id=f"r{n}.0", request_id=f"r{n}", n=0, at_us=AT_US, key_id="k", dialect="chat",
            asked_model=model, model=model, provider=provider, api="chat", outcome="ok",
            input_tokens=1_000, output_tokens=100, cost_nusd=cost, price=price,
        )  # fmt: skip
        row.output_tokens = 166 if model == "gpt-4o" else 100
        with store.transaction() as transaction:
            record(transaction, [encode(row)])
    store.close()
    return home


def configure(home, prices):
    """Prices of one's own, in nobody's environment."""
    text = "providers: {gpu-box: {kind: openai, base_url: 'http://127.0.0.1:9/v1'}, openai: {api_key: sk-x}}\n"
    (home / "madang.yaml").write_text(text + f"prices: [{prices}]\n")


def by_model(rows):
    return {row["model"]: row for row in rows}


def test_list_shows_what_holds_today(told):
    rows = {row["id"]: row["price"] for row in told("prices", "list", "--provider", "openai")}
    assert rows["openai/gpt-4.1@2025-04-14"]["input"] == 2_000_000_000
    today = str(datetime.now(UTC).date())
    assert all(row["valid_from"] <= today for row in rows.values())
    assert not any(row["valid_to"] and row["valid_to"] <= today for row in rows.values())


def test_show_has_every_row_of_a_model_with_its_source(madang):
    result = madang("prices", "show", "deepseek-v4-flash")
    assert result.exit_code == 0
    assert "deepseek/deepseek-v4-flash@2026-04-26" in result.stdout
    assert "api-docs.deepseek.com" in result.stdout


def test_an_unknown_model_has_an_unknown_price(madang):
    result = madang("prices", "show", "gpt-99")
    assert (result.exit_code, "unknown" in result.stderr) == (1, True)


def test_rerating_at_home_books_by_the_configuration(told, madang, home):
    configure(
        home,
        "{provider: openai, model: gpt-4.1, in: 1, out: 4},{provider: gpu-box, model: llama, in: 1, out: 0}",
    )
    dry = told("prices", "rerate", "--dry-run")
    booked = told("prices", "rerate", "--reason", "contract 7")
    assert dry == booked
    rows = by_model(booked)
    # 1,000 * $1/M + 100 * $4/M against 1,000 * $2/M + 100 * $8/M
    assert (rows["gpt-4.1"]["before_nusd"], rows["gpt-4.1"]["after_nusd"]) == (2_800_000, 1_400_000)
    assert (rows["llama"]["newly_priced"], rows["llama"]["after_nusd"]) == (1, 1_000_000)
    assert all(row["difference_nusd"] == 0 for row in told("prices", "rerate"))
    reasons = {row["reason"] for row in told("prices", "corrections")}
    assert reasons == {"contract 7"}
    assert "contract 7" in madang("prices", "corrections").stdout


def test_what_an_id_of_its_own_was_priced_by_is_found_again(told, home):
    """The ledger has the canonical name; the price's name tells that a dated id answered."""
    configure(home, "")
    row = by_model(told("prices", "rerate", "--model", "gpt-4o"))["gpt-4o"]
    # 1,000 * $5/M + 166 * $15/M = 7,490,000, not gpt-4o's $2.50 and $10
    assert (row["before_nusd"], row["after_nusd"]) == (7_500_000, 7_490_000)


def test_over_http_it_is_the_gateways_prices(told, gateway):
    at = ("--url", gateway.url, "--key", gateway.key)
    assert told("prices", "rerate", "--dry-run", *at) == told("prices", "rerate", *at)
    assert told("prices", "corrections", *at) == []
    assert len(told("prices", "list", *at)) > 100


def test_a_day_that_is_none_is_a_usage_error(madang):
    assert madang("prices", "rerate", "--from", "yesterday").exit_code == 2
    assert madang("prices", "rerate", "--from", "2026-11-02", "--to", "2026-11-01").exit_code in (
        1,
        2,
    )
