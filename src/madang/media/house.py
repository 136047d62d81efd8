"""Media as a process serves them: built once, configured whenever the settings change."""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

from madang.config.settings import Model, Settings
from madang.errors import NotFound
from madang.keys import Keyring
from madang.media.again import Again
from madang.media.crew import Crew
from madang.media.job import Content, Job
from madang.media.kit import Kit
from madang.media.making import Maker
from madang.media.naming import Names
from madang.media.shelf import Folder, Shelf
from madang.media.thumbnails import find_ffmpeg, make_thumbnail
from madang.pipeline import Pipeline, Snapshot
from madang.state.jobs import MediaJobs
from madang.state.store import Store


class House:
    """The parts of this room, joined."""

    def __init__(
        self, pipeline: Pipeline, store: Store, keyring: Keyring, settings: Settings
    ) -> None:
        snapshot = pipeline.snapshot
        self._home = store.home
        names = Names(settings.models, snapshot.catalog, snapshot.providers)
        self.kit = Kit(
            pipeline, MediaJobs(store), settings, names, shelf_of(settings.media.store, self._home)
        )
        self.crew = Crew(self.kit, store, keyring, self._home)
        self.maker = Maker(self.kit)
        kept = settings.idempotency
        self.again = Again(store, secrets.token_hex(8), kept.keep_h, kept.max_mb * 1024 * 1024)
        self._making = asyncio.Lock()

    def configure(self, settings: Settings, snapshot: Snapshot) -> None:
        """Put other settings in force."""
        kit = self.kit
        if settings.media.store != kit.settings.media.store:
            kit.shelf = shelf_of(settings.media.store, self._home)
        kit.settings = settings
        kit.names = Names(settings.models, snapshot.catalog, snapshot.providers)

    async def start(self, worker: int) -> None:
        """Take up what earlier processes have left."""
        await self.crew.start(worker)

    async def stop(self) -> None:
        """Let what is under way come to a good end."""
        await self.again.stop()
        await self.crew.stop()

    async def thumbnail(self, job: Job, content: Content) -> tuple[str, str, int]:
        """The name, type and size of a clip's picture. Raises NotFound where there is none and none can be made."""
        shelf = self.kit.shelf
        if content.thumbnail is not None:
            path = shelf.path(content.thumbnail)
            if path is not None and path.exists():
                return content.thumbnail, content.thumbnail_mime, path.stat().st_size
        name = f"{job.id}.made.jpg"
        clip, picture = shelf.path(content.file), shelf.path(name)
        if clip is None or picture is None:
            raise _no_thumbnail("its files are not on this machine")
        async with self._making:
            if not picture.exists():
                program = await asyncio.to_thread(find_ffmpeg)
                if program is None:
                    raise _no_thumbnail("this machine has no ffmpeg to make one")
                if not await make_thumbnail(program, clip, picture):
                    raise _no_thumbnail("ffmpeg could not make one of it")
        return name, "image/jpeg", picture.stat().st_size


def shelf_of(store: str, home: Path) -> Shelf:
    """Where files are kept, by the setting `media.store`."""
    return Folder(home / "media" / "files" if store == "files" else Path(store).expanduser())


def text_models(models: Mapping[str, Model], names: Names) -> dict[str, Model]:
    """The configured models that do not make media."""
    return {name: model for name, model in models.items() if not names.makes_media(model)}


def _no_thumbnail(why: str) -> NotFound:
    return NotFound(
        f"This video has no thumbnail: its provider made none, and {why}.", code="no_thumbnail"
    )
