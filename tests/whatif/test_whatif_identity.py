"""The same configuration costs the same: any ledger, to the nano-dollar."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from whatif_rows import AT_US, DAY

from madang.ledger.prices import charge
from madang.ledger.reports.usage import usage
from madang.ledger.tables.attempts import record
from madang.model import Attempt, Usage
from madang.state.store import Store
from madang.whatif.change import Period
from madang.whatif.ledger_rows import stored

TEXT = """
models:
  mine: {pick: weighted, targets: [openai/gpt-4.1, {to: anthropic/claude-sonnet-4, weight: 5}]}
prices:
  - {provider: deepseek, model: deepseek-v3.2, in: 0.42, out: 1.9, hours: [{at: 08:30-16:30, factor: 0.5}]}
  - provider: openai
    model: gpt-4.1
    in: 8
    out: 32
    over: {tokens: 1000, in: 9, out: 33}
    service: {flex: 0.5}
    per: {image: 0.01}
"""
PLACES = (
    ("openai", "gpt-4.1"),
    ("openai", "gpt-4.1-mini"),
    ("anthropic", "claude-sonnet-4"),
    ("deepseek", "deepseek-v3.2"),
    ("gemini", "gemini-2.5-pro"),
    ("elsewhere", "mystery"),
)
COUNTS = st.integers(0, 300_000)
USAGES = st.builds(
    Usage,
    input=COUNTS,
    output=COUNTS,
    cache_read=st.integers(0, 2_000),
    cache_write=st.integers(0, 2_000),
    cache_write_1h=st.integers(0, 900),
    reasoning=st.integers(0, 500),
    tier=st.sampled_from([None, None, "flex"]),
    units=st.sampled_from([{}, {}, {"images": 3}]),
)
ATTEMPTS = st.tuples(
    st.sampled_from(PLACES),
    USAGES,
    st.sampled_from(["ok", "ok", "ok", "failed", "cut", "client_closed", "hit"]),
    st.integers(0, 86_000_000_000),
)
LEDGERS = st.lists(st.lists(ATTEMPTS, min_size=1, max_size=3), max_size=12)


def entered(requests, snapshot):
    """The rows as a gateway enters them: at the price that it knows for the place at the time."""
    for number, attempts in enumerate(requests):
        at_us = AT_US + attempts[0][3]
        for n, ((provider, model), used, drawn, _) in enumerate(attempts):
            final = n == len(attempts) - 1
            outcome = drawn if final or drawn in ("failed", "cut") else "cut"
            price = snapshot.price_known_as(provider, model, at_us)
            cost, name = charge(price, used, at_us + 7_000_000) if price else (None, None)
            given = outcome in ("failed", "hit")
            yield Attempt(
                id=f"r{number}.{n}",
                request_id=f"r{number}",
                n=n,
                at_us=at_us,
                key_id=f"k{number % 3}",
                dialect="chat",
                asked_model="mine" if number % 2 else model,
                model=model,
                provider=provider,
                api="chat",
                outcome=outcome,
                final=final,
                tags={"team": f"t{number % 2}"} if number % 5 else {},
                cost_nusd=0 if given else cost,
                price=None if given or cost is None else name,
                latency_us=7_000_000,
                cache="hit" if outcome == "hit" else None,
                **({} if given else fields(used)),
            )


def fields(used):
    names = ("input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning")
    counts = {f"{name}_tokens": getattr(used, name) for name in names}
    return {**counts, "tier": used.tier, "units": used.units}


@given(LEDGERS)
def test_the_same_configuration_costs_what_the_ledger_says(replayed, snapshot, requests):
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        rows = [json.encode(row) for row in entered(requests, snapshot(TEXT))]
        with store.transaction() as transaction:
            assert record(transaction, rows).refused == ()
        told = replayed(stored(store, Period(DAY, DAY)), TEXT, before=TEXT)
        said = usage(store, from_day=DAY, to_day=DAY, by=("provider", "model"))
        store.close()
    total = told.total
    assert (total.then_nusd, total.then_unknown) == (total.now_nusd, total.now_unknown)
    assert total.difference_nusd == 0
    assert told.moved_requests == 0
    assert told.attempts == sum(map(len, requests))
    by_ledger = {(row["provider"], row["model"]): row["cost_nusd"] for row in said}
    by_model = {(row.provider, row.model): row.now_nusd for row in told.by_model if row.provider}
    assert by_model == {place: nusd for place, nusd in by_ledger.items() if place in by_model}
    assert sum(by_ledger.values()) == sum(by_model.values())
    for group in (*told.by_key, *told.by_tag, *told.by_day):
        assert (group.then_nusd, group.then_unknown) == (group.now_nusd, group.now_unknown)


def test_the_day_of_these_tests_is_what_they_say():
    assert datetime.fromtimestamp(AT_US / 1e6, UTC).date() == DAY
