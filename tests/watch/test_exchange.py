"""Workers tell each other what they count: each knows all, once, and a scrape gets one installation's sums."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families
from watch_rows import attempt, failed

from madang.model import Target
from madang.routing.board import Board
from madang.watch.cells import Labels
from madang.watch.exchange import Exchange, clear
from madang.watch.metrics import Metrics
from madang.watch.monitor import Monitor


class Clock:
    """A clock that is set by hand."""

    now = 1_800_000_000.0

    def __call__(self):
        return self.now


def crew(home, clock, workers=3):
    return [Monitor(home, Board(), worker=n, workers=workers, clock=clock) for n in range(workers)]


def tended(monitors, clock, rounds=2):
    """Let every worker do what is due, so often that each has heard of all."""
    for _ in range(rounds):
        clock.now += 1.0
        for monitor in monitors:
            asyncio.run(monitor.tend())


def attempts(monitor, clock):
    found = monitor.windows.look("5m", (), clock.now)
    return found[Labels()].measures["attempts"] if found else 0


def test_every_worker_knows_what_all_have_counted_once(tmp_path):
    clock = Clock()
    monitors = crew(tmp_path, clock)
    for number, monitor in enumerate(monitors):
        for _ in range(10**number):
            monitor.saw([attempt()])
    tended(monitors, clock, rounds=5)
    assert [attempts(monitor, clock) for monitor in monitors] == [111, 111, 111]


def test_a_worker_that_replaces_a_dead_one_is_heard_and_counts_nothing_twice(tmp_path):
    clock = Clock()
    first, second = crew(tmp_path, clock, 2)
    second.saw([attempt()])
    tended([first, second], clock)
    again = Monitor(tmp_path, Board(), worker=1, workers=2, clock=clock)
    again.saw([attempt()])
    tended([first, again], clock, rounds=3)
    assert attempts(first, clock) == 2


def test_what_another_tells_that_cannot_be_read_is_left_alone(tmp_path):
    clock = Clock()
    first, _ = crew(tmp_path, clock, 2)
    Exchange(tmp_path, "windows", 1, 2).tell(b"\xc1 no msgpack")
    first.saw([attempt()])
    tended([first], clock)
    assert attempts(first, clock) == 1


def board(failures):
    """A board on which one target has failed so often in a row."""
    board = Board()
    standing = board.standing(Target("p", "m", "chat"))
    standing.answered(0.1)
    for _ in range(failures):
        standing.failed(now=1.0)
    return board


@pytest.mark.parametrize(("elsewhere", "expected"), [(3, (0, 1)), (0, (1, 0))])
def test_a_provider_fails_when_it_fails_wherever_it_is_used(tmp_path, elsewhere, expected):
    clock = Clock()
    boards = [board(3), board(elsewhere)]
    monitors = [
        Monitor(tmp_path, b, worker=n, workers=2, clock=clock) for n, b in enumerate(boards)
    ]
    tended(monitors, clock)
    assert [monitor.healthy_providers() for monitor in monitors] == [expected] * 2


def scraped(metrics):
    """Samples by name and labels, read by Prometheus's own parser."""
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_scrape_of_any_worker_gets_the_sums_of_all(tmp_path):
    workers = [Metrics(Board(), exchange=Exchange(tmp_path, "metrics", n, 2)) for n in range(2)]
    workers[0].saw([attempt(cost_nusd=10**9), failed()])
    workers[1].saw([attempt(cost_nusd=2 * 10**9)])
    for worker in workers:
        worker.tell(every_s=0)
    told = [scraped(worker) for worker in workers]
    assert told[0] == told[1]
    assert told[0]["madang_attempts_total", "m", "ok", "p"] == 2
    assert told[0]["madang_cost_usd_total", "m", "ok", "p"] == 3
    assert told[0]["madang_latency_seconds_count", "m", "ok", "p"] == 2


def test_counters_do_not_fall_when_a_worker_is_replaced(tmp_path):
    def worker(number):
        return Metrics(Board(), exchange=Exchange(tmp_path, "metrics", number, 2))

    first, second = worker(0), worker(1)
    second.saw([attempt()])
    second.tell(every_s=0)
    replaced = worker(1)
    replaced.saw([attempt()])
    replaced.tell(every_s=0)
    assert scraped(first)["madang_attempts_total", "m", "ok", "p"] == 2


def test_a_new_start_begins_anew(tmp_path):
    Exchange(tmp_path, "metrics", 1, 2).tell(b"old")
    clear(tmp_path)
    assert Exchange(tmp_path, "metrics", 1, 2).own() is None
