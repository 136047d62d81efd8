"""A spoken line as a WAV file, whatever came, and how long it is."""

import wave
from pathlib import Path
from typing import Final

from madang_studio.errors import InVain, StudioError
from madang_studio.programs import ffmpeg

_LEAST_MS: Final = 20
_MAGIC: Final = b"RIFF"


def as_wav(file: Path) -> int:
    """Make sure that a file is a WAV file; its length in ms. Raises InVain where it is no sound.

    Lengths in the heads of files that were streamed are wrong, so what is there is counted.
    """
    with file.open("rb") as sound:
        magic = sound.read(4)
    if magic != _MAGIC:
        _convert(file)
    try:
        length = _length_ms(file)
    except (wave.Error, EOFError):
        _convert(
            file
        )  # WAV of a sort that the library does not read: floating point, or extensible
        length = _length_ms(file)
    if length < _LEAST_MS:
        raise InVain("The spoken line is empty: it holds no sound.")
    return length


def _length_ms(file: Path) -> int:
    with wave.open(str(file), "rb") as sound:
        rate, frame = sound.getframerate(), sound.getnchannels() * sound.getsampwidth()
        return len(sound.readframes(sound.getnframes())) // frame * 1000 // rate


def _convert(file: Path) -> None:
    other = file.with_suffix(".sound")
    file.rename(other)
    try:
        ffmpeg.run(["-i", other.name, "-c:a", "pcm_s16le", file.name], file.parent)
    except StudioError as error:
        raise InVain(f"The spoken line is no sound that can be read: {error}") from error
    other.unlink()
