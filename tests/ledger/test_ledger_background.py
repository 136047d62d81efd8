"""The ingester behind the gateway: it catches up when asked, survives trouble and hands over."""

import threading

import pytest
from ledger_reading import stored_ids

from madang.errors import StoreUnavailable
from madang.ledger.alarm import Alarm
from madang.ledger.ingest.background import IngestThread, log
from madang.ledger.ingest.ingester import Ingester
from madang.state.store import Store


@pytest.fixture
def thread(ingester):
    thread = IngestThread(ingester, poll_s=60)  # nothing happens unless it is woken
    yield thread
    thread.stop()


def test_after_catching_up_everything_appended_before_is_in_the_store(
    thread, journal, store, attempt
):
    thread.start()
    for number in range(1, 6):
        journal.append([attempt() for _ in range(700)])
        assert thread.catch_up(10)
        assert len(stored_ids(store)) == 700 * number


def test_many_may_wait_at_once(thread, journal, store, attempt):
    thread.start()
    journal.append([attempt() for _ in range(3000)])
    seen = []

    def wait():
        seen.append((thread.catch_up(10), len(stored_ids(store))))

    waiting = [threading.Thread(target=wait) for _ in range(4)]
    for one in waiting:
        one.start()
    for one in waiting:
        one.join()
    assert seen == [(True, 3000)] * 4


def test_catching_up_gives_up_when_told_to(thread, journal, ingester, home, directory, attempt):
    journal.append([attempt()])
    other_store = Store(home)
    other = Ingester(other_store, directory)
    assert other.run_once(limit=1).new == 1  # holds the lock from now on
    journal.append([attempt()])
    thread.start()
    assert thread.catch_up(0.05) is False
    other.close()
    assert thread.catch_up(10) is True
    other_store.close()


def test_stopping_moves_what_is_there_and_lets_another_take_over(
    ingester, journal, store, directory, attempt
):
    thread = IngestThread(ingester, poll_s=60)
    thread.start()
    journal.append([attempt() for _ in range(10)])
    thread.stop()
    assert len(stored_ids(store)) == 10
    successor = Ingester(store, directory)
    assert not successor.run_once().waiting
    successor.close()


class TroubledIngester(Ingester):
    """Fails once with each error that it is given, before it works."""

    troubles = ()

    def run_once(self, limit=1000):
        if self.troubles:
            error, *self.troubles = self.troubles
            raise error
        return super().run_once(limit)


@pytest.mark.parametrize("error", [StoreUnavailable("disk full"), ZeroDivisionError("a defect")])
def test_trouble_is_reported_and_survived(error, store, directory, journal, attempt, caplog):
    ingester = TroubledIngester(store, directory)
    ingester.troubles = [error]
    thread = IngestThread(ingester)
    journal.append([attempt()])
    thread.start()
    assert thread.catch_up(10)
    thread.stop()
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in said] == ["ERROR", "WARNING"]
    assert "the ledger is not moving" in said[0][1]
    assert "moving again" in said[1][1]
    assert len(stored_ids(store)) == 1


def test_damage_is_reported_loudly(thread, journal, directory, attempt, caplog):
    journal.append([attempt()])
    (path,) = directory.glob("*.journal")
    path.write_bytes(b"x" + path.read_bytes()[1:])
    thread.start()
    assert thread.catch_up(10)
    thread.stop()
    assert "damaged" in caplog.text


def test_an_alarm_sounds_once_a_minute_and_counts_the_rest(caplog):
    now = [0.0]
    alarm = Alarm(log, every_s=60, clock=lambda: now[0])
    for now[0] in (0, 1, 59, 60, 61, 120):
        alarm.sound("fire")
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "fire",
        "fire (2 more since the last such line)",
        "fire (1 more since the last such line)",
    ]
