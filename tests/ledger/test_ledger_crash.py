"""`kill -9` and full disks, in real processes: what `append` confirmed is in the store, once."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ledger_reading import moved, stored_ids

import madang
from madang.ledger.ingest.ingester import Ingester

WRITER = """
import os, sys
from pathlib import Path
from madang.ledger.ingest.background import IngestThread
from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.model import Attempt
from madang.state.store import Store

home, round = Path(sys.argv[1]), sys.argv[2]
journal = Journal(home / "journal", "w0", segment_bytes=60_000)
IngestThread(Ingester(Store(home), home / "journal"), poll_s=0.01).start()
n = 0
while True:
    rows = [
        Attempt(
            id=f"r{round}_{n}.{i}", request_id=f"r{round}_{n}", n=i, at_us=1_795_132_800_000_000,
            key_id="k", dialect="chat", asked_model="m", model="m", provider="p", api="chat",
            outcome="ok", final=i == n % 3, input_tokens=n, cost_nusd=n * 7,
        )
        for i in range(n % 3 + 1)
    ]
    assert journal.append(rows)
    os.write(1, b"%d\\n" % n)  # the answer's last byte leaves
    n += 1
"""

FULL_DISK = """
import json, resource, sys
from pathlib import Path
from madang.ledger.ingest.background import IngestThread
from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.model import Attempt
from madang.state.store import Store

home = Path(sys.argv[1])
store = Store(home)
journal = Journal(home / "journal", "w0", segment_bytes=1 << 20)
thread = IngestThread(Ingester(store, home / "journal"), poll_s=0.01)

def append(start):
    return [
        journal.append([
            Attempt(
                id=f"r{n}.0", request_id=f"r{n}", n=0, at_us=1_795_132_800_000_000, key_id="k",
                dialect="chat", asked_model="m", model="m", provider="p", api="chat", outcome="ok",
            )
        ])
        for n in range(start, start + 200)
    ]

limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))  # every file is full at 20 kB
confirmed = append(0)
held = journal.held
thread.start()
moved_while_full = thread.catch_up(0.3)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
confirmed += append(200)
journal.close()
print(json.dumps([confirmed, held, journal.lost, moved_while_full, thread.catch_up(5)]))
thread.stop()
"""


def start(code, *arguments, **options):
    source = str(Path(madang.__file__).parent.parent)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": source}, **options
    )


@pytest.mark.parametrize("after_s", [0.04, 0.2])
def test_after_kill_9_every_confirmed_row_is_in_the_store_once(after_s, home, store, directory):
    confirmed = []
    for round_ in range(2):
        with start(WRITER, home, round_) as process:
            first = process.stdout.readline()
            time.sleep(after_s)
            process.kill()
            numbers = (first + process.stdout.read()).split(b"\n")[:-1]
        confirmed += [(round_, int(number)) for number in numbers]
    ingester = Ingester(store, directory)
    moved(ingester)
    ingester.close()
    ids = stored_ids(store)
    expected = {f"r{k}_{n}.{i}" for k, n in confirmed for i in range(n % 3 + 1)}
    assert len(confirmed) > 2
    assert expected <= ids.keys()
    assert set(ids.values()) == {1}
    assert len(ids) - len(expected) <= 2 * 3  # per round, one request whose answer was not yet out
    assert list(directory.glob("*.journal")) == []
    kept = "sum(attempts), sum(requests), sum(input_tokens), sum(cost_nusd) FROM usage_days"
    plain = "count(*), sum(final), sum(input_tokens), sum(cost_nusd) FROM attempts"
    assert tuple(store.read(f"SELECT {kept}")[0]) == tuple(store.read(f"SELECT {plain}")[0])


def test_a_full_disk_loses_no_row_and_enters_each_once_when_there_is_room_again(home, store):
    with start(FULL_DISK, home, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=30)
    confirmed, held, lost, moved_while_full, moved_afterwards = json.loads(out)
    assert held == confirmed[:200].count(False) > 0
    assert lost == 0
    assert (moved_while_full, moved_afterwards) == (False, True)
    ids = stored_ids(store)
    assert set(ids) == {f"r{n}.0" for n in range(400)}
    assert set(ids.values()) == {1}
    (damage,) = store.read("SELECT * FROM journal_damage")  # the line that was torn, and came again
    assert damage["bytes"] > 0
    assert err.count(b"cannot be written") == 1  # two hundred failures, one loud line
    assert err.count(b"ledger is not moving") == 1
    assert err.count(b"can be written again") == 1
