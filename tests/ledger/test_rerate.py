"""Re-rating: sums equal what the attempts would have cost, whoever asks, however often, whatever ended it."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_reading import NOV_20_2026_US

from madang.errors import InvalidRequest
from madang.ledger.corrections.rerate import RerateRequest, rerate, reratings
from madang.ledger.prices import Prices, charge
from madang.ledger.reports.spent import spent_nusd
from madang.ledger.reports.usage import usage
from madang.ledger.tables import credit
from madang.ledger.tables.attempts import record
from madang.model import PriceRow, Sheet, UnitPrice, Usage
from madang.routing.limits.rules import Whose
from madang.state.store import Store
from madang.wire.json import encode

DAY_US = 86_400_000_000
NOV_20 = date(2026, 11, 20)
NOV_21 = date(2026, 11, 21)
NOW_US = NOV_20_2026_US + 3 * DAY_US


def price(read=2_000_000_000, output=8_000_000_000, **facts):
    """A row for openai's gpt-4.1, in nano-dollars per million tokens."""
    known = {"provider": "openai", "model": "gpt-4.1", "valid_from": date(2026, 1, 1)}
    known |= {"source": "https://example.org", "retrieved": date(2026, 1, 1)}
    return PriceRow(input=read, output=output, **(known | facts))


OLD, NEW = price(), price(read=3_000_000_000)


def found_in(*rows):
    prices = Prices(rows)

    def find(provider, model, at_us, name):
        day = NOV_20 if at_us < NOV_20_2026_US + DAY_US else NOV_21
        return prices.find(provider, model, model, day)

    return find


@pytest.fixture
def enter(store, attempt):
    """Enters attempts as the gateway would, at given prices."""

    def enter(*rows, at=OLD, **shared):
        for facts in rows or ({},):
            row = attempt(**(shared | facts))
            usage_of = Usage(
                input=row.input_tokens, output=row.output_tokens, tier=row.tier, units=row.units
            )
            cost, name = charge(at, usage_of, row.at_us) if at else (None, None)
            if "cost_nusd" not in facts:
                row.cost_nusd, row.price = cost, name
            with store.transaction() as transaction:
                record(transaction, [encode(row)])

    return enter


def cost_of(store, by=("model",), first=NOV_20, last=NOV_21, **whose):
    rows = usage(store, from_day=first, to_day=last, by=by, **whose)
    return {row[by[0]]: row["cost_nusd"] for row in rows}


def apply(store, *rows, **asked):
    return rerate(store, found_in(*rows), RerateRequest(**asked), now_us=NOW_US)


def test_the_difference_is_booked_and_shown(store, enter):
    enter({}, {"input_tokens": 1_000})
    (one,) = apply(store, NEW, actor="key_admin", reason="list was wrong")
    # 10 + 1,000 tokens of input cost $1/M more: 1,010 * 1,000 nano-dollars
    assert (one.before_nusd, one.nusd, one.after_nusd) == (2_100_000, 1_010_000, 3_110_000)
    assert (one.attempts, one.changed, one.newly_priced) == (2, 2, 0)
    assert cost_of(store) == {"gpt-4.1": 3_110_000}
    (line,) = reratings(store)
    assert (line["actor"], line["reason"], line["difference_nusd"]) == (
        "key_admin",
        "list was wrong",
        1_010_000,
    )


def test_attempts_stay_as_they_were(store, enter):
    enter()
    before = [dict(row) for row in store.read("SELECT * FROM attempts")]
    apply(store, NEW)
    assert [dict(row) for row in store.read("SELECT * FROM attempts")] == before


def test_a_second_run_books_nothing(store, enter):
    enter()
    apply(store, NEW)
    (again,) = apply(store, NEW)
    assert again.nusd == 0
    assert store.read("SELECT count(*) AS n FROM corrections")[0]["n"] == 1
    assert len(reratings(store)) == 1


def test_a_price_put_back_takes_the_correction_back(store, enter):
    enter()
    apply(store, NEW)
    (back,) = apply(store, OLD)
    assert back.nusd == -10_000
    assert cost_of(store) == {"gpt-4.1": 60_000}


def test_a_dry_run_says_the_same_and_books_nothing(store, enter):
    enter()
    (told,) = apply(store, NEW, dry_run=True)
    assert told.nusd == 10_000
    assert cost_of(store) == {"gpt-4.1": 60_000}
    assert not reratings(store)
    assert apply(store, NEW) == [told]


def test_what_had_no_price_is_counted_as_priced_from_then_on(store, enter):
    enter(at=None)
    (one,) = apply(store, NEW)
    assert (one.newly_priced, one.before_nusd, one.after_nusd) == (1, 0, 70_000)
    (row,) = usage(store, from_day=NOV_20, to_day=NOV_20)
    assert (row["unpriced_requests"], row["cost_nusd"]) == (0, 70_000)


def test_what_has_no_price_now_keeps_the_one_it_had(store, enter):
    enter(at=OLD)
    enter(at=None, model="unheard-of")
    known, unknown = apply(store)
    assert (known.nusd, known.changed) == (0, 0)
    assert (unknown.unpriced, unknown.after_nusd) == (1, 0)


@pytest.mark.parametrize(
    "facts",
    [
        {"outcome": "failed", "cost_nusd": 0},
        {"outcome": "hit", "cache": "hit", "cost_nusd": 0},
        {"outcome": "ok", "cache": "shared", "cost_nusd": 0},
    ],
)
def test_what_was_not_paid_for_by_usage_is_left_alone(store, enter, facts):
    enter(facts)
    assert apply(store, NEW) == []


