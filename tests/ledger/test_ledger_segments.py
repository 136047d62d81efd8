"""Reading a journal: damage is skipped and measured; a live writer's tail is waited for."""

import pytest

from madang.ledger.ingest import segments
from madang.ledger.journal import Journal, line_of


@pytest.fixture
def segment(journal, directory, attempt):
    """A segment that is still being written, with three lines."""
    journal.append([attempt(request_id=name) for name in "abc"])
    (path,) = directory.glob("*.journal")
    return path


def ids(batch):
    return [payload.split(b'"')[3].decode() for _, payload in batch.records]


def test_all_lines_are_read_with_their_positions(segment):
    batch = segments.read(segment, 0, 100)
    assert ids(batch) == ["a.0", "b.0", "c.0"]
    assert batch.end == segment.stat().st_size
    data = segment.read_bytes()
    assert all(data[at + 9 : at + 9 + len(payload)] == payload for at, payload in batch.records)
    assert (batch.damage, batch.more, batch.finished) == ((), False, False)


def test_reading_goes_on_where_it_stopped(segment):
    first = segments.read(segment, 0, 2)
    assert (ids(first), first.more) == (["a.0", "b.0"], True)
    second = segments.read(segment, first.end, 2)
    assert (ids(second), second.more, second.end) == (["c.0"], False, segment.stat().st_size)


def test_every_flipped_byte_is_noticed_and_costs_one_line_only(segment):
    data = segment.read_bytes()
    start, end = data.index(b"\n") + 1, data.index(b"\n", data.index(b"\n") + 1)
    for at in range(start, end):
        flipped = bytearray(data)
        flipped[at] ^= 0x01
        segment.write_bytes(bytes(flipped))
        batch = segments.read(segment, 0, 100)
        assert ids(batch) == ["a.0", "c.0"]
        assert sum(one.size_bytes + 1 for one in batch.damage) == end - start + 1
        assert batch.damage[0].position == start


def test_an_unfinished_line_is_waited_for_while_its_writer_lives(segment, attempt):
    line = line_of(attempt(request_id="d"))
    with segment.open("ab") as file:
        file.write(line[:40])
    half = segments.read(segment, 0, 100)
    assert (ids(half), half.damage, half.more) == (["a.0", "b.0", "c.0"], (), False)
    with segment.open("ab") as file:
        file.write(line[40:])
    assert ids(segments.read(segment, half.end, 100)) == ["d.0"]


def test_an_unfinished_line_of_a_dead_writer_is_cut_and_reported(segment, journal):
    with segment.open("ab") as file:
        file.write(b'deadbeef {"id": "d')
    journal.close()
    batch = segments.read(segment, 0, 100)
    (damage,) = batch.damage
    assert (damage.size_bytes, damage.content) == (18, b'deadbeef {"id": "d')
    assert "torn" in damage.reason
    assert (batch.finished, batch.end) == (True, segment.stat().st_size)


def test_zeros_after_a_power_cut_are_a_torn_tail(segment, journal):
    with segment.open("ab") as file:
        file.write(bytes(5000))
    journal.close()
    batch = segments.read(segment, 0, 100)
    assert (len(batch.records), batch.damage[0].size_bytes, batch.finished) == (3, 5000, True)


def test_endless_rubbish_is_stepped_over_in_bounded_pieces(segment, journal, attempt):
    with segment.open("ab") as file:
        file.write(b"\xff" * 3_000_000 + b"\n" + line_of(attempt(request_id="z")))
    journal.close()
    at, found, damaged = 0, [], 0
    while True:
        batch = segments.read(segment, at, 100)
        found += ids(batch)
        damaged += sum(one.size_bytes for one in batch.damage)
        assert all(len(one.content) <= 4096 for one in batch.damage)
        at = batch.end
        if batch.finished:
            break
    assert (found, damaged) == (["a.0", "b.0", "c.0", "z.0"], 3_000_000)


def test_a_rotated_segment_is_finished_and_the_newest_is_not(directory, attempt):
    journal = Journal(directory, "w0", segment_bytes=300)
    journal.append([attempt()])
    journal.append([attempt()])
    finished = [segments.read(path, 0, 100).finished for path in segments.segments(directory)]
    assert finished[:-1] == [True] * (len(finished) - 1)
    assert finished[-1] is False
    journal.close()
