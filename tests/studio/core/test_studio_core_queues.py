"""Whose turn it is, and what happens to a job whose turn has come too late."""

import threading
import time
from contextlib import closing

from studio_stand import BRIEF, benches, gateway

from madang_studio.graph.survey import survey
from madang_studio.runner.making import Maker, order_for
from madang_studio.runner.queues import ThreadQueues
from madang_studio.store import Project
from madang_studio.store.jobs import Job


def job(place):
    of = {"drama": "d", "place": place, "stamp": place, "kind": "render", "state": "queued"}
    since = {"round": 1, "tries": 0, "turn": 0, "not_before": 0, "reserved_nusd": 0, "changed": 0}
    return Job(**of, **since, code=None, words=None)


def eventually(look):
    until = time.monotonic() + 60
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


def test_what_was_made_between_looking_and_handing_out_is_not_made_again(tmp_path):
    with closing(Project(tmp_path / "p", create=True)) as project, gateway() as server:
        drama = project.dramas.add(BRIEF)
        seen = survey(project, drama)
        ready = next(each for each in seen.standing.values() if each.ready)
        maker = Maker(project, benches(server.url), lambda _: None)
        place, stamp = ready.node.key, ready.stamp
        for round_ in (
            1,
            2,
        ):  # the second is handed out by somebody who had looked before the first
            project.jobs.hand_out(drama, place, stamp, kind=ready.node.kind, reserve_nusd=0)
            maker.expect(order_for(seen, ready, project.dramas.get(drama).changed))
            maker.make(drama, place, stamp, round_)
        assert sum(server.book.asked.values()) == 1
        assert project.shelf.now(drama) == {place: stamp}
        assert not project.jobs.open()
