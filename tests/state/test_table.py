"""The table that processes share: real processes, forked as workers are."""

import os
import signal
import time

from madang.state.table import Arena, SharedTable, Table


def forked(work):
    """Run `work` in a process of its own; return its id."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_several_processes_count_together_and_none_gets_lost(tmp_path):
    arena = Arena(3, tmp_path / "lock", records=16, cells=1000)

    def count(worker):
        table = SharedTable(arena, worker)
        for number in range(2000):
            place = table.claim(f"meter {number % 3}", 1, 5)
            with table:
                place.cells[place.at + 4] += 1

    pids = [forked(lambda worker=worker: count(worker)) for worker in range(3)]
    assert [ended(pid) for pid in pids] == [0, 0, 0]
    table = SharedTable(arena, 0)
    assert sum(one.cells[one.at + 4] for one in table.records()) == 6000
    assert len(list(table.records())) == 3
    table.close()


def test_who_dies_while_holding_the_table_does_not_keep_it(tmp_path):
    arena = Arena(2, tmp_path / "lock", records=16, cells=1000)

    def hold():
        table = SharedTable(arena, 0)
        place = table.claim("meter", 1, 1)
        with table:
            place.cells[place.at] = 7
            time.sleep(60)

    table = SharedTable(arena, 1)
    place = table.claim(
        "meter", 1, 1
    )  # claiming takes the table too: not to be done while the child holds it
    pid = forked(hold)
    while not place.cells[place.at]:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    with table:
        assert place.cells[place.at] == 7
    assert ended(pid) == -signal.SIGKILL
    table.close()


def test_records_have_zeros_at_first_and_do_not_overlap(tmp_path):
    shared = SharedTable(Arena(1, tmp_path / "lock", records=16, cells=1000), 0)
    for table in (shared, Table()):
        first, second = table.claim("a", 1, 3), table.claim("b", 2, 3)
        assert first is table.claim("a", 1, 3)
        for cell in range(3):
            assert second.cells[second.at + cell] == 0
            first.cells[first.at + cell] = -(2**63)
            assert second.cells[second.at + cell] == 0
        assert [record.kind for record in table.records()] in ([1, 2], [2, 1])
    shared.close()


def test_a_full_table_says_so_once_and_has_each_process_enforce_its_share(tmp_path, caplog):
    arena = Arena(4, tmp_path / "lock", records=16, cells=100)
    table = SharedTable(arena, 0)
    places = [table.claim(f"meter {number}", 1, 30) for number in range(5)]
    assert [place.share for place in places] == [1, 1, 1, 4, 4]
    places[4].cells[places[4].at] = 5
    assert table.claim("meter 4", 1, 30).cells[places[4].at] == 5
    assert len(list(table.records())) == 5
    assert len(caplog.records) == 1
    assert "full" in caplog.text
    table.close()


def test_there_are_at_most_so_many_records(tmp_path):
    table = SharedTable(Arena(2, tmp_path / "lock", records=8, cells=1000), 0)
    assert [table.claim(str(n), 1, 1).share for n in range(10)] == [1] * 8 + [2] * 2
    table.close()
