"""The store: whole or not at all, from many threads, and honest about a disk that refuses."""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from studio_stand import BRIEF

from madang_studio.errors import NoRoom, StudioError
from madang_studio.model.edits import LineEdit
from madang_studio.model.work import Charge, Made
from madang_studio.store import Artefact, Project, Recipe
from madang_studio.store.money import Spent
from madang_studio.store.objects import content_of


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "p", create=True)
    yield project
    project.close()


def artefact(stamp="ab12", **given):
    values = {"content": "c", "recipe": Recipe(step="mix", version=1), "files": {}, "facts": {}}
    return Artefact(stamp=stamp, cost_nusd=5, **{**values, **given})


def put(project, stamp="ab12", text="hello"):
    with project.objects.workshop() as folder:
        (folder / "a.txt").write_text(text)
        return project.objects.commit(artefact(stamp, files={"a.txt": "a.txt"}), folder)


def test_an_artefact_is_found_again_with_its_files(project):
    put(project)
    found = Project(project.root).shelf.find("ab12")
    assert project.shelf.made(found).path("a.txt").read_text() == "hello"
    assert found == artefact(files={"a.txt": "a.txt"})


def test_what_is_not_finished_is_nowhere(project):
    with suppress(KeyError), project.objects.workshop() as folder:
        (folder / "a.txt").write_text("half")
        raise KeyError
    assert project.shelf.find("ab12") is None
    assert not [*(project.root / "making").iterdir()]


def test_the_first_of_two_that_made_the_same_stays(project):
    put(project, text="first")
    put(project, text="second")
    made = project.shelf.made(project.shelf.find("ab12"))
    assert made.path("a.txt").read_text() == "first"


def test_sixteen_threads_that_make_the_same_leave_one(project):
    gate = threading.Barrier(16)

    def make():
        gate.wait()
        put(project)
        project.shelf.put("d", "mix", "ab12")
        project.events.tell("d", "made", "mix")

    threads = [threading.Thread(target=make) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(project.shelf.versions("d", "mix")) == 1
    assert len(project.events.since()) == 16
    assert not [*(project.root / "making").iterdir()]


def test_a_full_disk_is_said_and_loses_nothing(project, monkeypatch):
    put(project)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(NoRoom, match="No space left"):
            put(project, "cd34")
    assert project.shelf.find("cd34") is None
    assert project.shelf.find("ab12") is not None
    put(project, "cd34")
    assert project.shelf.find("cd34") is not None


def test_a_database_that_cannot_grow_says_so(project):
    project._database.read("PRAGMA max_page_count = 1")
    with pytest.raises(NoRoom, match="make room"):
        project.events.tell("d", "x" * 4_000_000)


def test_content_is_what_others_see_of_an_artefact(tmp_path):
    (tmp_path / "one").write_bytes(b"a")
    (tmp_path / "two").write_bytes(b"a")
    made = Made(folder=tmp_path, files={"f": "one"}, facts={"x": 1})
    same = msgspec.structs.replace(made, files={"f": "two"}, cost_nusd=9, requests=("r",))
    assert content_of(made) == content_of(same)
    assert content_of(made) != content_of(msgspec.structs.replace(made, facts={"x": 2}))
    assert content_of(made) != content_of(msgspec.structs.replace(made, files={"g": "one"}))


def test_a_step_that_forgot_its_file_is_told_so(tmp_path):
    with pytest.raises(StudioError, match=r"a\.txt"):
        content_of(Made(folder=tmp_path, files={"a": "a.txt"}))


def test_what_stands_at_a_place_is_what_was_put_there_last(project):
    for stamp in ("one", "two", "one"):
        project.shelf.put("d", "clip/1.1", stamp)
    assert project.shelf.now("d") == {"clip/1.1": "one"}
    assert [it.stamp for it in project.shelf.versions("d", "clip/1.1")] == ["two", "one"]


def test_a_name_is_paid_once_however_often_it_is_entered(project):
    for request in ("r1", "r2"):
        project.money.charge("d", "clip/1.1", "s", [Charge("name", request, 70)])
    project.money.charge("d", "voice/1.1", "t", [Charge("other", "r3", None)])
    assert project.money.spent("d") == Spent(70, 1)
    assert project.money.by_place("d") == {"clip/1.1": Spent(70, 0), "voice/1.1": Spent(0, 1)}


def test_edits_belong_to_one_script_and_come_back_with_it(project):
    project.wishes.edit_line("d", "script-1", "1.1", LineEdit(text="New."))
    project.wishes.retake("d", "clip/1.1")
    assert project.wishes.edits("d", "script-1").lines == {"1.1": LineEdit(text="New.")}
    other = project.wishes.edits("d", "script-2")
    assert (other.lines, other.retakes) == ({}, {"clip/1.1": 1})


def test_a_round_that_is_over_has_nothing_to_say(project):
    first = project.jobs.hand_out("d", "mix", "s", kind="audio", reserve_nusd=7)
    assert project.jobs.hand_out("d", "mix", "s", kind="audio", reserve_nusd=7) is None
    assert project.jobs.reserved("d") == 7
    project.jobs.reopen()
    second = project.jobs.hand_out("d", "mix", "s", kind="audio", reserve_nusd=7)
    assert (first.round, second.round) == (1, 2)
    assert project.jobs.begin("d", "mix", "s", 1) is None
    assert project.jobs.begin("d", "mix", "s", 2).state == "running"
    project.jobs.end(first, "made")
    assert len(project.jobs.open()) == 1


def test_a_folder_that_is_no_project_is_refused_and_a_newer_one_too(tmp_path, project):
    with pytest.raises(StudioError, match="no studio project"):
        Project(tmp_path / "nothing")
    project._database.read("PRAGMA user_version = 99")
    with pytest.raises(StudioError, match="newer"):
        Project(project.root)


def test_a_brief_comes_back_as_it_was_given(project):
    drama = project.dramas.add(BRIEF, name="one", priority=-3)
    assert project.dramas.get(drama).brief == BRIEF
    assert project.dramas.add(msgspec.structs.replace(BRIEF, theme="x"), name="one") == "one"
    assert project.dramas.get("one").brief == BRIEF


def test_threads_that_have_ended_hold_no_connection(project):
    for _ in range(40):
        thread = threading.Thread(target=project.dramas.all)
        thread.start()
        thread.join()
    assert len(project._database._opened) <= 3
