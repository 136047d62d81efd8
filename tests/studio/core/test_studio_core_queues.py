"""Whose turn it is, with nothing but queues."""

import threading
import time

from madang_studio.runner.queues import ThreadQueues
from madang_studio.store.jobs import Job


def job(place):
    of = {"drama": "d", "place": place, "stamp": place, "kind": "render", "state": "queued"}
    since = {"round": 1, "tries": 0, "turn": 0, "not_before": 0, "reserved_nusd": 0, "changed": 0}
    return Job(**of, **since, code=None, words=None)


def eventually(look):
    until = time.monotonic() + 20
    while not look():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_clips_of_one_model_keep_no_other_model_waiting():
    queues, begun, free = ThreadQueues(), [], threading.Event()

    def work(drama, place, stamp, number):
        begun.append(place)
        free.wait(20)

    queues.start(work, {"render": 2})
    for place in ("a1", "a2", "a3", "b1"):
        queues.put(job(place), 1, place[0])
    eventually(lambda: len(begun) == 3)
    assert sorted(begun) == ["a1", "a2", "b1"]
    free.set()
    eventually(lambda: len(begun) == 4)
    queues.stop()
