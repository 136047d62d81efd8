"""Running dramas against a gateway over real sockets, judged by the gateway's own book."""

from contextlib import contextmanager

import msgspec
import pytest
from studio_stand import BRIEF, CHAT_NUSD, CLIP_NUSD, VOICE_NUSD, benches, gateway

from madang_studio.runner import Conductor
from madang_studio.store import Project

PATIENCE_S = 60


@contextmanager
def running(project, url, **given):
    conductor = Conductor(project, benches(url), **given)
    conductor.start()
    try:
        yield conductor
    finally:
        conductor.stop()


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "p", create=True)
    yield project
    project.close()


def test_a_drama_is_made_and_every_request_is_charged_once(project):
    with gateway() as server:
        drama = project.dramas.add(BRIEF)
        with running(project, server.url) as runner:
            assert runner.wait([drama], PATIENCE_S)
        assert project.dramas.get(drama).state == "done", project.dramas.get(drama).words
        assert (server.book.count("video"), server.book.count("speech")) == (4, 4)
        assert set(server.book.charges.values()) == {1}
        assert project.money.spent(drama).nusd == server.book.total_nusd
