"""A bed of music, synthesised: soft pads, a bass, a plucked melody in a room.

Rule: the same mood, tempo and seed give the same bytes, and the end runs into the beginning: notes and
echoes that outlast the loop sound on at its start. So it is made once and repeated for any film.
"""

import math
import sys
import wave
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from operator import add
from pathlib import Path
from typing import Final, TypeAlias

from madang_studio.model.script import Music
from madang_studio.programs.disk import writing
from madang_studio.sound.harmony import BEATS, MOODS, Mood, Note, bars, compose

RATE_HZ: Final = 24_000
"""Enough for a bed: nothing in it is higher than 8 kHz."""

PEAK: Final = 0.6
"""Of full scale; the mix decides how loud it is."""

ECHOES_S: Final = (
    ((0.029, 0.30), (0.071, 0.22), (0.163, 0.16), (0.307, 0.10)),
    ((0.037, 0.30), (0.083, 0.22), (0.149, 0.16), (0.331, 0.10)),
)
"""The room, left and right: delays with their strengths. Different sides make it wide."""

Track: TypeAlias = "array[float]"
"""Samples; in quotes as Python 3.11 has no `array[…]`."""


def make_loop(music: Music, seed: int, path: Path) -> int:
    """Write a loop as WAV, stereo, 16 bit; its length in ms. Raises NoRoom."""
    mood = MOODS[music.mood]
    count = bars(music.tempo_bpm)
    beat = round(RATE_HZ * 60 / music.tempo_bpm)
    dry = _played(compose(mood, count, seed), mood, beat, count * BEATS * beat)
    sides = [_in_room(dry, echoes) for echoes in ECHOES_S]
    loudest = max(max(map(abs, side)) for side in sides) or 1.0
    samples = array("h", bytes(4 * len(dry)))
    for at, side in enumerate(sides):
        scale = PEAK * 32767 / loudest
        samples[at::2] = array("h", [int(value * scale) for value in side])
    if sys.byteorder == "big":
        samples.byteswap()
    with writing(path), wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return len(dry) * 1000 // RATE_HZ


def _played(notes: Sequence[Note], mood: Mood, beat: int, length: int) -> Track:
    """All notes in one track, as a ring."""
    track = array("f", bytes(4 * length))
    sounds: dict[str, Callable[[float, int, float], Track]] = {
        "pad": _pad,
        "bass": _bass,
        "melody": partial(_pluck, brightness=mood.brightness),
    }
    known: dict[tuple[str, int, float, float], Track] = {}
    for note in notes:
        which = (note.part, note.pitch, note.length, round(note.strength, 1))
        if which not in known:
            hertz = 440 * 2 ** ((note.pitch - 69) / 12)
            known[which] = sounds[note.part](hertz, round(note.length * beat), which[3])
        _lay(track, known[which], round(note.start * beat))
    return track


def _lay(track: Track, sound: Track, start: int) -> None:
    """Add a sound to a ring; what goes over its end comes in at the beginning."""
    start %= len(track)
    room = len(track) - start
    head, rest = sound[:room], sound[room:]
    track[start : start + len(head)] = array("f", map(add, track[start : start + len(head)], head))
    if rest:
        _lay(track, rest, 0)


def _pad(hertz: float, length: int, strength: float) -> Track:
    """Slowly in, slowly out into the next chord; two strings a little apart."""
    total, attack = length + RATE_HZ // 2, RATE_HZ * 6 // 10
    low, high = (2 * math.pi * hertz * tune / RATE_HZ for tune in (0.9985, 1.0015))
    sin = math.sin
    tone = [
        sin(low * at) + sin(high * at) + 0.35 * sin(2 * low * at) + 0.12 * sin(3 * high * at)
        for at in range(total)
    ]
    return _shaped(tone, 0.055 * strength, attack, RATE_HZ * 8 // 10)


def _bass(hertz: float, length: int, strength: float) -> Track:
    step, sin = 2 * math.pi * hertz / RATE_HZ, math.sin
    tone = [sin(step * at) + 0.25 * sin(2 * step * at) for at in range(length)]
    return _shaped(tone, 0.16 * strength, RATE_HZ // 40, length // 2)


def _pluck(hertz: float, length: int, strength: float, brightness: float) -> Track:
    """Struck and left to sound; the upper partials die first."""
    step, fade = 2 * math.pi * hertz / RATE_HZ, -3.2 / length
    sin, exp = math.sin, math.exp
    tone = [
        exp(fade * at) * sin(step * at)
        + brightness * exp(2.5 * fade * at) * (0.5 * sin(2 * step * at) + 0.2 * sin(4 * step * at))
        for at in range(length)
    ]
    return _shaped(tone, 0.20 * strength, RATE_HZ // 100, length // 4)


def _shaped(tone: list[float], level: float, attack: int, release: int) -> Track:
    """A tone from and to nothing, by half a cosine each."""
    length = len(tone)
    for at in range(min(attack, length)):
        tone[at] *= 0.5 - 0.5 * math.cos(math.pi * at / attack)
    for at in range(min(release, length)):
        tone[length - 1 - at] *= 0.5 - 0.5 * math.cos(math.pi * at / release)
    return array("f", [level * value for value in tone])


def _in_room(dry: Track, echoes: Sequence[tuple[float, float]]) -> list[float]:
    turned = []
    for delay_s, _ in echoes:
        by = round(delay_s * RATE_HZ) % len(dry)
        turned.append(dry[-by:] + dry[:-by])
    a, b, c, d = (strength for _, strength in echoes)
    together = zip(dry, *turned, strict=True)
    return [
        now + a * one + b * two + c * three + d * four for now, one, two, three, four in together
    ]
