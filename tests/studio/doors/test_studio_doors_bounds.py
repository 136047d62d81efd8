"""Bounds of the studio's doors: readers of events, and names that become parts of paths."""

import asyncio

import pytest

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
