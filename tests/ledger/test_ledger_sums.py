"""Every table of sums equals a plain count of the attempts, whatever batches, doubles and crashes."""

import itertools
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_reading import NOV_20_2026_US, moved

from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.model import Attempt
from madang.state.store import Store

DAY_US = 86_400_000_000
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
WHAT = ("provider", "model", "asked_model")
TABLES = ("usage_hours", "usage_days", "usage_accounts", "usage_tags")

facts = st.fixed_dictionaries(
    {
        "at_us": st.sampled_from([NOV_20_2026_US, NOV_20_2026_US + DAY_US - 1, NOV_20_2026_US - 1]),
        "key_id": st.sampled_from(["key_a", "key_b"]),
        "account_id": st.sampled_from([None, "acc_a", "acc_b"]),
        "asked_model": st.sampled_from(["auto", "gpt-4.1"]),
        "model": st.sampled_from(["gpt-4.1", "claude-sonnet-4"]),
        "provider": st.sampled_from(["openai", "claude"]),
        "tags": st.dictionaries(st.sampled_from(["team", "env"]), st.sampled_from(["a", "b'", ""])),
        "outcome": st.sampled_from(["ok", "failed", "client_closed", "cut", "lost", "hit"]),
        "final": st.booleans(),
        "estimated": st.booleans(),
        "input_tokens": st.integers(0, 10**10) | st.just(0),
        "output_tokens": st.integers(0, 100),
        "cache_read_tokens": st.integers(0, 100),
        "cache_write_tokens": st.integers(0, 100),
        "reasoning_tokens": st.integers(0, 100),
        "cost_nusd": st.none() | st.integers(0, 10**15) | st.just(0),
        "saved_nusd": st.none() | st.integers(0, 10**15),
        "latency_us": st.integers(0, 10**8),
        "first_token_us": st.none() | st.integers(0, 10**7),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(facts, min_size=1, max_size=4)),
        st.tuples(st.just("ingest"), st.integers(1, 3)),
        st.tuples(st.just("crash"), st.integers(1, 9)),
        st.tuples(st.just("double"), st.none()),
    ),
    max_size=12,
)


EMPTY = {
    **dict.fromkeys(("id", "request_id", "key_id", "asked_model", "model", "provider"), ""),
    "n": 0,
    "at_us": 0,
    "dialect": "chat",
    "api": "chat",
    "outcome": "ok",
}


class Crash(Exception):
    """The process died here."""


class CrashingStore(Store):
    """Dies at the n-th statement from now on, if told to."""

    left = None

    @contextmanager
    def transaction(self, *, durable=False):
        with super().transaction(durable=durable) as transaction:
            yield self if self.left is not None else transaction

    def write(self, sql, params=()):
        self.left -= 1
        if self.left <= 0:
            raise Crash
        return self._connection().execute(sql, params).rowcount


def contributed(row):
    """What the definition in the documentation says that an attempt adds, in Python."""
    used = row.outcome != "failed" or row.input_tokens + row.output_tokens > 0 or row.cost_nusd
    well_spent = row.outcome == "ok" or (row.final and row.outcome in ("client_closed", "hit"))
    return (
        1,
        int(row.final and bool(used)),
        int(row.final and not used),
        int(row.cost_nusd is None and bool(used)),
        int(row.estimated),
        *(getattr(row, name) for name in TOKENS),
        row.reasoning_tokens,
        row.cost_nusd or 0,
        int(row.outcome == "hit"),
        row.saved_nusd or 0,
        0 if well_spent else row.cost_nusd or 0,
    )


def groups(row):
    """Where an attempt is counted: for each table, the keys of the rows that it adds to."""
    day = "2026-11-20" if row.at_us >= NOV_20_2026_US else "2026-11-19"
    what = tuple(getattr(row, name) for name in WHAT)
    return {
        "usage_hours": [(row.at_us // 3_600_000_000, *what)],
        "usage_days": [(day, row.key_id, *what)],
        "usage_accounts": [(day, row.account_id, *what)] if row.account_id else [],
        "usage_tags": [(day, *tag, *what) for tag in row.tags.items() or [("", "")]],
    }


def counted(rows):
    sums = {table: {} for table in TABLES}
    for row in rows:
        values = contributed(row)
        for table, keys in groups(row).items():
            for key in keys:
                before = sums[table].get(key, (0,) * len(values))
                sums[table][key] = tuple(a + b for a, b in zip(before, values, strict=True))
    return sums


def kept(store):
    width = len(contributed(Attempt(**EMPTY)))
    tables = {}
    for table in TABLES:
        rows = [tuple(row) for row in store.read(f"SELECT * FROM {table}")]
        tables[table] = {row[:-width]: row[-width:] for row in rows}
    return tables


def timed(store):
    """How many answers the histograms hold, by what was timed."""
    rows = store.read("SELECT what, sum(answers) AS n FROM latency_days GROUP BY what")
    return {row["what"]: row["n"] for row in rows}


def play(home, sequence):
    """Run the steps on a real journal and store; return the attempts appended and the sums kept."""
    store, directory = CrashingStore(home), home / "journal"
    journal = Journal(directory, "w0", segment_bytes=800)
    numbers, appended = itertools.count(), []
    for step, detail in sequence:
        ingester = Ingester(store, directory)
        if step == "append":
            ids = [f"req_{next(numbers)}" for _ in detail]
            rows = [
                Attempt(id=f"{i}.0", request_id=i, n=0, dialect="chat", api="chat", **one)
                for i, one in zip(ids, detail, strict=True)
            ]
            assert journal.append(rows)
            appended += rows
        elif step == "double":
            for path in directory.glob("w0-*.journal"):
                shutil.copy(path, directory / f"x{next(numbers)}-{path.name}")
        else:
            store.left = detail if step == "crash" else None
            with suppress(Crash):
                ingester.run_once(3 if step == "crash" else detail)
            store.left = None
        ingester.close()
    journal.close()
    last = Ingester(store, directory)
    moved(last)
    last.close()
    result = kept(store), timed(store)
    store.close()
    return appended, result


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_sums_equal_a_plain_count_whatever_happens_in_between(sequence):
    with tempfile.TemporaryDirectory() as folder:
        appended, (sums, answers) = play(Path(folder), sequence)
    assert sums == counted(appended)
    whole = [row for row in appended if row.outcome == "ok"]
    for what in ("latency_us", "first_token_us"):
        assert answers.get(what, 0) == sum(1 for row in whole if getattr(row, what))
