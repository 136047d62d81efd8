"""Speech as tones: each character sounds for as long as it would take to say, at a pitch of its own.

15 characters a second, and 6 of Hangul, Kana and Han, which are syllables. The timing is exact, as
it is what the sound is made of.
"""

import array
import math
import wave
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

_PACE = 15
_SYLLABLE_PACE = 6
_PITCHES = (196, 220, 247, 262, 294, 330, 349, 392)
_LOUDNESS = 9_000
_FADE_S = 0.008


class Heard(NamedTuple):
    """A stretch of text, and when it is heard in seconds."""

    text: str
    start_s: float
    end_s: float


def timed(text: str, speed: float = 1.0) -> list[Heard]:
    """When each character of a text is heard."""
    at_s, out = 0.0, []
    for character in text:
        end_s = at_s + 1 / (_pace(character) * speed)
        out.append(Heard(character, at_s, end_s))
        at_s = end_s
    return out


def words(text: str, speed: float = 1.0) -> list[Heard]:
    """When each word of a text is heard."""
    out: list[Heard] = []
    start_s, ended_s, letters = 0.0, 0.0, ""
    for each in [*timed(text, speed), Heard(" ", 0.0, 0.0)]:
        if each.text.isspace():
            if letters:
                out.append(Heard(letters, start_s, ended_s))
            letters = ""
            continue
        if not letters:
            start_s = each.start_s
        letters, ended_s = letters + each.text, each.end_s
    return out


def pcm(text: str, rate: int, speed: float = 1.0, voice: str = "") -> bytes:
    """Mono samples of 16 bits, little-endian."""
    shift = sum(voice.encode("utf-8", "surrogatepass")) % len(_PITCHES)
    parts, made = [], 0
    for each in timed(text, speed):
        count = round(each.end_s * rate) - made
        made += count
        silent = not each.text.isalnum()
        pitch = 0 if silent else _PITCHES[(ord(each.text) + shift) % len(_PITCHES)]
        parts.append(_tone(pitch, count, rate))
    return b"".join(parts)


def wav(samples: bytes, rate: int) -> bytes:
    """The samples as a WAV file."""
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return out.getvalue()


def _pace(character: str) -> int:
    code = ord(character)
    syllable = 0x3040 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3
    return _SYLLABLE_PACE if syllable else _PACE


@lru_cache(maxsize=512)
def _tone(pitch: int, count: int, rate: int) -> bytes:
    if not pitch:
        return bytes(2 * count)
    fade = max(1, min(count // 2, int(_FADE_S * rate)))
    turn = 2 * math.pi * pitch / rate
    samples = array.array(
        "h",
        (
            int(_LOUDNESS * math.sin(turn * n) * min(1.0, n / fade, (count - n) / fade))
            for n in range(count)
        ),
    )
    return samples.tobytes()
