"""Where the addresses lead that providers give for finished files: `/files/<provider>/<job>.mp4?expires=…`.

They stand on the simulator's own host, as a bucket of the provider's would, and refuse as buckets
do: 403 once they have expired, 401 without the key where the key is needed.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from madang.drills.simulator.media.desk import Desk, Job
from madang.drills.simulator.media.records import Ask, Reply, raw
from madang.drills.simulator.records import Refused

PATH = re.compile(r"/files/(?P<provider>[\w-]+)/(?P<id>[\w-]+)\.(?P<kind>mp4|png)$")

_EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
)


def address(base: str, desk: Desk, job: Job, from_s: float | None = None, kind: str = "mp4") -> str:
    """The address of a job's file below `base`, good for the provider's time from `from_s` or the job's end on."""
    ends_s = desk.url_ends_s(job, from_s)
    query = "" if ends_s is None else "?" + urlencode({"expires": f"{ends_s:.6f}"})
    return f"{base}/files/{desk.name}/{job.id}.{kind}{query}"


async def give(ask: Ask, desk: Desk) -> Reply:
    """The file of a job that has ended well."""
    job = desk.job(ask.named["id"])
    forever = desk.url_ends_s(job) is None
    ends_s = None if forever else _expires_s(ask.query)
    return await file_of(desk, job, ask.named["kind"], ask.key, ends_s)


async def file_of(desk: Desk, job: Job, kind: str, key: str, ends_s: float | None) -> Reply:
    """A file of a job: mp4, or png for its last frame. Raises Refused."""
    if desk.keyed(job) and not key:
        raise Refused("no_key", "The file needs the key.")
    if job.state(desk.now_s()) != "succeeded":
        raise Refused("not_found", "There is no such file.")
    if ends_s is not None and desk.now_s() >= ends_s:
        return Reply(403, [(b"content-type", b"application/xml")], _EXPIRED)
    shot, full_size = job.order.shot, desk.profile.full_size
    if kind == "png":
        return raw(await desk.workshop.last_frame(shot, full_size=full_size), "image/png")
    return raw(await desk.workshop.clip(shot, full_size=full_size), "video/mp4")


def _expires_s(query: Mapping[str, str]) -> float:
    """What the address says; an address that says nothing has never been good."""
    try:
        return float(query.get("expires", "0"))
    except ValueError:
        return 0.0
