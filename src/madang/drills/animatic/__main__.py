"""Makes one file: the order as JSON on standard input; on standard output a line of JSON about it, then its bytes."""

import os
import sys

import msgspec

from madang.drills.animatic.film import clip, still
from madang.drills.animatic.voice import speech

_NICER = 5


def main() -> None:
    """Make what is ordered. Whatever fails ends the process with a message on standard error."""
    if hasattr(os, "nice"):
        os.nice(_NICER)  # who serves requests on this machine goes first
    order = msgspec.json.decode(sys.stdin.buffer.read())
    facts: dict[str, object] = {}
    match order.pop("make"):
        case "clip":
            data = clip(**order)
        case "still":
            data = still(**order)
        case "speech":
            spoken = speech(**order)
            data = spoken.audio
            facts = {
                "engine": spoken.engine,
                "duration_ms": spoken.duration_ms,
                "timing": spoken.timing,
            }
        case other:
            raise SystemExit(f"nobody makes {other!r} here")
    sys.stdout.buffer.write(msgspec.json.encode(facts) + b"\n" + data)


if __name__ == "__main__":
    main()
