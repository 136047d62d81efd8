"""`python -m madang.drills.reference [FILE]`: measure, print the report, and write it to a file where one is named."""

import asyncio
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from madang.drills.reference import batch, migration, mixes, pacing
from madang.drills.reference.page import page


def main(arguments: Sequence[str]) -> int:
    """The exit status, which is 0: it measures, and the report says what does not reproduce."""
    parts = [
        asyncio.run(pacing.measure()),
        asyncio.run(migration.measure()),
        mixes.measure(),
        asyncio.run(batch.measure()),
    ]
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}"
    facts = f"{datetime.now(UTC):%Y-%m-%d}, {machine}."
    told = page(parts, facts)
    sys.stdout.write(told)
    for file in arguments:
        Path(file).write_text(told, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
