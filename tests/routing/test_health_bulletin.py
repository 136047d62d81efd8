"""What several processes know together, through the memory that they share."""

from pathlib import Path

import pytest

from madang.routing.health import CLOSED, HALF_OPEN, OPEN, Standing
from madang.routing.health.bulletin import Bulletin
from madang.state.table import Arena, SharedTable, Table

NAME = ("p", "m")


class Crew:
    """Two processes with a target each, which is the same one."""

    def __init__(self, home: Path) -> None:
        arena = Arena(2, home / "lock", records=64, cells=1024)
        self._tables = [SharedTable(arena, worker) for worker in (0, 1)]
        self._bulletins = [Bulletin(table) for table in self._tables]
        self.here, self.there = Standing(is_known=True), Standing(is_known=True)

    def trade(self, now: float) -> None:
        """Each has its turn, and the first once more."""
        for which in (0, 1, 0):
            one = (self.here, self.there)[which]
            self._bulletins[which].trade([(NAME, one)], now)

    def close(self) -> None:
        """Give the lock's files back."""
        for table in self._tables:
            table.close()


@pytest.fixture
def crew(tmp_path: Path):
    """Two processes."""
    made = Crew(tmp_path)
    yield made
    made.close()


def fail(standing: Standing, at: float, times: int = 3) -> None:
    """So many failures in a row."""
    for _ in range(times):
        standing.started(at)
        standing.failed(at, at)


def test_what_one_has_opened_rests_for_all_until_the_same_moment(crew: Crew) -> None:
    fail(crew.here, 10.0)
    crew.trade(10.1)
    assert crew.there.breaker.state == OPEN
    assert crew.there.open_until == crew.here.open_until == 40.0


def test_a_probe_of_one_keeps_the_others_away_and_its_answer_closes_for_all(crew: Crew) -> None:
    fail(crew.here, 10.0)
    crew.trade(10.1)
    crew.there.started(41.0)
    crew.trade(41.1)
    assert crew.here.breaker.state == HALF_OPEN
    assert crew.here.is_resting(41.1)
    crew.there.answered(0.5, 41.5, 41.0)
    crew.trade(41.6)
    assert (crew.here.breaker.state, crew.here.failures) == (CLOSED, 0)
    assert not crew.here.is_resting(41.6)


def test_a_probe_that_fails_prolongs_the_rest_for_all(crew: Crew) -> None:
    fail(crew.here, 10.0)
    crew.trade(10.1)
    crew.there.started(41.0)
    crew.there.failed(42.0, 41.0)
    crew.trade(42.1)
    assert crew.here.open_until == 102.0
    assert crew.here.breaker.times == 1


def test_a_process_that_is_new_learns_what_was_there(crew: Crew) -> None:
    fail(crew.here, 10.0)
    crew.trade(10.1)
    crew.there = Standing(is_known=True)
    crew.trade(10.3)
    assert crew.there.breaker.state == OPEN


def test_what_one_has_asked_for_free_all_know(crew: Crew) -> None:
    crew.here.missed(5.0)
    crew.trade(5.1)
    assert crew.there.health(5.1) == "degraded"
    fail(crew.there, 6.0)
    crew.trade(6.1)
    crew.here.reached(10.0)
    crew.trade(10.1)
    assert (crew.here.open_until, crew.there.open_until) == (10.0, 10.1)
    crew.trade(10.2)
    assert (crew.here.open_until, crew.there.open_until) == (10.0, 10.1)


def test_after_a_free_call_was_wrong_once_nobody_believes_the_next(crew: Crew) -> None:
    fail(crew.here, 1.0)
    crew.trade(1.1)
    crew.here.reached(10.0)
    crew.trade(10.1)
    fail(crew.there, 11.0, times=1)
    crew.trade(11.1)
    crew.here.reached(20.0)
    crew.trade(20.1)
    assert (crew.here.open_until, crew.there.open_until) == (71.0, 71.0)


def test_names_that_callers_made_up_take_no_memory(crew: Crew, tmp_path: Path) -> None:
    made_up = Standing()
    fail(made_up, 1.0)
    table = SharedTable(Arena(2, tmp_path / "lock2", records=8, cells=64), 0)
    Bulletin(table).trade([(NAME, made_up)], 1.1)
    assert not list(table.records())
    table.close()
    alone = Table()
    Bulletin(alone).trade([(NAME, Standing(is_known=True))], 1.1)
    assert not list(alone.records())
