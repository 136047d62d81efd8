"""A finished clip is brought home before anybody hears that it is finished: its provider's address soon dies.

Rule: what a file is called and what it is said to be is ours: of what the provider says only a known
type is taken over, and a page or a document in place of a film is none.
"""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urljoin

from madang.errors import ProviderBroken, ProviderFailed
from madang.media.calling import open_call
from madang.media.files.shelf import Shelf
from madang.media.jobs.job import Content
from madang.model.media import Clip
from madang.upstream.providers import Provider
from madang.upstream.transport import Incoming, Transport
from madang.wire.media.contract import Outgoing

_MOST_HOPS: Final = 3
_EXTENSIONS: Final = {
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "image/png": "png",
    "image/webp": "webp",
    "image/jpeg": "jpg",
}
_NO_FILM: Final = ("text/", "application/json", "application/xml", "application/xhtml")
"""What a provider's error page calls itself, whatever its status."""


class Fetcher:
    """Brings files of one provider to the shelf. `key` is the number of the key that the job was ordered with."""

    def __init__(
        self,
        transport: Transport,
        shelf: Shelf,
        provider: Provider,
        key: int | None,
        most_bytes: int,
    ) -> None:
        self._transport = transport
        self._shelf = shelf
        self._provider = provider
        self._key = key
        self._most_bytes = most_bytes

    async def keep(self, job_id: str, clips: tuple[Clip, ...]) -> Content:
        """Keep the clip, and the picture of it that its provider may have. Raises ProviderError, StoreUnavailable."""
        clip = next((one for one in clips if not _mime(one).startswith("image/")), None)
        if clip is None:
            raise ProviderBroken(f"{self._provider.name} says that the clip is done, and has none")
        mime = _known(clip, "video/mp4")
        file = f"{job_id}.{_EXTENSIONS[mime]}"
        size = await self._shelf.put(file, self._pieces(clip))
        if size == 0:
            await self._shelf.drop([file])
            raise ProviderBroken(f"{self._provider.name} gave an empty clip")
        picture = next((one for one in clips if _mime(one).startswith("image/")), None)
        looks = _known(picture, "image/jpeg") if picture is not None else "image/jpeg"
        thumbnail = f"{job_id}.thumbnail.{_EXTENSIONS[looks]}" if picture is not None else None
        picture_size = 0
        if picture is not None and thumbnail is not None:
            try:
                picture_size = await self._shelf.put(thumbnail, self._pieces(picture))
                thumbnail = thumbnail if picture_size else None
            except (
                ProviderFailed,
                ProviderBroken,
            ):  # it is only a picture of it, and one can be made
                thumbnail = None
        return Content(
            file=file,
            mime=mime,
            size=size,
            duration_ms=clip.duration_ms,
            thumbnail=thumbnail,
            thumbnail_mime=looks,
            thumbnail_size=picture_size,
            origin=clip.id,
        )

    async def _pieces(self, clip: Clip) -> AsyncIterator[bytes]:
        if clip.data is not None:
            self._bound(len(clip.data))
            yield clip.data
            return
        url, keyed = clip.url or "", clip.keyed
        for _ in range(_MOST_HOPS + 1):
            outgoing = Outgoing(method="GET", path=url, keyed=keyed)
            incoming = await open_call(self._transport, self._provider, outgoing, self._key)
            try:
                if incoming.status in (301, 302, 303, 307, 308):
                    url, keyed = self._next(url, incoming), False
                    continue
                if incoming.status != 200:
                    raise ProviderFailed(
                        f"{self._provider.name} answered {incoming.status} for the file of a finished job",
                        upstream_status=incoming.status,
                    )
                kind = incoming.headers.get(b"content-type", b"").decode("latin-1").lower()
                if kind.startswith(_NO_FILM):
                    raise ProviderFailed(
                        f"{self._provider.name} sent {kind.partition(';')[0]} in place of a file"
                    )
                size = 0
                while piece := await incoming.next():
                    size += len(piece)
                    self._bound(size)
                    yield piece
                return
            finally:
                incoming.close()
        raise ProviderFailed(
            f"{self._provider.name} sends from one address to the next for its file"
        )

    def _bound(self, size: int) -> None:
        if size > self._most_bytes:
            raise ProviderBroken(
                f"the clip is larger than {self._most_bytes} bytes (`media.max_mb`)"
            )

    def _next(self, url: str, incoming: Incoming) -> str:
        """Where a redirection leads, which may be told relative to where it was met."""
        provider = self._provider
        here = f"{provider.origin.scheme}://{provider.origin.authority}{provider.prefix}"
        found = url if url.startswith(("http://", "https://")) else f"{here}{url}"
        try:
            return urljoin(found, incoming.headers.get(b"location", b"").decode("latin-1"))
        except ValueError as error:
            raise ProviderBroken(f"{provider.name} gave an address that is none") from error


def _mime(clip: Clip) -> str:
    return clip.mime.partition(";")[0].strip().lower()


def _known(clip: Clip, otherwise: str) -> str:
    """What the provider says that a file is, if that is one of the types that are passed on."""
    said = _mime(clip)
    return said if said in _EXTENSIONS else otherwise
