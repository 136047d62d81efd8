"""ffmpeg is found, run within bounds, and what goes wrong is said in words."""

import subprocess
import sys
from pathlib import Path

import pytest

from madang_studio.errors import MissingTool, NoRoom, StudioError
from madang_studio.programs import ffmpeg, loudness
from madang_studio.programs.disk import writing
from madang_studio.programs.probe import frames, probe

FULL = Path("/dev/full")
SECOND = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1"]


def test_a_file_is_described(tmp_path):
    tone = ["-f", "lavfi", "-i", "sine=f=440:r=48000:d=1"]
    ffmpeg.run([*SECOND, *tone, "-c:v", "libx264", "-c:a", "aac", "-ac", "2", "one.mp4"], tmp_path)
    media = probe(tmp_path / "one.mp4")
    assert (media.width, media.height, media.fps, media.video_codec) == (64, 64, 10, "h264")
    assert (media.audio_codec, media.rate_hz, media.channels) == ("aac", 48_000, 2)
    assert media.duration_ms == pytest.approx(1000, abs=25)
    assert frames(tmp_path / "one.mp4") == 10


def test_a_tone_is_as_loud_as_the_standard_says(tmp_path):
    """BS.1770: a 997 Hz sine of -20 dBFS in both channels is -20 LUFS (calibration of EBU Tech 3341)."""
    tone = "aevalsrc=0.1*sin(997*2*PI*t)|0.1*sin(997*2*PI*t):s=48000:d=5"
    ffmpeg.run(["-f", "lavfi", "-i", tone, "tone.wav"], tmp_path)
    measured = loudness.measure(tmp_path / "tone.wav")
    assert measured.lufs == pytest.approx(-20.0, abs=0.1)
    assert measured.true_peak_db == pytest.approx(-20.0, abs=0.1)


def test_silence_is_the_floor(tmp_path):
    ffmpeg.run(["-f", "lavfi", "-i", "anullsrc=d=1", "none.wav"], tmp_path)
    assert loudness.measure(tmp_path / "none.wav").lufs == loudness.SILENCE_LUFS


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is full")
def test_a_full_disk_is_named(tmp_path):
    with pytest.raises(NoRoom, match="is full"):
        ffmpeg.run([*SECOND, "-f", "mpegts", "/dev/full"], tmp_path)
    with pytest.raises(NoRoom, match="is full"), writing(tmp_path), FULL.open("w") as file:
        file.write("x" * 100_000)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(NoRoom, match="cannot be written"), writing(tmp_path):
        raise PermissionError(13, "Permission denied")


def test_another_error_of_the_system_is_not_taken_for_a_full_disk(tmp_path):
    with pytest.raises(FileNotFoundError), writing(tmp_path):
        (tmp_path / "a" / "b").write_text("x")


@pytest.mark.parametrize("name", ["/nowhere/ffmpeg", "no-such-ffmpeg"])
def test_a_program_that_is_not_there_is_named(tmp_path, monkeypatch, name):
    monkeypatch.setenv("MADANG_FFMPEG", name)
    with pytest.raises(MissingTool, match="MADANG_FFMPEG names"):
        ffmpeg.run(SECOND, tmp_path)


def test_another_ffmpeg_is_used_where_one_is_named(tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.write_text("#!/bin/sh\necho mine >&2\n")
    own.chmod(0o755)
    monkeypatch.setenv("MADANG_FFMPEG", str(own))
    assert ffmpeg.run([], tmp_path) == "mine\n"


def test_a_program_that_hangs_is_stopped(tmp_path):
    endless = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x64", "-f", "null", "-"]
    with pytest.raises(StudioError, match="stopped after"):
        ffmpeg.run(endless, tmp_path, timeout_s=0.3)


def test_what_is_no_media_is_told_in_one_line(tmp_path):
    (tmp_path / "text.mp4").write_text("this is no film")
    with pytest.raises(StudioError, match=r"text\.mp4 is no media file") as failed:
        probe(tmp_path / "text.mp4")
    assert "\n" not in str(failed.value)


def test_a_playlist_that_calls_itself_a_clip_reads_no_other_file(tmp_path):
    """HLS and concat lists name files and addresses: from elsewhere they are no media at all."""
    ffmpeg.run([*SECOND, "secret.ts"], tmp_path)
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n"
    for text in (hls, "ffconcat version 1.0\nfile secret.ts\n"):
        (tmp_path / "clip.mp4").write_text(text)
        with pytest.raises(StudioError, match="no media file"):
            probe(tmp_path / "clip.mp4")


def test_a_file_that_may_not_grow_is_a_full_disk(tmp_path):
    """The system ends a program that writes beyond what a user may, without a word of its own."""
    limited = (
        "import resource, sys; from pathlib import Path; from madang_studio.programs import ffmpeg\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))\n"
        "try: ffmpeg.run(sys.argv[1:], Path.cwd())\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    command = [sys.executable, "-c", limited, *SECOND, "-c:v", "mjpeg", "-f", "mjpeg", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("NoRoom the disk of")
    assert len(done.stdout.splitlines()) == 1


def test_a_program_that_the_system_ends_is_told_in_one_line(tmp_path, monkeypatch):
    script = tmp_path / "killed"
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    script.chmod(0o700)
    monkeypatch.setenv(ffmpeg.SETTING, str(script))
    with pytest.raises(StudioError, match="signal 9: the machine may be out of memory"):
        ffmpeg.run(["-version"], tmp_path)
