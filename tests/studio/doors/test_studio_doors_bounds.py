"""Bounds of the studio's doors: readers of events, and names that become parts of paths."""

import asyncio

import pytest
from studio_doors_stand import studio

from madang_studio.api.events import MOST_READERS, Readers, TooMany
from madang_studio.batch.wanted import batch_of
from madang_studio.errors import BadScript
from madang_studio.store import Project


def test_so_many_read_events_at_a_time_and_whoever_leaves_makes_room(tmp_path):
    project = Project(tmp_path, create=True)

    async def play():
        readers = Readers(project)
        streams = [readers.stream(0, None).body_iterator for _ in range(MOST_READERS)]
        assert {await anext(stream) for stream in streams} == {b": here\n\n"}
        with pytest.raises(TooMany, match=str(MOST_READERS)):
            readers.stream(0, None)
        await streams[0].aclose()
        again = readers.stream(0, None).body_iterator
        assert await anext(again) == b": here\n\n"
        for stream in (*streams[1:], again):
            await stream.aclose()

    asyncio.run(play())
    project.close()


@pytest.mark.parametrize("name", ["autumn\n", "../autumn", "a/b", "", "a b", "가을", "a" * 65])
def test_a_batch_is_named_by_what_can_be_a_folder(name):
    with pytest.raises(BadScript):
        batch_of({"name": name, "dramas": ["a letter"]}, "batch")
    with pytest.raises(BadScript):
        batch_of({"dramas": [{"id": name, "theme": "a letter"}]}, "batch")


def test_a_machine_without_ffmpeg_is_told_in_one_line_before_anything_is_paid(tmp_path):
    asked = ("make", "--theme", "a letter", "--project", tmp_path / "p")
    done = studio(*asked, cwd=tmp_path, environ={"MADANG_FFMPEG": "/nowhere/ffmpeg"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        "Error: MADANG_FFMPEG names /nowhere/ffmpeg, which is no program"
    ]
    assert not (tmp_path / "p" / "gateway").exists()
    project = Project(tmp_path / "p")
    assert [each.state for each in project.dramas.all()] == ["going"]
    project.close()
