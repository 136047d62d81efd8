"""What a technical check finds: each finding names its shot. No I/O."""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

What = Literal[
    "black",
    "frozen",
    "silence",
    "silent_line",
    "loudness",
    "peaks",
    "duration",
    "streams",
    "order",
    "captions",
    "pace",
    "changed",
]

REMARKS: Final = frozenset({"pace", "changed"})
"""What is said and does not block: captions too fast to read, a clip that was slowed down or cropped."""


class Finding(Struct, frozen=True, kw_only=True):
    """Something that is wrong, or worth knowing. `shot` None: the film as a whole."""

    what: What
    words: str
    shot: str | None = None
    at_ms: int = 0

    @property
    def blocks(self) -> bool:
        """Whether the film must not leave the house like this."""
        return self.what not in REMARKS


def told(findings: Sequence[Finding], most: int = 12) -> str:
    """The blocking ones in a sentence each, by shot."""
    blocking = [finding for finding in findings if finding.blocks]
    lines = [
        f"{f'shot {finding.shot}' if finding.shot else 'the film'}: {finding.words}"
        for finding in blocking[:most]
    ]
    if len(blocking) > most:
        lines.append(f"and {len(blocking) - most} more")
    return "; ".join(lines)
