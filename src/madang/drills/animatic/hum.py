"""The stand-in for a voice where no speech program is: each syllable a vowel-like tone, with the pace of speech.

No word can be understood: it holds the place, the length and the mood of a line. Standard library only.
"""

import array
import math
from functools import lru_cache
from random import Random
from typing import NamedTuple

from madang.drills.animatic.looks import number
from madang.drills.animatic.voices import Voice

RATE = 22_050
_FORMANTS = ((730, 1_090), (530, 1_840), (390, 1_990), (570, 840), (440, 1_020), (490, 1_350))
_PITCH_HZ = {("female", "adult"): 205, ("female", "young"): 225, ("female", "old"): 180, ("female", "child"): 280,
             ("male", "adult"): 118, ("male", "young"): 132, ("male", "old"): 105, ("male", "child"): 265}  # fmt: skip
_SYLLABLE_S, _LETTER_S = 0.155, 0.066
_COMMAS, _ENDS = ",、\uff0c;:\uff1b\uff1a", ".!?。\uff01\uff1f\u2026\u2014"
_COMMA_S, _END_S, _SPACE_S = 0.18, 0.32, 0.035
_LEAST_S = 0.25
_LOUD = 6_500


class Heard(NamedTuple):
    """A word and when it is heard."""

    text: str
    start_ms: int
    end_ms: int


def hum(text: str, voice: Voice) -> tuple[bytes, list[Heard]]:
    """Mono samples of 16 bits at 22,050 Hz, and the times of words."""
    chance = Random(number(text))
    samples = array.array("h")
    heard: list[Heard] = []
    pace = voice.pace * voice.manner.pace * (0.88 if voice.age == "old" else 1.0)
    for word in text.split():
        begins = len(samples)
        for index, letter in enumerate(word):
            if letter.isalnum():
                seconds = (_SYLLABLE_S if _is_syllable(letter) else _LETTER_S) / pace
                bend = chance.uniform(-1.5, 1.5) - 0.12 * min(index, 12)
                samples.extend(_sound(letter, seconds, voice, bend))
            else:
                samples.extend(_silence(_pause_s(letter) / pace))
        if any(map(str.isalnum, word)):
            heard.append(Heard(word, begins * 1_000 // RATE, len(samples) * 1_000 // RATE))
        samples.extend(_silence(_SPACE_S / pace))
    samples.extend(_silence(_LEAST_S - len(samples) / RATE))
    return samples.tobytes(), heard


def _silence(seconds: float) -> list[int]:
    return [0] * max(0, round(seconds * RATE))


def _pause_s(mark: str) -> float:
    return _END_S if mark in _ENDS else _COMMA_S if mark in _COMMAS else 0.0


def _is_syllable(letter: str) -> bool:
    return "\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3"


def _sound(letter: str, seconds: float, voice: Voice, bend: float) -> "array.array[int]":
    base = _PITCH_HZ[(voice.gender, voice.age)] * (1 + (voice.shade - 50) / 500)
    pitch = base * 2 ** ((voice.manner.pitch + bend) / 12)
    period = _period(ord(letter) % len(_FORMANTS), round(RATE / pitch), breath=voice.manner.breath)
    count = round(seconds * RATE)
    wave = (period * (count // len(period) + 1))[:count]
    fade = max(1, min(count // 3, round(0.025 * RATE)))
    loud = voice.manner.loud
    return array.array(
        "h",
        (
            max(-32_767, min(32_767, round(value * loud * min(1.0, n / fade, (count - n) / fade))))
            for n, value in enumerate(wave)
        ),
    )


@lru_cache(maxsize=256)
def _period(vowel: int, length: int, *, breath: bool) -> "array.array[int]":
    """One swing of the voice: harmonics, strong near the vowel's formants; noise where it is breath."""
    if breath:
        chance = Random(vowel)
        return array.array(
            "h", (round(chance.uniform(-0.35, 0.35) * _LOUD) for _ in range(length * 9))
        )
    base = RATE / length
    strengths = []
    for harmonic in range(1, int(4_000 / base) + 1):
        here = harmonic * base
        near = sum(math.exp(-(((here - peak) / 160) ** 2)) for peak in _FORMANTS[vowel])
        strengths.append((harmonic, 0.55 / harmonic + near))
    total = sum(strength for _, strength in strengths)
    return array.array(
        "h",
        (
            round(
                _LOUD * 1.6
                * sum(s * math.sin(math.tau * h * n / length) for h, s in strengths) / total
            )
            for n in range(length)
        ),
    )  # fmt: skip
