"""One mix per film, judged by ffmpeg's own meters on the encoded file."""

import re
import wave
from array import array
from pathlib import Path

import pytest

from madang_studio.errors import StudioError
from madang_studio.model.timeline import Speech, lay_out
from madang_studio.programs import ffmpeg, loudness, probe
from madang_studio.sound.mix import mix
from madang_studio.sound.voices import Manner, lay_voices, loudness_db, manners

SHOTS = [("1.1", 4000), ("1.2", 4000), ("1.3", 2000)]


def _generate(source: str, target: Path) -> Path:
    ffmpeg.run(["-f", "lavfi", "-i", source, "-ar", "24000", target.name], target.parent)
    return target


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A quiet voice in the first shot, a loud one in the second, a hum for music."""
    folder = tmp_path_factory.mktemp("mix")
    timeline = lay_out(SHOTS, {"1.1": [Speech("1.1", 2000)], "1.2": [Speech("1.2", 2000)]})
    voices = {
        "1.1": _generate("aevalsrc=0.02*sin(300*2*PI*t):d=2", folder / "quiet.wav"),
        "1.2": _generate("aevalsrc=0.7*sin(300*2*PI*t):d=2", folder / "loud.wav"),
    }
    music = _generate(
        "aevalsrc=0.2*sin(1500*2*PI*t)|0.2*sin(1500*2*PI*t):d=1", folder / "music.wav"
    )
    how = {"1.2": Manner("left")}
    assert lay_voices(timeline, voices, how, folder) == []
    return folder, timeline, mix(folder, music, timeline.duration_ms)


def _level(path: Path, start: float, length: float, *filters: str) -> float:
    """The mean level of a span in dB, by ffmpeg's volumedetect."""
    chain = ",".join((f"atrim={start}:{start + length}", *filters, "volumedetect"))
    report = ffmpeg.run(["-i", str(path), "-af", chain, "-f", "null", "-"], path.parent)
    return float(re.search(r"mean_volume: (-?[\d.]+) dB", report)[1])


def test_the_encoded_mix_is_as_loud_as_wanted(mixed):
    folder, _, said = mixed
    heard = loudness.measure(folder / "mix.m4a")
    assert heard.lufs == pytest.approx(-14.0, abs=0.5)
    assert heard.true_peak_db <= -1.0
    assert (said.lufs, said.true_peak_db) == (heard.lufs, heard.true_peak_db)


def test_a_mix_that_needs_another_gain_is_encoded_again_until_it_is_so_loud(mixed, tmp_path):
    """Clicks ten times as loud as all else, which the ceiling takes away, and the loudness with them."""
    _, timeline, _ = mixed
    clicks = _generate(
        "aevalsrc=0.09*sin(300*2*PI*t)+0.9*lt(mod(t\\,0.05)\\,0.0002):d=2", tmp_path / "c.wav"
    )
    lay_voices(timeline, {"1.1": clicks, "1.2": clicks}, {}, tmp_path)
    said = mix(tmp_path, mixed[0] / "music.wav", timeline.duration_ms)
    heard = loudness.measure(tmp_path / "mix.m4a")
    assert said.lufs == heard.lufs == pytest.approx(-14.0, abs=0.5)
    assert heard.true_peak_db <= -1.0


def test_every_part_is_as_long_as_the_film(mixed):
    folder, timeline, _ = mixed
    for name in ("mix.m4a", "voices.flac", "bed.flac"):
        media = probe.probe(folder / name)
        assert media.duration_ms == timeline.duration_ms
        assert (media.rate_hz, media.channels) == (48_000, 2)


def test_voices_are_where_the_timeline_has_them(mixed):
    """Found by ffmpeg's silencedetect, to a hundredth of a second."""
    folder, timeline, _ = mixed
    chain = "silencedetect=n=-50dB:d=0.1"
    report = ffmpeg.run(["-i", "voices.flac", "-af", chain, "-f", "null", "-"], folder)
    ends = [float(end) for end in re.findall(r"silence_end: ([\d.]+)", report)]
    starts = [float(start) for start in re.findall(r"silence_start: (-?[\d.]+)", report)]
    for line, begin, end in zip(timeline.lines, ends, starts[1:], strict=False):
        assert begin == pytest.approx(line.start_ms / 1000, abs=0.01)
        assert end == pytest.approx(line.end_ms / 1000, abs=0.01)


def test_quiet_and_loud_voices_become_alike(mixed):
    """31 dB apart before; the quiet one gets the most that is given, 15 dB, and is 2 dB short."""
    folder, timeline, _ = mixed
    one, other = (
        _level(folder / "voices.flac", line.start_ms / 1000 + 0.2, 1.5) for line in timeline.lines
    )
    assert abs(one - other) < 5


