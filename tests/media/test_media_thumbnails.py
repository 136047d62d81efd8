"""Pictures of clips: made of the clip alone, whole or not there, whatever calls itself a clip."""

import asyncio
import subprocess

import pytest

from madang.media.files.thumbnails import find_ffmpeg, make_thumbnail

PROGRAM = find_ffmpeg()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="this machine has no ffmpeg")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    source = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=1:r=5", "-pix_fmt", "yuv420p")
    subprocess.run([PROGRAM, "-v", "error", *source, str(path)], check=True)
    return path


def _made(clip, folder):
    asyncio.run(make_thumbnail(PROGRAM, clip, folder / "picture %03d.jpg"))
    return sorted(path.name for path in folder.iterdir())


def test_a_picture_is_made_under_its_very_name(clip, tmp_path):
    assert _made(clip, tmp_path) == ["picture %03d.jpg"]
    assert (tmp_path / "picture %03d.jpg").read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "said",
    [
        "ffconcat version 1.0\nfile {clip}\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n",
        "<svg xmlns='http://www.w3.org/2000/svg'><image href='{clip}'/></svg>",
        "",
    ],
)
def test_a_list_that_calls_itself_a_clip_reads_no_other_file(clip, tmp_path, said):
    false = clip.parent / "false.mp4"
    false.write_text(said.format(clip=clip.name))
    assert _made(false, tmp_path) == []


def test_a_picture_that_is_there_is_not_lost_when_another_fails(clip, tmp_path):
    (tmp_path / "picture %03d.jpg").write_bytes(b"before")
    broken = clip.parent / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:200])
    assert _made(broken, tmp_path) == ["picture %03d.jpg"]
