"""A ledger of ten million attempts, filled by the statements that real ones go through, and how long questions take.

Run: `make ledger` (some minutes, 6 GB of disk), or
`python -m bench.ledger --attempts 100000 --home some/folder` for a smaller one; a home that holds a
ledger already is only asked.
"""

import argparse
import json
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from madang.ledger.reports import requests, usage
from madang.ledger.tables import attempts as book
from madang.ledger.tables import latency, rollups
from madang.state.store import Store

ATTEMPTS = 10_000_000
BATCH = 1_000
COPIED = 50_000
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
FIRST_US = 1_793_491_200_000_000
MONTH_US = 30 * 86_400_000_000
LAST_DAY_US = FIRST_US + MONTH_US - 86_400_000_000
KEYS = 10_000
ACCOUNTS = 500
TEAMS = 40
MODELS = (
    ("openai", "gpt-4.1"),
    ("openai", "gpt-4.1-mini"),
    ("openai", "gpt-5"),
    ("anthropic", "claude-sonnet-4"),
    ("gemini", "gemini-2.5-pro"),
    ("mistral", "mistral-large"),
)
TIMES = 5


def record(n: int, total: int, chance: random.Random) -> bytes:
    """The n-th attempt of the month: of one of 10,000 keys, each of which uses three models."""
    key = chance.randrange(KEYS)
    provider, model = MODELS[(key + chance.randrange(3)) % len(MODELS)]
    tokens, answer = chance.randrange(20, 20_000), chance.randrange(5, 2_000)
    request_id = f"req_{n:012x}"
    row = {
        "id": f"{request_id}.0",
        "request_id": request_id,
        "n": 0,
        "at_us": FIRST_US + n * MONTH_US // total,
        "key_id": f"key_{key:012x}",
        "account_id": f"acc_{key % ACCOUNTS:08x}",
        "dialect": "chat",
        "asked_model": model,
        "model": model,
        "provider": provider,
        "api": "chat",
        "outcome": "ok",
        "status": 200,
        "streamed": True,
        "stop": "stop",
        "tags": {"team": f"team-{key % TEAMS}", "env": "prod"},
        "input_tokens": tokens,
        "output_tokens": answer,
        "cost_nusd": tokens * 2_000 + answer * 8_000,
        "price": f"{provider}/{model}@2025-04-14",
        "latency_us": int(chance.lognormvariate(14, 0.8)),
        "first_token_us": int(chance.lognormvariate(13, 0.6)),
        "overhead_us": 400,
    }
    if n % 50 == 0:
        cause = ("rate_limit", "overloaded", "timeout")[n // 50 % 3]
        row |= {"outcome": "failed", "status": 429, "cause": cause, "cost_nusd": 0}
    return json.dumps(row, separators=(",", ":")).encode()


def fill(store: Store, attempts: int) -> float:
    """Enter a tenth in transactions of 1,000, as the ingester does; copy it nine times, three days later each.

    Copies go into the tables of sums by the ingester's own statements. Returns the rows per second
    of the first tenth.
    """
    chance = random.Random(1)
    tenth = attempts // 10
    spent_s = 0.0
    for first in range(0, tenth, BATCH):
        rows = [record(n, attempts, chance) for n in range(first, min(first + BATCH, tenth))]
        began = time.perf_counter()
        with store.transaction() as transaction:
            book.record(transaction, rows)
        spent_s += time.perf_counter() - began
    for n in range(1, 10):
        sys.stderr.write(f"{n * tenth:,} attempts\n")
        copy(store, tenth, n)
    return tenth / spent_s


def copy(store: Store, tenth: int, n: int) -> None:
    """Add the first tenth of the attempts once more, as its n-th copy."""
    names = [row["name"] for row in store.read("SELECT name FROM pragma_table_info('attempts')")]
    changed = {
        "request_id": f"printf('req_%012x', seq - 1 + {n * tenth})",
        "at_us": f"at_us + {n * MONTH_US // 10}",
    }
    columns = [name for name in names if name != "seq"]
    values = [changed.get(name, name) for name in columns]
    sql = (
        f"INSERT INTO attempts ({', '.join(columns)}) SELECT {', '.join(values)} "
        "FROM attempts WHERE seq > ? AND seq <= ? ON CONFLICT DO NOTHING"
    )
    for first in range(0, tenth, COPIED):
        with store.transaction() as transaction:
            last = transaction.read("SELECT max(seq) AS seq FROM attempts")[0]["seq"]
            transaction.write(sql, (first, min(first + COPIED, tenth)))
            rollups.add_up(transaction, last)


def questions(store: Store) -> Iterator[tuple[str, Callable[[], object]]]:
    """What reports and a console ask, by name."""
    month = {"from_day": FIRST, "to_day": LAST}
    for by in (
        *(("model",), ("provider",), ("day",), ("key",), ("account",), ("tag",), ("tag:team",)),
        *(("task",), ("asked_model",), ("day", "model")),
    ):
        yield f"the month by {', '.join(by)}", lambda by=by: usage.usage(store, **month, by=by)
    last = {"from_day": LAST, "to_day": LAST}
    yield "the last day by hour", lambda: usage.usage(store, **last, by=("hour",))
    yield "top keys of the last day", lambda: usage.usage(store, **last, by=("key",), top=20)
    yield "top keys of the month", lambda: usage.usage(store, **month, by=("key",), top=20)
    key = f"key_{7:012x}"
    yield "one key's month by model", lambda: usage.usage(store, **month, key_id=key)
    yield "one key's month by tag", lambda: usage.usage(store, **month, key_id=key, by=("tag",))
    yield "latencies of the month by model", lambda: latency.latency(store, **month)
    yield "errors of the last day by cause", lambda: requests.errors(store, since_us=LAST_DAY_US)
    yield "errors of the month by cause", lambda: requests.errors(store, since_us=FIRST_US)
    for name, wanted in (
        ("latest requests", requests.Wanted()),
        ("latest requests of a key", requests.Wanted(key_id=key)),
        ("latest requests of a model", requests.Wanted(model="gpt-5")),
        ("latest failed requests of a key", requests.Wanted(key_id=key, outcome="failed")),
        ("latest lost requests, of which there are none", requests.Wanted(outcome="lost")),
        ("latest requests of a model that there is not", requests.Wanted(model="none")),
    ):
        yield name, lambda wanted=wanted: requests.latest(store, wanted)


def main() -> None:
    """Fill a ledger if there is none, ask, and print a table."""
    parser = argparse.ArgumentParser(prog="bench.ledger", description=__doc__)
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    parser.add_argument("--home", type=Path, help="kept afterwards; default: a temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder)
        store = Store(home)
        if not store.read("SELECT 1 FROM attempts LIMIT 1"):
            print(f"entered at {fill(store, given.attempts):,.0f} attempts per second")
        count = store.read("SELECT max(seq) AS n FROM attempts")[0]["n"]
        size = sum(file.stat().st_size for file in home.glob("madang.db*")) / 2**30
        print(
            f"{datetime.now(UTC).date()}, {platform.machine()}, {count:,} attempts, {size:.1f} GiB\n"
        )
        print("| question | median of five, s |\n|---|---|")
        for name, ask in questions(store):
            spent = sorted(_timed(ask) for _ in range(TIMES))
            print(f"| {name} | {spent[TIMES // 2]:.3f} |")
        store.close()


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
