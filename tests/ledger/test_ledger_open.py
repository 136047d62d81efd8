"""Attempts under way: what a process that died had asked for is in the ledger, once, and nothing else is."""

import os
from datetime import date

import pytest
from ledger_reading import NOV_20_2026_US, moved
from msgspec.structs import replace

from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.ledger.open import SLOT_BYTES, Begun, left_behind
from madang.model import PriceRow

PRICE = PriceRow(
    provider="openai",
    model="gpt-4.1",
    valid_from=date(2025, 1, 1),
    input=2_000_000_000,
    output=8_000_000_000,
    source="https://openai.com/api/pricing",
    retrieved=date(2026, 11, 20),
)


@pytest.fixture
def begun():
    """The facts of a first attempt with a prompt of 1000 tokens."""
    return Begun(
        *("req_a", 0, NOV_20_2026_US, "key_a", None, {"team": "search"}),
        *("chat", "gpt-4.1", "gpt-4.1", "openai", "chat", None, True, 1000, None),
    )


@pytest.fixture
def lost(store, directory, journal):
    """What the ledger has after the writer of `journal` has died, and its successor's ingester ran."""
    heard = []

    def ingest():
        journal.flush()
        die(journal)
        ingester = Ingester(store, directory, find=lambda *_: PRICE, on_lost=heard.extend)
        moved(ingester)
        moved(ingester)  # the segment is gone now: it is the file's turn
        ingester.close()
        rows = [dict(row) for row in store.read("SELECT * FROM attempts ORDER BY request_id, n")]
        assert [row.id for row in heard] == [
            f"{row['request_id']}.{row['n']}" for row in rows if row["outcome"] == "lost"
        ]
        return rows

    return ingest


def die(journal):
    """Let go of a writer's files as its end would, without its last words."""
    os.close(journal._fd)
    os.close(journal.under_way._fd)
    journal._fd = journal.under_way._fd = -1


def left_in(directory):
    (path,) = directory.glob("*.open")
    return left_behind(path.read_bytes())[0]


def test_what_was_under_way_is_lost_and_its_prompt_billed(journal, begun, lost):
    journal.under_way.begin(begun)
    (row,) = lost()
    assert (row["outcome"], row["cause"], row["estimated"]) == ("lost", "process_died", 1)
    assert (row["input_tokens"], row["output_tokens"]) == (1000, 0)
    assert row["cost_nusd"] == 2_000_000  # 1000 tokens at 2 dollars a million
    assert (row["price"], row["tags"]) == ("openai/gpt-4.1@2025-01-01", '{"team":"search"}')


def test_the_text_that_had_come_of_a_stream_is_billed_too(journal, begun, lost):
    journal.under_way.heard(journal.under_way.begin(begun), 4001)
    (row,) = lost()
    assert row["output_tokens"] == 1001
    assert row["cost_nusd"] == 2_000_000 + 1001 * 8_000


def test_a_row_in_the_journal_counts_before_the_slot(journal, begun, lost, attempt):
    journal.under_way.begin(begun)
    journal.under_way.flush()
    journal.append([attempt(request_id="req_a", cost_nusd=77)])
    (row,) = lost()
    assert (row["outcome"], row["cost_nusd"]) == ("ok", 77)


def test_slots_are_free_again_when_their_rows_are_written(journal, directory, begun, attempt):
    slot = journal.under_way.begin(begun)
    journal.flush()
    assert [facts for facts, _ in left_in(directory)] == [begun]
    journal.note([attempt(request_id="req_a")], [slot])
    journal.flush()
    following = replace(begun, request_id="req_b")
    assert journal.under_way.begin(following) == slot
    journal.flush()
    assert [facts for facts, _ in left_in(directory)] == [following]


def test_an_attempt_that_had_ended_is_entered_as_it_ended_and_the_next_is_final(
    journal, begun, lost
):
    first = journal.under_way.begin(begun)
    cut = replace(begun, outcome="cut", cause="provider_broken", output_tokens=9, cost_nusd=5)
    journal.under_way.change(first, cut)
    journal.under_way.begin(replace(begun, n=1))
    broken, last = lost()
    assert (broken["outcome"], broken["cost_nusd"], broken["final"]) == ("cut", 5, 0)
    assert (last["outcome"], last["final"]) == ("lost", 1)


def test_an_unknown_price_is_unknown(store, directory, journal, begun):
    journal.under_way.begin(begun)
    journal.flush()
    die(journal)
    with_prices = Ingester(store, directory, find=lambda *_: None)
    moved(with_prices)
    moved(with_prices)
    with_prices.close()
    assert store.read("SELECT cost_nusd, price FROM attempts")[0]["cost_nusd"] is None


def test_who_knows_no_prices_leaves_what_was_under_way_alone(
    store, directory, journal, begun, ingester
):
    journal.under_way.begin(begun)
    journal.flush()
    die(journal)
    assert (moved(ingester), moved(ingester)) == (0, 0)
    assert ingester.reached(ingester.goal())
    assert left_in(directory)


def test_a_living_process_keeps_its_own(store, directory, journal, begun):
    journal.under_way.begin(begun)
    journal.flush()
    ingester = Ingester(store, directory, find=lambda *_: PRICE)
    assert (moved(ingester), ingester.reached(ingester.goal())) == (0, True)
    ingester.close()


def test_more_than_a_chunk_at_once_is_remembered(journal, directory, begun):
    for n in range(1000):
        journal.under_way.begin(replace(begun, request_id=f"req_{n}"))
    journal.flush()
    assert {facts.request_id for facts, _ in left_in(directory)} == {
        f"req_{n}" for n in range(1000)
    }


@pytest.mark.parametrize("text", ["\ud800", "\x00" * 5000, "é" * 5000, '"\\' * 300, "x" * 10**6])
def test_any_text_fits(journal, directory, begun, text):
    journal.under_way.begin(replace(begun, asked_model=text, model=text, tags={text: text}))
    journal.flush()
    ((facts, _),) = left_in(directory)
    assert (facts.request_id, facts.tags, len(facts.model)) == ("req_a", {}, min(40, len(text)))


def test_slots_that_were_being_written_are_nothing(begun, journal, directory):
    journal.under_way.begin(begun)
    journal.flush()
    (path,) = directory.glob("*.open")
    data = path.read_bytes()[:SLOT_BYTES]
    assert left_behind(data) == ([(begun, 0)], [])
    for cut in range(len(data.rstrip(b"\0"))):
        assert left_behind(data[:cut] + bytes(SLOT_BYTES - cut)) == ([], [])


def test_after_a_proper_end_there_is_no_file(journal, directory, begun, attempt):
    slot = journal.under_way.begin(begun)
    journal.note([attempt()], [slot])
    journal.close()
    assert not list(directory.glob("*.open"))


def test_rows_that_found_no_room_are_lost_ones_for_the_next_process(
    store, directory, begun, attempt
):
    journal = Journal(directory, "w0", segment_bytes=1 << 20, held_bytes=0)
    slot = journal.under_way.begin(begun)
    os.close(journal._fd)
    journal.note([attempt(request_id="req_a")], [slot])
    assert not journal.flush()
    assert journal.lost == 1
    journal._fd = os.open(os.devnull, os.O_RDONLY)
    journal.close()
    assert [facts.request_id for facts, _ in left_in(directory)] == ["req_a"]


def test_a_clock_put_back_gives_no_file_the_name_of_another(directory, monkeypatch, journal):
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000)
    journal.close()
    later = Journal(directory, "w0", segment_bytes=1 << 20)
    first, second = sorted(directory.glob("*.journal"))
    assert first.stem < second.stem
    later.close()
