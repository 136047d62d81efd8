"""Several processes on one project: one works, and whoever waits takes over whole, with a gateway of its own."""

import time
from contextlib import closing, contextmanager

import pytest
from studio_doors_stand import serving

from madang_studio.batch.own_gateway import Access
from madang_studio.batch.work import runner_for
from madang_studio.errors import StudioError
from madang_studio.model.brief import Brief
from madang_studio.runner.lock import Lock
from madang_studio.store import Project

PATIENCE_S = 60


def test_nobody_comes_between_a_gateway_and_its_runner(tmp_path, monkeypatch):
    """Or who waited for the dead would work with a gateway that another of them ends."""
    lock, free = Lock(tmp_path), []

    @contextmanager
    def seen(home, meanwhile):
        free.append(lock.free())
        meanwhile()
        yield Access("http://127.0.0.1:9", None)
        free.append(lock.free())

    monkeypatch.setattr("madang_studio.batch.work.own_gateway", seen)
    monkeypatch.setattr(Access, "prices", lambda _: {})
    with closing(Project(tmp_path, create=True)) as project:
        with runner_for(project, None) as ours, runner_for(project, None) as other:
            assert ours is not None
            assert other is None
        assert free == [False, False]
        assert lock.free()


def test_who_only_looks_takes_no_lock_from_anybody(tmp_path):
    lock, other = Lock(tmp_path), Lock(tmp_path)
    assert lock.free()
    lock.take()
    assert not other.free()
    with pytest.raises(StudioError, match="Another process"):
        other.take()
    lock.release()
    other.take()
    other.release()


def test_who_serves_works_on_when_the_process_ends_that_worked(tmp_path):
    project, lock = Project(tmp_path, create=True), Lock(tmp_path)
    drama = project.dramas.add(Brief(theme="A late letter", minutes=0.1, gates=("script",)))
    lock.take()
    with closing(project), serving(tmp_path):
        assert project.dramas.get(drama).state == "going"
        lock.release()
        until = time.monotonic() + PATIENCE_S
        while project.dramas.get(drama).state == "going" and time.monotonic() < until:
            time.sleep(0.05)
        assert project.dramas.get(drama).state == "waiting"
        assert (tmp_path / "gateway/serving.json").exists()
    assert not (tmp_path / "gateway/serving.json").exists()  # it has ended its gateway
