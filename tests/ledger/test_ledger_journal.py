"""The journal: one write per request, lines that prove themselves, loss that is counted."""

import json
import os
import stat
import zlib

import pytest

from madang.errors import StoreUnavailable
from madang.ledger.journal import MAX_LINE_BYTES, Journal, line_of


def lines(directory):
    """Every line of every segment, in order, checked by an independent reading of the format."""
    found = []
    for path in sorted(directory.glob("*.journal")):
        for line in path.read_bytes().splitlines():
            checksum, _, payload = line.partition(b" ")
            assert int(checksum, 16) == zlib.crc32(payload)
            assert len(checksum) == 8
            found.append(json.loads(payload))
    return found


def test_every_attempt_of_a_request_is_a_line_with_its_checksum(journal, directory, attempt):
    one = attempt(request_id="r", n=0, final=False, outcome="failed", cost_nusd=0)
    two = attempt(request_id="r", n=1, tags={"팀": "검색"})
    assert journal.append([one, two])
    first, second = lines(directory)
    assert (first["id"], first["outcome"], first["final"]) == ("r.0", "failed", False)
    assert (second["id"], second["tags"], second["cost_nusd"]) == ("r.1", {"팀": "검색"}, 120_000)


def test_a_request_is_one_write(journal, attempt, monkeypatch):
    sizes = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: sizes.append(len(data)) or write(fd, data))
    journal.append([attempt() for _ in range(5)])
    assert len(sizes) == 1


def test_what_the_kernel_took_is_there_before_append_returns(journal, directory, attempt):
    for number in range(3):
        journal.append([attempt()])
        assert len(lines(directory)) == number + 1


def test_a_full_segment_is_followed_by_the_next_of_the_same_owner(directory, attempt):
    journal = Journal(directory, "w7", segment_bytes=1000)
    for _ in range(12):
        journal.append([attempt()])
    names = [path.name for path in sorted(directory.glob("*.journal"))]
    stems = {name.rsplit("-", 1)[0] for name in names}
    assert len(names) > 2
    assert names[0].startswith("w7-")
    assert len(stems) == 1
    assert [row["request_id"] for row in lines(directory)] == [f"req_{n:06d}" for n in range(12)]
    journal.close()


def test_a_new_process_never_appends_to_the_segment_of_a_dead_one(journal, directory, attempt):
    journal.append([attempt()])
    (old,) = directory.glob("*.journal")
    size = old.stat().st_size
    second = Journal(directory, "w0", segment_bytes=1 << 20)
    second.append([attempt()])
    second.close()
    assert old.stat().st_size == size
    assert len(lines(directory)) == 2


def test_what_a_process_left_that_died_while_opening_is_swept_away(directory):
    directory.mkdir(parents=True)
    (directory / "w0-0000000000000001-000003.opening").touch()
    (directory / "w1-0000000000000001-000003.opening").touch()
    Journal(directory, "w0", segment_bytes=1000).close()
    assert [path.name for path in directory.glob("*.opening")] == [
        "w1-0000000000000001-000003.opening"
    ]


def test_only_the_owner_may_read_a_segment(journal, directory):
    (path,) = directory.glob("*.journal")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_text_that_is_no_unicode_does_not_cost_its_row(journal, directory, attempt):
    assert journal.append([attempt(asked_model="x\ud800y", tags={"a": "\udcff"}, input_tokens=7)])
    (row,) = lines(directory)
    assert (row["asked_model"], row["tags"], row["input_tokens"]) == ("x?y", {"a": "?"}, 7)


def test_an_absurdly_long_row_is_cut_not_lost(journal, directory, attempt):
    huge = {f"tag{n}": "x" * 1000 for n in range(400)}
    assert journal.append([attempt(detail="y" * MAX_LINE_BYTES, tags=huge, output_tokens=9)])
    (row,) = lines(directory)
    assert row["output_tokens"] == 9
    assert len(json.dumps(row)) < 10_000


def test_a_journal_that_cannot_write_says_so_and_does_not_raise(journal, attempt, caplog):
    journal.close()
    assert journal.append([attempt(), attempt()]) is False
    assert journal.append([attempt()]) is False
    assert (journal.held, journal.lost) == (3, 0)
    assert "Bad file descriptor" in journal.last_error
    assert [record.levelname for record in caplog.records] == ["ERROR"]  # loud, once a minute


def test_what_cannot_be_written_is_held_up_to_a_bound(directory, attempt):
    line = len(line_of(attempt()))
    journal = Journal(directory, "w0", segment_bytes=1 << 20, held_bytes=3 * line)
    journal.close()
    for _ in range(5):
        journal.append([attempt()])
    assert (journal.held, journal.lost) == (3, 2)


def test_a_directory_that_cannot_be_made_is_a_clear_error_at_start(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="journal"):
        Journal(tmp_path / "file" / "journal", "w0", segment_bytes=1000)


def test_a_worker_name_that_could_leave_the_directory_is_refused(directory):
    with pytest.raises(ValueError, match="worker"):
        Journal(directory, "../x", segment_bytes=1000)


def test_fsync_is_an_option_and_keeps_the_same_lines(directory, attempt):
    journal = Journal(directory, "w0", segment_bytes=500, fsync=True)
    assert all(journal.append([attempt()]) for _ in range(4))
    assert len(lines(directory)) == 4
    journal.close()


def test_what_several_requests_noted_is_one_write(journal, directory, attempt, monkeypatch):
    sizes = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: sizes.append(len(data)) or write(fd, data))
    for _ in range(3):
        journal.note([attempt(), attempt()])
    assert lines(directory) == []
    assert journal.flush()
    assert len(sizes) == 1
    assert len(lines(directory)) == 6
    assert journal.flush()
    assert len(sizes) == 1


def test_closing_writes_what_was_noted(journal, directory, attempt):
    journal.note([attempt()])
    journal.close()
    assert len(lines(directory)) == 1
