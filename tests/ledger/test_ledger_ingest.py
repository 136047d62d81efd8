"""From the journal into the store: once each, whatever is damaged, doubled, or at work twice."""

import shutil
import threading
import zlib
from contextlib import contextmanager

import pytest
from ledger_reading import moved, stored_ids

from madang.errors import StoreUnavailable
from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.model import Decision
from madang.state.store import Store

RECORD = (
    b'{"request_id":"x","n":0,"at_us":1,"key_id":"k","dialect":"chat","asked_model":"m",'
    b'"model":"m","provider":"p","api":"chat","outcome":"ok"}'
)


def damage(store):
    return store.read("SELECT * FROM journal_damage ORDER BY segment, position")


def put_line(directory, payload):
    """A line with a right checksum, whatever it says, at the end of the only segment."""
    (path,) = directory.glob("*.journal")
    with path.open("ab") as file:
        file.write(b"%08x %b\n" % (zlib.crc32(payload), payload))


def test_every_field_of_an_attempt_arrives(journal, ingester, store, attempt):
    row = attempt(
        region="kr", tags={"team": "s"}, stop="length", cause="timeout", detail="d", final=False,
        streamed=True, cache_read_tokens=1, cache_write_tokens=2, reasoning_tokens=3,
        estimated=True, price="p", latency_us=4, first_token_us=5, overhead_us=6, losses=("x",),
        outcome="cut", account_id="acc_a", provider_key="sk-12345", cache_write_1h_tokens=7,
        audio_input_tokens=8, audio_output_tokens=9, units={"images": 2}, tier="flex",
        reserved_nusd=10, saved_nusd=11, cache="miss", plan=Decision("cost", task="t"),
        canary="next.1", arm="canary", drawn=True, traceparent="00-1-2-01", tracestate="a=b",
        injected="drl_1",
    )  # fmt: skip
    journal.append([row])
    assert ingester.run_once().new == 1
    stored = dict(store.read("SELECT * FROM attempts")[0])
    assert stored.pop("seq") == 1
    assert (stored.pop("tags"), stored.pop("losses")) == ('{"team":"s"}', '["x"]')
    assert stored.pop("units") == '{"images":2}'
    assert stored.pop("plan") == '{"pick":"cost","task":"t"}'
    assert stored == {name: getattr(row, name) for name in stored}
    assert stored.keys() | {"id", "tags", "losses", "units", "plan"} == set(row.__struct_fields__)


def test_defaults_that_a_line_leaves_out_are_stored(journal, ingester, store, attempt):
    journal.append([attempt(status=0, input_tokens=0, output_tokens=0, cost_nusd=None)])
    ingester.run_once()
    stored = dict(store.read("SELECT * FROM attempts")[0])
    assert (stored["final"], stored["streamed"], stored["estimated"]) == (1, 0, 0)
    assert (stored["status"], stored["cost_nusd"], stored["region"]) == (0, None, None)
    assert (stored["tags"], stored["losses"], stored["input_tokens"]) == ("{}", "[]", 0)


def test_a_pass_goes_on_where_the_last_one_stopped(journal, ingester, attempt):
    journal.append([attempt() for _ in range(5)])
    first, second, third = (ingester.run_once(2) for _ in range(3))
    assert [report.new for report in (first, second, third)] == [2, 2, 1]
    assert [report.more for report in (first, second, third)] == [True, True, False]
    assert ingester.run_once().lines == 0


def test_a_finished_segment_is_deleted_and_forgotten(journal, ingester, store, directory, attempt):
    journal.append([attempt()])
    moved(ingester)
    assert len(list(directory.glob("*.journal"))) == 1
    journal.close()
    moved(ingester)
    assert list(directory.glob("*.journal")) == []
    moved(ingester)
    assert store.read("SELECT * FROM journal_segments") == []
    assert len(stored_ids(store)) == 1


def test_no_worker_waits_for_another(directory, ingester, store, attempt):
    journals = [Journal(directory, f"w{n}", segment_bytes=1 << 20) for n in range(3)]
    for journal in journals:
        journal.append([attempt() for _ in range(4)])
    report = ingester.run_once(limit=2)
    assert (report.new, report.more) == (6, True)
    for journal in journals:
        journal.close()
    assert moved(ingester) == 6
    assert set(stored_ids(store).values()) == {1}


def test_what_comes_twice_counts_once(journal, ingester, store, directory, attempt):
    row = attempt()
    journal.append([row, row])
    journal.append([row, attempt()])
    (path,) = directory.glob("*.journal")
    shutil.copy(path, directory / "w9-0000000000000001-000000.journal")
    assert moved(ingester) == 2
    assert set(stored_ids(store).values()) == {1}
    assert store.read("SELECT sum(requests) AS n FROM usage_days")[0]["n"] == 2


