"""Spoken lines: by espeak-ng where this machine has it, else hummed (`hum`). It says which.

espeak-ng is run as a program of its own. It gives no times of words, so a text is spoken phrase by phrase:
times are exact where phrases begin and end, and shared out by letters between.
"""

import re
import subprocess
import wave
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from madang.drills.animatic.hum import RATE, Heard, hum
from madang.drills.animatic.programs import EXACT, espeak, ffmpeg
from madang.drills.animatic.voices import Voice, voice_for

ESPEAK = "espeak-ng"
HUM = "hum"
RATE_HZ = 24_000
"""What every answer is sampled at; `pcm` is mono, 16 bits, little-endian."""

_PHRASE = re.compile(
    r"[^,.;:!?\u2026。、\uff0c\uff01\uff1f\uff1b\uff1a\n]+[,.;:!?\u2026。、\uff0c\uff01\uff1f\uff1b\uff1a\s]*"
)
_WORDS_PER_MIN = 168
_GAP_S = 0.12
_LONG_GAP_S = 0.26
_HURRY = {"zh": 1.25, "ko": 1.08}
_LANGUAGES = {"zh": "cmn", "en": "en-us", "no": "nb"}
_PITCH = {("female", "child"): 78, ("female", "young"): 58, ("female", "adult"): 52, ("female", "old"): 40,
          ("male", "child"): 82, ("male", "young"): 52, ("male", "adult"): 42, ("male", "old"): 30}  # fmt: skip
_UNREAD = {0x5B: " ", 0x5D: " "}
"""Square brackets: what stands between two of each espeak-ng would take for names of sounds."""

_HAN = re.compile(r"[\u4e00-\u9fff]")
_ENCODERS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-f", "mp3"),
    "opus": ("-c:a", "libopus", "-f", "ogg"),
    "aac": ("-c:a", "aac", "-f", "adts"),
    "flac": ("-c:a", "flac", "-f", "flac"),
    "wav": ("-c:a", "pcm_s16le", "-f", "wav"),
    "pcm": ("-c:a", "pcm_s16le", "-f", "s16le"),
}


class Spoken(NamedTuple):
    """A spoken text. `engine` is `espeak-ng`, or `hum` where that is missing or lacks the language."""

    audio: bytes
    engine: str
    duration_ms: int
    timing: list[Heard]


def speech(
    text: str,
    *,
    voice: str = "alloy",
    kind: str = "mp3",
    language: str | None = None,
    instructions: str | None = None,
    speed: float = 1.0,
) -> Spoken:
    """A text spoken. `kind`: mp3, opus, aac, flac, wav or pcm. The same text gives the same bytes on one machine."""
    chosen = voice_for(voice, text, language=language, instructions=instructions, speed=speed)
    engine, samples, rate, timing = _said(text, chosen)
    audio = _encoded(samples, rate, kind)
    return Spoken(audio, engine, len(samples) * 500 // rate, timing)


def _encoded(samples: bytes, rate: int, kind: str) -> bytes:
    """Into a file, not a pipe: formats that tell their length write it when they know it, into their head."""
    given = ["-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "-"]
    made = ["-ar", str(RATE_HZ), "-ac", "1", *_ENCODERS[kind], *EXACT]
    with TemporaryDirectory(prefix="madang-voice-") as folder:
        target = Path(folder, "voice")
        command = [ffmpeg(), "-v", "error", *given, *made, str(target)]
        done = subprocess.run(command, input=samples, capture_output=True, check=False)  # noqa: S603 - our own
        if done.returncode:
            raise RuntimeError(f"ffmpeg failed: {done.stderr[-500:].decode('utf-8', 'replace')}")
        return target.read_bytes()


def _said(text: str, voice: Voice) -> tuple[str, bytes, int, list[Heard]]:
    program = espeak()
    # espeak-ng has no readings for Han in Japanese: it would spell out "Chinese letter"
    readable = not (voice.language == "ja" and _HAN.search(text))
    if program and readable:
        spoken = _phrases(program, text, voice)
        if spoken is not None:
            return ESPEAK, *spoken
    samples, timing = hum(text, voice)
    return HUM, samples, RATE, timing


def _phrases(program: str, text: str, voice: Voice) -> tuple[bytes, int, list[Heard]] | None:
    """Samples, their rate, and times; None where espeak-ng does not know the language or says nothing."""
    samples, rate, timing = b"", RATE, list[Heard]()
    for phrase in _PHRASE.findall(text):
        if not any(map(str.isalnum, phrase)):
            continue
        spoken = _espeak(program, phrase, voice)
        if spoken is None:
            return None
        piece, rate = spoken
        begins = len(samples) // 2 * 1_000 // rate
        samples += piece
        timing += _shared(phrase, begins, len(samples) // 2 * 1_000 // rate)
        gap = _GAP_S if phrase.rstrip()[-1:] in ",;、\uff0c\uff1b" else _LONG_GAP_S
        samples += bytes(2 * round(gap * rate / voice.pace))
    return (samples, rate, timing) if samples else None


def _espeak(program: str, text: str, voice: Voice) -> tuple[bytes, int] | None:
    manner = voice.manner
    letter, variants = ("f", 4) if voice.gender == "female" else ("m", 7)
    variant = "whisper" if manner.breath else f"{letter}{voice.shade % variants + 1}"
    named = f"{_LANGUAGES.get(voice.language, voice.language)}+{variant}"
    aged = 0.86 if voice.age == "old" else 1.0
    pace = _WORDS_PER_MIN * voice.pace * manner.pace * aged * _HURRY.get(voice.language, 1.0)
    pitch = _PITCH[(voice.gender, voice.age)] + manner.pitch * 4 + (voice.shade - 50) / 12
    asked = {"-s": max(80, min(450, pace)), "-p": max(0, min(99, pitch)), "-a": 100 * manner.loud}
    figures = [word for name, value in asked.items() for word in (name, str(round(value)))]
    command = [program, "-b", "1", "-v", named, *figures, "--stdin", "--stdout"]
    read = text.translate(_UNREAD)
    done = subprocess.run(command, input=read.encode(), capture_output=True, check=False)  # noqa: S603 - our own
    if done.returncode or len(done.stdout) < 100:
        return None
    with wave.open(BytesIO(_sized(done.stdout))) as sound:
        return _trimmed(sound.readframes(sound.getnframes())), sound.getframerate()


def _sized(wav: bytes) -> bytes:
    """The file with its true length: written to a pipe, its header cannot know it."""
    return wav[:40] + (len(wav) - 44).to_bytes(4, "little") + wav[44:]


def _trimmed(samples: bytes) -> bytes:
    """Without the silence at both ends."""
    kept = samples.strip(b"\0")
    start = samples.find(kept) // 2 * 2 if kept else 0
    return samples[start : start + (len(kept) + 1) // 2 * 2]


def _shared(phrase: str, start_ms: int, end_ms: int) -> list[Heard]:
    words = [word for word in phrase.split() if any(map(str.isalnum, word))]
    letters = sum(map(len, words)) or 1
    out, done = [], 0
    for word in words:
        begins = start_ms + (end_ms - start_ms) * done // letters
        done += len(word)
        out.append(Heard(word, begins, start_ms + (end_ms - start_ms) * done // letters))
    return out
