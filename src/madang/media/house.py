"""Media as a process serves them: built once, configured whenever the settings change."""

import asyncio
import importlib
import secrets
from pathlib import Path
from typing import Final

from madang.config.settings import Settings
from madang.errors import NotFound
from madang.keys import Keyring
from madang.media.again import Again
from madang.media.files.shelf import Folder, Shelf
from madang.media.files.thumbnails import find_ffmpeg, make_thumbnail
from madang.media.jobs.crew import Crew
from madang.media.jobs.hearing import Ear
from madang.media.jobs.job import Content, Job
from madang.media.kit import Kit
from madang.media.making import Maker
from madang.pipeline import Pipeline
from madang.state.jobs import MediaJobs
from madang.state.store import Store
from madang.upstream.public import Private

_BUCKET: Final = "madang.media.files.bucket"
"""Imported only where a bucket is configured: it brings a library of 7 MB."""


class House:
    """The parts of this room, joined."""

    def __init__(
        self, pipeline: Pipeline, store: Store, keyring: Keyring, settings: Settings
    ) -> None:
        self._home = store.home
        self.kit = Kit(
            pipeline, MediaJobs(store), settings, shelf_of(settings.media.store, self._home)
        )
        self.crew = Crew(self.kit, store, keyring, self._home)
        self.maker = Maker(self.kit)
        self.ear = Ear(self.kit, self.kit.jobs)
        kept = settings.idempotency
        self.again = Again(store, secrets.token_hex(8), kept.keep_h, kept.max_mb * 1024 * 1024)
        self._making = asyncio.Lock()
        self._open_to(settings)

    def configure(self, settings: Settings) -> None:
        """Put other settings in force."""
        kit = self.kit
        if settings.media.store != kit.settings.media.store:
            kit.shelf = shelf_of(settings.media.store, self._home)
        kit.settings = settings
        self._open_to(settings)

    def _open_to(self, settings: Settings) -> None:
        """Say where makers may send for their files beside the public Internet."""
        self.kit.pipeline.transport.allow_private(Private.of(settings.media.allow_private))

    async def start(self, worker: int) -> None:
        """Take up what earlier processes have left."""
        await self.crew.start(worker)

    async def stop(self) -> None:
        """Let what is under way come to a good end."""
        await self.again.stop()
        await self.crew.stop()

    async def thumbnail(
        self, job: Job, content: Content, *, jpeg: bool = False
    ) -> tuple[str, str, int]:
        """The name, type and size of a clip's picture; `jpeg`: one of that type, if there is any way to it.

        Raises NotFound where there is none and none can be made.
        """
        given = content.thumbnail
        if given is not None and not (jpeg and content.thumbnail_mime != "image/jpeg"):
            return given, content.thumbnail_mime, content.thumbnail_size
        try:
            return await self._made(job, content)
        except NotFound:
            if given is None:
                raise
            return given, content.thumbnail_mime, content.thumbnail_size

    async def _made(self, job: Job, content: Content) -> tuple[str, str, int]:
        """A picture of the clip, made here when it is first asked for."""
        name = f"{job.id}.made.jpg"
        clip, picture = self.kit.shelf.path(content.file), self.kit.shelf.path(name)
        if clip is None or picture is None:
            raise _no_thumbnail("its files are not on this machine")
        async with self._making:
            size = await asyncio.to_thread(_size_of, picture)
            if not size:
                program = await asyncio.to_thread(find_ffmpeg)
                if program is None:
                    raise _no_thumbnail("this machine has no ffmpeg to make one")
                await make_thumbnail(program, clip, picture)
                size = await asyncio.to_thread(_size_of, picture)
        if not size:
            raise _no_thumbnail("ffmpeg could not make one of it")
        return name, "image/jpeg", size


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def shelf_of(store: str, home: Path) -> Shelf:
    """Where files are kept, by the setting `media.store`. Raises StoreUnavailable."""
    if "://" in store:
        bucket: Shelf = importlib.import_module(_BUCKET).Bucket(store)
        return bucket
    return Folder(home / "media" / "files" if store == "files" else Path(store).expanduser())


def _no_thumbnail(why: str) -> NotFound:
    return NotFound(
        f"This video has no thumbnail: its provider made none, and {why}.", code="no_thumbnail"
    )
