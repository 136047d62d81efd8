"""Files are whole or not there, in a folder and in a bucket alike."""

import asyncio

import pytest

from madang.errors import NotFound, ProviderBroken
from madang.media.house import shelf_of


async def _pieces(*given, failing=False):
    for piece in given:
        yield piece
    if failing:
        raise ProviderBroken("cut off")


async def _read(shelf, name, start, end):
    return b"".join([piece async for piece in shelf.read(name, start, end)])


@pytest.fixture(params=["folder", "bucket"])
def shelf(request, tmp_path):
    place = tmp_path / "kept"
    place.mkdir()
    return shelf_of(str(place) if request.param == "folder" else f"file://{place}", tmp_path)


def test_a_file_is_kept_and_any_part_of_it_read(shelf):
    async def play():
        assert await shelf.put("a.mp4", _pieces(b"0123", b"456789")) == 10
        return [await _read(shelf, "a.mp4", *part) for part in ((0, 10), (2, 5), (9, 10))]

    assert asyncio.run(play()) == [b"0123456789", b"234", b"9"]


def test_a_file_that_breaks_off_is_not_there(shelf):
    async def play():
        with pytest.raises(Exception, match=r"cut off|cannot be kept"):
            await shelf.put("a.mp4", _pieces(b"0123", failing=True))
        with pytest.raises(NotFound):
            await _read(shelf, "a.mp4", 0, 4)

    asyncio.run(play())


def test_what_is_dropped_is_gone_and_what_never_was_does_not_matter(shelf):
    async def play():
        await shelf.put("a.mp4", _pieces(b"0123"))
        await shelf.drop(["a.mp4", "never.mp4"])
        with pytest.raises(NotFound):
            await _read(shelf, "a.mp4", 0, 4)

    asyncio.run(play())