def test_days_models_and_providers_can_be_chosen(store, enter):
    enter({"at_us": NOV_20_2026_US}, {"at_us": NOV_20_2026_US + DAY_US}, {"model": "other"})
    other = price(model="other", read=9_000_000_000)
    assert [one.model for one in apply(store, NEW, other, model="other", dry_run=True)] == ["other"]
    assert apply(store, NEW, other, provider="elsewhere") == []
    (second,) = apply(store, NEW, other, from_day=NOV_21)
    assert second.attempts == 1
    assert cost_of(store, by=("day",)) == {"2026-11-20": 120_000, "2026-11-21": 70_000}


def test_days_the_wrong_way_round_are_refused(store):
    with pytest.raises(InvalidRequest):
        apply(store, from_day=NOV_21, to_day=NOV_20)


def test_tiers_and_units_are_priced_as_they_were_used(store, enter):
    flex = {"flex": Sheet(input=1_000_000_000, output=4_000_000_000)}
    searches = {"searches": UnitPrice(10_000_000_000, 1000)}
    enter({"tier": "flex"}, {"units": {"searches": 3}}, at=None)
    (one,) = apply(store, price(service=flex, units=searches))
    # flex: 10 * $1 + 5 * $4 per million; searched: 60,000 + 3 * $0.01
    assert one.after_nusd == 30_000 + 60_000 + 30_000_000


def test_a_keys_budget_and_an_accounts_credit_see_the_difference(store, enter):
    with store.transaction() as transaction:
        sql = "INSERT INTO accounts VALUES ('acc_1', 'Acme', 'pro', 'UTC', 0, NULL, 0)"
        transaction.write(sql)
    enter(account_id="acc_1")
    revisions = [store.revision(name) for name in ("corrections", credit.REVISION)]
    apply(store, NEW)
    since_us = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp()) * 1_000_000
    assert spent_nusd(store, Whose("key_a"), since_us) == 70_000
    assert spent_nusd(store, Whose(account="acc_1"), since_us) == 70_000
    assert spent_nusd(store, Whose("key_b"), since_us) == 0
    assert credit.totals(store, "acc_1")["rerated"] == -10_000
    assert [store.revision(name) for name in ("corrections", credit.REVISION)] > revisions


def test_attempts_that_arrive_during_a_run_wait_for_the_next(store, enter):
    enter()

    def find(*_):
        if len(store.read("SELECT 1 FROM attempts")) == 1:
            enter(at=OLD)  # the gateway goes on while this runs
        return NEW

    rerate(store, find, RerateRequest(), now_us=NOW_US)
    (again,) = apply(store, NEW)
    assert (again.attempts, again.after_nusd) == (2, 140_000)
    assert cost_of(store) == {"gpt-4.1": 140_000}


class _Killed(Exception):
    pass


def test_a_run_that_is_killed_is_finished_by_the_next(store, enter):
    enter({"at_us": NOV_20_2026_US}, {"at_us": NOV_20_2026_US + DAY_US})

    def find(_, __, at_us, ___):
        if at_us >= NOV_20_2026_US + DAY_US:
            raise _Killed
        return NEW

    with pytest.raises(_Killed):
        rerate(store, find, RerateRequest(), now_us=NOW_US)
    apply(store, NEW)
    assert cost_of(store) == {"gpt-4.1": 140_000}


amounts = st.lists(st.integers(0, 5_000_000_000), min_size=1, max_size=5)
uses = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 10**6), st.integers(0, 2)), max_size=6
)


@settings(max_examples=25, deadline=None)
@given(rates=amounts, used=uses, more=uses)
def test_after_any_corrections_sums_are_what_the_last_price_list_says(
    tmp_path_factory, rates, used, more
):
    """The reference: each attempt's tokens at the last rate, added up."""
    store = Store(tmp_path_factory.mktemp("home"))
    entered = []
    for number, rate in enumerate(rates):
        _enter(store, (used, more)[number % 2], len(entered), entered)
        rerate(
            store,
            lambda *_, rate=rate: price(read=rate, output=rate),
            RerateRequest(),
            now_us=NOW_US,
        )
        wanted = {}
        for key, tokens, _ in entered:
            wanted[key] = wanted.get(key, 0) + (tokens * rate + 500_000) // 1_000_000
        assert cost_of(store, by=("key",)) == wanted
    store.close()


def _enter(store, uses, begin, entered):
    for number, (key, tokens, day) in enumerate(uses, begin):
        row = {
            "request_id": f"r{number}", "n": 0, "at_us": NOV_20_2026_US + day * DAY_US // 2,
            "key_id": key, "dialect": "chat", "asked_model": "m", "model": "m",
            "provider": "p", "api": "chat", "outcome": "ok", "input_tokens": tokens,
        }  # fmt: skip
        with store.transaction() as transaction:
            record(transaction, [encode(row)])
        entered.append((key, tokens, day))


def test_what_a_dead_process_had_under_way_is_estimated_at_the_right_price_too(store, enter):
    enter({"outcome": "lost", "estimated": True, "input_tokens": 1_000})
    (one,) = apply(store, NEW)
    assert (one.changed, one.nusd) == (1, 1_000_000)
    assert cost_of(store) == {"gpt-4.1": one.after_nusd}
