"""How long a recording is. Streamed WAV files say wrong lengths in their heads, so the file's own counts."""

import wave
from pathlib import Path
from typing import Final

from madang_studio.errors import Spoiled

_LEAST_MS: Final = 20


def duration_ms(file: Path) -> int:
    """The length of a WAV file. Raises Spoiled for what is none, or holds next to nothing."""
    try:
        with wave.open(str(file), "rb") as sound:
            rate, frame = sound.getframerate(), sound.getnchannels() * sound.getsampwidth()
            held = len(sound.readframes(sound.getnframes())) // frame
    except (wave.Error, EOFError, OSError) as error:
        raise Spoiled(f"The spoken line is no WAV file that can be read ({error}).") from error
    length = held * 1000 // rate
    if length < _LEAST_MS:
        raise Spoiled("The spoken line is silent: it holds no sound.")
    return length
