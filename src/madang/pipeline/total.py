"""What several answers have used, told as one."""

from typing import Final

from msgspec.structs import replace

from madang.model import Attempt, Event, Usage, UsageSeen
from madang.wire.contract import StreamWriter

_FIGURES: Final = (
    *("input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning"),
    *("audio_input", "audio_output"),
)


class Totalled:
    """A writer that tells the usage of its stream together with what was used before."""

    def __init__(self, writer: StreamWriter, before: Usage) -> None:
        self._writer = writer
        self._before = before

    def feed(self, event: Event) -> bytes:
        """The bytes for one event, possibly none."""
        if isinstance(event, UsageSeen):
            event = UsageSeen(total(self._before, event.usage))
        return self._writer.feed(event)


def total(one: Usage, other: Usage) -> Usage:
    """The figures of both; the tier of the latter."""
    figures = {name: getattr(one, name) + getattr(other, name) for name in _FIGURES}
    units = {
        name: one.units.get(name, 0) + other.units.get(name, 0) for name in one.units | other.units
    }
    return replace(other, **figures, units=units, estimated=one.estimated or other.estimated)


def used_by(row: Attempt) -> Usage:
    """What an attempt has used, as its row has it."""
    figures = {name: getattr(row, f"{name}_tokens") for name in _FIGURES}
    return Usage(**figures, units=row.units, estimated=row.estimated)
