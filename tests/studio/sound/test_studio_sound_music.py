"""The bed of music: the same again, no seam, different moods."""

import wave
from array import array
from itertools import pairwise

import pytest

from madang_studio.model.script import Music
from madang_studio.programs import loudness
from madang_studio.sound.harmony import BEATS, MOODS, bars, compose
from madang_studio.sound.music import make_loop


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    path = tmp_path_factory.mktemp("music") / "loop.wav"
    return path, make_loop(Music(mood="warm", tempo_bpm=120), 3, path)


def _samples(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 24_000)
        return array("h", file.readframes(file.getnframes()))


def test_a_loop_is_whole_bars_long(loop):
    """16 bars of 4 beats at 120 a minute: 32 seconds."""
    path, duration = loop
    assert duration == 32_000
    assert len(_samples(path)) == 2 * 32 * 24_000


def test_the_end_runs_into_the_beginning(loop):
    """The step over the seam is no larger than steps elsewhere, in both channels."""
    samples = _samples(loop[0])
    for side in (samples[0::2], samples[1::2]):
        steps = sorted(abs(b - a) for a, b in pairwise(side))
        assert abs(side[0] - side[-1]) <= steps[int(len(steps) * 0.999)]


def test_it_is_heard_and_not_clipped(loop):
    measured = loudness.measure(loop[0])
    assert -24 < measured.lufs < -12
    assert measured.true_peak_db < -3


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones(loop, tmp_path):
    make_loop(Music(mood="warm", tempo_bpm=120), 3, tmp_path / "again.wav")
    assert (tmp_path / "again.wav").read_bytes() == loop[0].read_bytes()
    assert compose(MOODS["warm"], 16, 3) != compose(MOODS["warm"], 16, 4)


@pytest.mark.parametrize("name", MOODS)
@pytest.mark.parametrize("tempo", [40, 80, 200])
def test_notes_of_every_mood_are_in_its_scale_and_in_the_loop(name, tempo):
    mood, count = MOODS[name], bars(tempo)
    assert count * BEATS * 60 / tempo >= 30 or count == 32
    notes = compose(mood, count, 1)
    assert {(note.pitch - mood.root) % 12 for note in notes} <= set(mood.scale)
    assert all(0 <= note.start < count * BEATS and 24 <= note.pitch < 108 for note in notes)
    assert {note.part for note in notes} == {"pad", "bass", "melody"}
