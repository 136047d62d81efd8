"""Files in a bucket of S3, Google, Azure, or what speaks like them. Imported only where one is configured.

Rules: nothing is kept in memory but the pieces under way, and a bucket that does not answer is given
up in half a minute: whoever waits for a file waits on, and the file's job asks again.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import from_url

from madang.errors import NotFound, StoreUnavailable

_STEP_BYTES: Final = 1024 * 1024
_PART_BYTES: Final = 8 * 1024 * 1024
_FOLDER: Final = "file://"
_PATIENCE: Final[dict[str, Any]] = {
    "retry_config": {
        "max_retries": 5,
        "retry_timeout": timedelta(seconds=20),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=4),
            "base": 2,
        },
    },
}
"""The library's own patience is three minutes. What it asks with is left to the environment (`AWS_ALLOW_HTTP`)."""


class Bucket:
    """Files below a URL such as `s3://bucket/prefix`, with the credentials of the environment."""

    def __init__(self, url: str) -> None:
        patience = {} if url.startswith(_FOLDER) else _PATIENCE
        try:
            self._store = from_url(url, **patience)
        except (BaseError, ValueError) as error:
            raise StoreUnavailable("`media.store` is no bucket that can be used.") from error

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> int:
        """Keep a file."""
        size = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for piece in pieces:
                size += len(piece)
                yield piece

        try:
            await obstore.put_async(self._store, name, counted(), chunk_size=_PART_BYTES)
        except (BaseError, FileNotFoundError) as error:
            raise StoreUnavailable(
                f"A file cannot be kept in the bucket: {_said(error)}"
            ) from error
        return size

    async def read(self, name: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """A part of a file, in pieces."""
        while start < end:
            upto = min(end, start + _STEP_BYTES)
            try:
                piece = await obstore.get_range_async(self._store, name, start=start, end=upto)
            except (NotFoundError, FileNotFoundError):
                raise NotFound("This file is not there any more.") from None
            except BaseError as error:
                raise StoreUnavailable(f"A file cannot be read: {_said(error)}") from error
            start = upto
            yield bytes(piece)

    async def drop(self, names: list[str]) -> None:
        """Forget files."""
        for name in names:
            try:
                await obstore.delete_async(self._store, name)
            except (NotFoundError, FileNotFoundError):
                continue
            except BaseError as error:
                raise StoreUnavailable(f"A file cannot be removed: {_said(error)}") from error

    def path(self, _name: str) -> Path | None:
        """It lies somewhere else."""
        return None


def _said(error: BaseException) -> str:
    """What went wrong, by its kind: the message may hold addresses that were signed."""
    match error:
        case PermissionDeniedError():
            return "the bucket refuses the credentials of the environment."
        case UnauthenticatedError():
            return "the bucket wants credentials, and the environment has none that it takes."
        case NotFoundError() | FileNotFoundError():
            return "there is no such bucket, or not with this access key."
        case _:
            return f"the bucket does not answer as one should ({type(error).__name__})."
