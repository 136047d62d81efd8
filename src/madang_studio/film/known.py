"""What is known of a film before it is judged: what it was to be, and what was found in what it is made of."""

from pathlib import Path

from msgspec import Struct

from madang_studio.film.cut import Cut
from madang_studio.model.timeline import Timeline
from madang_studio.programs.loudness import Loudness


class Mix(Struct, frozen=True):
    """The mix that went into the film: what tells its packets from others, and what it measured when encoded.

    `quiet` as `Loudness.silent`.
    """

    packets: str
    lufs: float
    peak_db: float
    quiet: tuple[tuple[int, int | None], ...] = ()

    @property
    def heard(self) -> Loudness:
        """What it measured."""
        return Loudness(self.lufs, self.peak_db, self.quiet)


class Known(Struct, frozen=True, kw_only=True):
    """What a film is judged by: its timeline, its size, and of each shot, in order, what was cut."""

    timeline: Timeline
    width_px: int
    height_px: int
    cuts: tuple[Cut, ...]
    signatures: tuple[Path, ...]
    mix: Mix
    silent_lines: tuple[str, ...] = ()