def test_a_damaged_line_is_skipped_and_reported_once(journal, ingester, store, directory, attempt):
    journal.append([attempt(request_id=name) for name in "abc"])
    (path,) = directory.glob("*.journal")
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"b.0"', b'"B.0"'))
    report = ingester.run_once()
    assert (report.new, report.damaged) == (2, 1)
    (row,) = damage(store)
    assert (row["segment"], row["position"]) == (path.name, data.index(b"\n") + 1)
    assert b'"B.0"' in row["content"]
    assert "checksum" in row["reason"]
    assert ingester.run_once().damaged == 0


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b"1],[2",
        b'{"id":"x"}',
        b"[]",
        b"\xff\xfe",
        RECORD.replace(b"1", b"-1"),
        RECORD.replace(b"}", b',"input_tokens":1e300}'),
    ],
)
def test_a_record_that_makes_no_sense_does_not_hold_up_the_rest(
    payload, journal, ingester, store, directory, attempt
):
    journal.append([attempt()])
    put_line(directory, payload)
    journal.append([attempt()])
    report = ingester.run_once()
    assert (report.new, report.damaged, report.lines) == (2, 1, 3)
    assert damage(store)[0]["content"] == payload
    assert store.read("SELECT sum(requests) AS n FROM usage_days")[0]["n"] == 2


def test_a_second_ingester_waits_and_takes_over(journal, ingester, store, directory, attempt):
    other_store = Store(store.home)
    other = Ingester(other_store, directory)
    journal.append([attempt()])
    assert ingester.run_once().new == 1
    journal.append([attempt()])
    assert other.run_once().waiting
    ingester.close()
    assert other.run_once().new == 1
    other.close()
    other_store.close()


def test_two_ingesters_at_once_enter_everything_once(journal, store, directory, attempt):
    journal.append([attempt() for _ in range(2000)])
    counts = []

    def work():
        own = Store(store.home)
        ingester = Ingester(own, directory)
        counts.append(sum(ingester.run_once(limit=50).new for _ in range(60)))
        ingester.close()
        own.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = Ingester(store, directory)
    counts.append(moved(last))
    last.close()
    assert sum(counts) == 2000
    assert set(stored_ids(store).values()) == {1}


def test_an_unreadable_segment_holds_up_nobody_else(journal, ingester, store, directory, attempt):
    (directory / "a0-0000000000000001-000000.journal").mkdir()
    journal.append([attempt()])
    with pytest.raises(StoreUnavailable, match="journal"):
        ingester.run_once()
    assert len(stored_ids(store)) == 1


class ListeningStore(Store):
    """Notes which transactions wait for the disk."""

    def __init__(self, home):
        self.durable = []
        super().__init__(home)

    def transaction(self, *, durable=False):
        self.durable.append(durable)
        return super().transaction(durable=durable)


def test_nothing_is_deleted_before_the_disk_has_it(home, directory, journal, attempt):
    store = ListeningStore(home)
    ingester = Ingester(store, directory)
    journal.append([attempt()])
    ingester.run_once()
    assert store.durable == [False]
    journal.close()
    ingester.run_once()
    assert store.durable == [False, True]
    assert list(directory.glob("*.journal")) == []
    ingester.close()
    store.close()


class FailingStore(Store):
    """A store whose transactions fail at their very end, as on a full disk, while `failing`."""

    failing = False

    @contextmanager
    def transaction(self, *, durable=False):
        with super().transaction(durable=durable) as transaction:
            yield transaction
            if self.failing:
                raise StoreUnavailable("disk full")


def test_a_failed_commit_is_repeated_whole(home, directory, journal, attempt):
    store = FailingStore(home)
    ingester = Ingester(store, directory)
    journal.append([attempt() for _ in range(3)])
    journal.close()
    store.failing = True
    with pytest.raises(StoreUnavailable):
        ingester.run_once()
    assert len(list(directory.glob("*.journal"))) == 1
    store.failing = False
    assert moved(ingester) == 3
    assert store.read("SELECT sum(requests) AS n FROM usage_days")[0]["n"] == 3
    ingester.close()
    store.close()


def test_the_backlog_is_what_is_not_in_the_store_yet(journal, ingester, directory, attempt):
    journal.append([attempt() for _ in range(3)])
    assert ingester.backlog_bytes() == sum(
        path.stat().st_size for path in directory.glob("*.journal")
    )
    moved(ingester)
    assert ingester.backlog_bytes() == 0
