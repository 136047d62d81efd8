"""A wall clock that tests set, in a gateway of its own process."""

import mmap
import os
import struct
from pathlib import Path

_CUSTOM = """
import mmap, struct, time
_now, _now_ns = time.time, time.time_ns
with open({path!r}, "r+b") as opened:
    _shift = mmap.mmap(opened.fileno(), 8)
time.time_ns = lambda: _now_ns() + struct.unpack("<q", _shift[:8])[0]
time.time = lambda: _now() + struct.unpack("<q", _shift[:8])[0] / 1e9
"""


class Clock:
    """Interpreters that are started with `path` as their PYTHONPATH have a clock that goes wrong when told."""

    def __init__(self, folder: Path) -> None:
        file = folder / "shift"
        file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self._shift = mmap.mmap(opened.fileno(), 8)
        (folder / "sitecustomize.py").write_text(_CUSTOM.format(path=str(file)))
        self.path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))

    def goes_wrong_by(self, seconds: int) -> None:
        """From now on; before it is always right."""
        self._shift[:8] = struct.pack("<q", seconds * 10**9)
