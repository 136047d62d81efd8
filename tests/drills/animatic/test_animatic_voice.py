"""Scratch voices: real sound of a plausible length, which says by what it was made."""

import array
import wave
from io import BytesIO

import pytest

from madang.drills.animatic import programs
from madang.drills.animatic.hum import RATE, hum
from madang.drills.animatic.voice import speech
from madang.drills.animatic.voices import MANNERS, voice_for

LINES = {
    "en": "This book has your name in it, and I have carried it all week.",
    "ko": "이 책에 당신 이름이 적혀 있어요.",
    "zh": "这本书里写着你的名字。",
    "ja": "この本に、あなたの名前が書いてあります。",
}


def voice(text=LINES["en"], name="nova", instructions=None, speed=1.0):
    return voice_for(name, text, language=None, instructions=instructions, speed=speed)


@pytest.mark.parametrize("language", LINES)
def test_a_line_takes_as_long_as_it_takes_to_say(language):
    spoken = speech(LINES[language], kind="wav")
    with wave.open(BytesIO(spoken.audio)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
        samples = array.array("h", sound.readframes(sound.getnframes()))
    assert 1.0 < seconds < 7.0
    assert spoken.duration_ms == pytest.approx(seconds * 1000, abs=30)
    assert max(samples) > 2_000


def test_the_same_line_gives_the_same_bytes():
    assert speech("Good night.", kind="wav") == speech("Good night.", kind="wav")


def test_words_are_timed_in_order_within_the_sound():
    spoken = speech(LINES["en"], kind="wav")
    edges = [edge for word in spoken.timing for edge in (word.start_ms, word.end_ms)]
    assert [word.text for word in spoken.timing] == LINES["en"].split()
    assert edges == sorted(edges)
    assert edges[-1] <= spoken.duration_ms


def test_without_espeak_lines_are_hummed_and_it_is_said(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert programs.espeak() is None
    spoken = speech("Who is there?", kind="wav")
    assert spoken.engine == "hum"
    assert spoken.duration_ms > 400


@pytest.mark.parametrize("feeling", MANNERS)
def test_every_feeling_can_be_hummed(feeling):
    samples, heard = hum("아무도 없어요?", voice(instructions=f"Sound {feeling}."))
    assert len(samples) / 2 / RATE > 0.8
    assert len(heard) == 2


def test_sad_voices_are_slower_and_speed_is_heeded():
    usual, sad, fast = (
        len(hum(LINES["en"], one)[0])
        for one in (voice(), voice(instructions="Sound sad"), voice(speed=2.0))
    )
    assert sad > usual * 1.1
    assert fast < usual * 0.6


@pytest.mark.parametrize(
    ("name", "instructions", "gender", "age"),
    [
        ("onyx", None, "male", "adult"),
        ("nova", None, "female", "young"),
        ("child-girl", None, "female", "child"),
        ("any", "Speak as an old woman's voice", "female", "old"),
    ],
)
def test_names_and_instructions_say_who_speaks(name, instructions, gender, age):
    chosen = voice(name=name, instructions=instructions)
    assert (chosen.gender, chosen.age) == (gender, age)


@pytest.mark.parametrize("text", ["…", "🎬", "!?", "a" * 300, "\0"])
def test_odd_lines_make_some_sound_or_silence_but_a_file(text):
    assert len(speech(text, kind="wav").audio) > 1_000
