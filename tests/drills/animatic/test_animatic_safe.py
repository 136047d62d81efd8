"""The programs behind the animatic take texts as texts, and leave nothing behind when they are stopped."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from madang.drills.animatic.programs import espeak
from madang.drills.animatic.rendering import Renderer
from madang.drills.animatic.voice import speech


@pytest.mark.skipif(espeak() is None, reason="this machine has no espeak-ng")
@pytest.mark.parametrize(
    "text", ["Come [[here]] now", "[[Come here now", "[Come] [here] [[[now]]]"]
)
def test_brackets_are_not_names_of_sounds(text):
    """espeak-ng reads what stands between [[ and ]] as phonemes; a caller's text is only ever read out."""
    plain = text.replace("[", " ").replace("]", " ")
    assert (
        speech(text, voice="nova", kind="pcm").audio
        == speech(plain, voice="nova", kind="pcm").audio
    )


@pytest.mark.skipif(espeak() is None, reason="this machine has no espeak-ng")
@pytest.mark.parametrize(
    "text", ["--help", "-f /etc/passwd", "<mark name='x'/> -w out.wav", "@/etc/passwd"]
)
def test_a_text_is_no_option(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spoken = speech(text, voice="--version", language="../../x", kind="wav")
    assert spoken.audio.startswith(b"RIFF")
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_nobody_wants_any_more_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def play():
        task = asyncio.create_task(
            Renderer(1).clip("A long walk", width_px=720, height_px=1280, duration_ms=60_000)
        )
        async with asyncio.timeout(20):
            while not list(tmp_path.rglob("clip.mp4")):
                await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(play())
    assert [str(path) for path in Path(tmp_path).iterdir()] == []
