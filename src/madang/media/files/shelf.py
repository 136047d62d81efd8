"""Where finished files are kept: a folder of this machine, or a bucket.

Rule: a file bears its name only when all of it is there. Names are ours, never a caller's.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Final, Protocol

from madang.errors import NotFound, StoreUnavailable

PIECE_BYTES: Final = 256 * 1024


class Shelf(Protocol):
    """Files by name. Every method does I/O and raises StoreUnavailable."""

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> int:
        """Keep a file; return its size in bytes. What the pieces raise is raised, and nothing is kept."""

    def read(self, name: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` until before `end`. Raises NotFound."""

    async def drop(self, names: list[str]) -> None:
        """Forget files; those that are not there do not matter."""

    def path(self, name: str) -> Path | None:
        """Where a file lies on this machine; None: somewhere else."""


class Folder:
    """Files in a folder, which is made when the first is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> int:
        """Keep a file."""
        path = self._folder / name
        coming = path.with_name(f".{name}.{os.getpid()}.part")
        size = 0
        try:
            fd = await asyncio.to_thread(self._create, coming)
            try:
                async for piece in pieces:
                    size += len(piece)
                    await asyncio.to_thread(_write, fd, piece)
                await asyncio.to_thread(os.fsync, fd)
            finally:
                os.close(fd)
            coming.replace(path)
        except OSError as error:
            raise StoreUnavailable(f"A file cannot be kept in {self._folder}: {error}.") from error
        finally:
            coming.unlink(missing_ok=True)
        return size

    async def read(self, name: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """A part of a file, in pieces."""
        try:
            fd = await asyncio.to_thread(os.open, self._folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound("This file is not there any more.") from None
        except OSError as error:
            raise StoreUnavailable(f"A file cannot be read: {error}.") from error
        try:
            while start < end:
                piece = await asyncio.to_thread(os.pread, fd, min(PIECE_BYTES, end - start), start)
                if not piece:
                    return
                start += len(piece)
                yield piece
        finally:
            os.close(fd)

    async def drop(self, names: list[str]) -> None:
        """Forget files."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def path(self, name: str) -> Path | None:
        """Where a file lies."""
        return self._folder / name

    def _create(self, path: Path) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)


def _write(fd: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(fd, view) :]
