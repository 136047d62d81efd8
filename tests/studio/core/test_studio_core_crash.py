"""A runner's process is killed again and again (`kill -9`): nothing paid is repeated, nothing is lost.

The runner is a process of its own with its durable queues; the gateway and its book live here.
"""

import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from studio_stand import BRIEF, gateway

from madang_studio.store import Project

WORKER = Path(__file__).with_name("studio_worker.py")
PATIENCE_S = 90


def start(root, url):
    return subprocess.Popen([sys.executable, str(WORKER), str(root), url])


def kill_after(worker, enough):
    """Kill a worker once `enough()`, or let it end by itself before."""
    until = time.monotonic() + PATIENCE_S
    while worker.poll() is None and not enough() and time.monotonic() < until:
        time.sleep(0.005)
    worker.kill()
    worker.wait()


@pytest.mark.parametrize("seed", [1])
def test_a_runner_that_is_killed_pays_once_and_finishes(tmp_path, seed):
    chance = random.Random(seed)
    project = Project(tmp_path / "p", create=True)
    with gateway() as server:
        server.book.clip_s = 0.2
        drama = project.dramas.add(msgspec.structs.replace(BRIEF, seed=seed))
        for _ in range(4):
            goal = sum(server.book.asked.values()) + chance.randrange(1, 6)
            kill_after(
                start(project.root, server.url),
                lambda goal=goal: sum(server.book.asked.values()) >= goal,
            )
        assert start(project.root, server.url).wait(PATIENCE_S) == 0
        assert project.dramas.get(drama).state == "done"
        assert set(server.book.charges.values()) == {1}
        assert (server.book.count("video"), server.book.count("speech")) == (4, 4)
        assert project.money.spent(drama).nusd == server.book.total_nusd
        assert not [*(project.root / "making").iterdir()]
    project.close()
