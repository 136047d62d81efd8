"""A clip made from a finished one: remixed, edited or gone on with, by the provider that made it.

Rule: nobody else is asked, since nobody else knows the clip, and what that provider has no way to do is
refused by name before anything is reserved.
"""

from typing import Final, cast

from madang.errors import InvalidRequest, UnsupportedFeature
from madang.media.jobs.job import Content, Job, read_job
from madang.media.kit import Kit
from madang.model import Target
from madang.model.media import Change, Source
from madang.state.jobs import StoredJob
from madang.wire.media.contract import VideoWire

_MOST_BYTES: Final = 24 * 1024 * 1024
"""The largest file that is sent inside a request."""

_DONE: Final[dict[Change, str]] = {"remix": "remixed", "edit": "edited", "extend": "extended"}


async def remade(kit: Kit, kept: StoredJob, change: Change) -> tuple[Target, Source]:
    """Who makes a clip out of this one, and what of it they need.

    Raises InvalidRequest (it is not finished), UnsupportedFeature (its maker has no such thing),
    NotFound (its file has had its time).
    """
    job = read_job(kept)
    target, content = job.target, job.content
    if target is None or content is None or job.state != "completed":
        why = "has failed" if job.is_over and job.is_closed else "is not completed yet"
        raise InvalidRequest(f"The video {why}.", param="video", code="video_not_ready")
    if target.provider not in kit.snapshot.providers:
        raise _no_way(f"`{target.provider}`, which made this video, is not configured any more.")
    remakes = cast("VideoWire", kit.wire(target, "videos")).remakes
    remake = remakes.get(change)
    if remake is None:
        can = " and ".join(_DONE[one] for one in remakes)
        said = f"Videos that `{target.provider}` made cannot be {_DONE[change]}"
        raise _no_way(f"{said}; they can be {can}." if can else f"{said}, or otherwise changed.")
    if remake.model is not None:
        named = f"{target.provider}/{remake.model}"
        target = kit.snapshot.directory.resolve(named, "videos").targets[0]
    public = kit.settings.media.public_url
    url = data = None
    if remake.wants == "address" and public is not None:
        url = f"{public.rstrip('/')}/media/{job.secret}"
    elif remake.wants != "handle":
        data = await _film(kit, content)
    return target, _source(job, content, change, (data, url))


def _source(
    job: Job, content: Content, change: Change, film: tuple[bytes | None, str | None]
) -> Source:
    length_ms = content.duration_ms
    if length_ms is None and job.seconds is not None:
        length_ms = round(float(job.seconds) * 1000)
    return Source(
        id=job.id,
        change=change,
        handle=job.handle,
        file_id=content.origin,
        mime=content.mime,
        data=film[0],
        url=film[1],
        duration_ms=length_ms,
        size=job.size,
    )


async def _film(kit: Kit, content: Content) -> bytes:
    """The file of a clip. Raises NotFound, UnsupportedFeature for one that is too large to send."""
    if content.size > _MOST_BYTES:
        raise _no_way(f"Its file has {content.size} bytes, and at most {_MOST_BYTES} can be sent.")
    return b"".join([piece async for piece in kit.shelf.read(content.file, 0, content.size)])


def _no_way(why: str) -> UnsupportedFeature:
    return UnsupportedFeature(why, param="video")