def test_music_makes_way_for_voices_and_comes_back(mixed):
    folder, timeline, _ = mixed
    line = timeline.lines[0]
    under = _level(folder / "bed.flac", line.start_ms / 1000 + 0.8, 1.0)
    after = _level(folder / "bed.flac", 7.6, 0.6)
    assert after - under > 5


def test_music_fades_out_at_the_end(mixed):
    folder, *_ = mixed
    assert _level(folder / "bed.flac", 8.4, 0.2) - _level(folder / "bed.flac", 9.8, 0.2) > 10


def test_people_stand_a_little_apart(mixed):
    """Power, not silence, differs: 1.2 stands on the left, 1.1 in the middle."""
    folder, timeline, _ = mixed
    sides = []
    for line in timeline.lines:
        left, right = (
            _level(folder / "voices.flac", line.start_ms / 1000, 1.5, f"pan=mono|c0=c{side}")
            for side in (0, 1)
        )
        sides.append(left - right)
    assert sides[0] == pytest.approx(0, abs=0.2)
    assert sides[1] == pytest.approx(3.2, abs=0.5)


def test_the_same_inputs_give_the_same_bytes(mixed, tmp_path):
    folder, timeline, _ = mixed
    voices = {"1.1": folder / "quiet.wav", "1.2": folder / "loud.wav"}
    lay_voices(timeline, voices, {"1.2": Manner("left")}, tmp_path)
    mix(tmp_path, folder / "music.wav", timeline.duration_ms)
    for name in ("mix.m4a", "voices.flac", "bed.flac"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_voice_in_which_nothing_is_heard_is_named(tmp_path):
    timeline = lay_out([("1.1", 3000)], {"1.1": [Speech("1.1", 500), Speech("1.2", 500)]})
    voices = {
        "1.1": _generate("anullsrc=d=0.5", tmp_path / "none.wav"),
        "1.2": _generate("sine=f=300:d=0.5", tmp_path / "tone.wav"),
    }
    assert lay_voices(timeline, voices, {}, tmp_path) == ["1.1"]


@pytest.mark.parametrize("coded", ["pcm_s24le", "pcm_f32le", "flac", "libmp3lame"])
def test_a_voice_is_as_loud_however_it_is_stored(tmp_path, coded):
    """16 bits are read as they are; what else there is, by ffmpeg, also where it calls itself WAV."""
    timeline = lay_out([("1.1", 2000)], {"1.1": [Speech("1.1", 1000)]})
    plain = _generate("aevalsrc=0.1*sin(300*2*PI*t):d=1", tmp_path / "voice.wav")
    kind = {"flac": "flac", "libmp3lame": "mp3"}.get(coded, "wav")
    ffmpeg.run(["-i", plain.name, "-c:a", coded, "-f", kind, "other.wav"], tmp_path)
    levels = []
    for voice in (plain, tmp_path / "other.wav"):
        assert lay_voices(timeline, {"1.1": voice}, {}, tmp_path) == []
        levels.append(loudness_db(array("h", (tmp_path / "middle.raw").read_bytes())))
    assert levels == pytest.approx([-20, -20], abs=0.3)


def test_a_voice_longer_than_was_said_stops_before_the_next_line(tmp_path):
    timeline = lay_out([("1.1", 2000)], {"1.1": [Speech("1.1", 500), Speech("1.2", 500)]})
    long = _generate("sine=f=300:d=3", tmp_path / "long.wav")
    lay_voices(timeline, {"1.1": long, "1.2": long}, {"1.2": Manner("right")}, tmp_path)
    middle = array("h", (tmp_path / "middle.raw").read_bytes())
    assert len(middle) == 2 * 48_000
    assert any(middle[48 * (timeline.lines[1].start_ms - 20) : 48 * timeline.lines[1].start_ms])
    assert not any(middle[48 * timeline.lines[1].start_ms :])


def test_a_missing_voice_is_named(tmp_path):
    timeline = lay_out([("1.1", 2000)], {"1.1": [Speech("1.1", 500)]})
    with pytest.raises(StudioError, match=r"no voice for line 1\.1"):
        lay_voices(timeline, {}, {}, tmp_path)


def test_a_film_in_which_nothing_is_heard_is_not_made_loud(tmp_path):
    timeline = lay_out([("1.1", 3000)], {})
    lay_voices(timeline, {}, {}, tmp_path)
    with wave.open(str(tmp_path / "still.wav"), "wb") as file:
        file.setparams((2, 2, 24_000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 24_000))
    assert mix(tmp_path, tmp_path / "still.wav", 3000).lufs == loudness.SILENCE_LUFS


def test_who_speaks_most_stands_in_the_middle():
    said = [("1", "Mina"), ("2", "Jun"), ("3", "Mina"), ("4", "narrator"), ("5", "Old man")]
    how = manners([{"id": id_, "character": who, "emotion": "sad"} for id_, who in said])
    assert [how[id_].side for id_, _ in said] == ["middle", "right", "middle", "middle", "left"]
    assert how["1"].emotion == "sad"
