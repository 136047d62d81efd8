"""fal's list of requests, as its administration has it: `GET /models/requests/by-endpoint`.

Shapes as in https://fal.ai/docs/platform-apis/v1/models/requests/by-endpoint (read in November 2026).
Only `request_id`, `endpoint_id`, `started_at` and `sent_at` are always there. What waits in the queue
is not listed: its documentation does not promise it.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from madang.drills.simulator.media.desk import Desk, Job
from madang.drills.simulator.media.records import Ask, Reply, told
from madang.drills.simulator.records import Refused

_DAY_S = 86_400.0
_USUAL, _MOST = 50, 100
_STATUSES: Mapping[str, Callable[[int], bool]] = {
    "success": lambda status: 200 <= status < 400,
    "user_error": lambda status: 400 <= status < 500,
    "error": lambda status: status >= 500,
}


async def history(ask: Ask, desk: Desk) -> Reply:
    """A page of the requests of some endpoints, what ended last first."""
    wanted = {name for name in ask.query.get("endpoint_id", "").split(",") if name}
    if not wanted:
        raise Refused("invalid", "endpoint_id: Required")
    limit, page = ask.query.get("limit", str(_USUAL)), _page(ask.query.get("cursor"))
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
        raise Refused("invalid", "limit is 1 to 100")
    jobs = sorted(_listed(ask, desk, wanted), key=lambda job: job.ends_s, reverse=True)
    start = (page - 1) * int(limit)
    has_more = start + int(limit) < len(jobs)
    payloads = "payloads" in ask.query.get("expand", "").split(",")
    return told(
        {
            "items": [
                _shown(job, desk.now_s(), payloads=payloads)
                for job in jobs[start : start + int(limit)]
            ],
            "next_cursor": b64encode(b"%d" % (page + 1)).decode() if has_more else None,
            "has_more": has_more,
        }
    )


def _listed(ask: Ask, desk: Desk, wanted: set[str]) -> Iterator[Job]:
    now_s = desk.now_s()
    start_s = _moment(ask.query.get("start"), now_s - _DAY_S)
    end_s = _moment(ask.query.get("end"), now_s + 1)
    fits = _STATUSES.get(ask.query.get("status", ""))
    for job in desk.jobs.values():
        is_there = job.order.model in wanted and job.starts_s <= now_s
        is_fit = fits is None or fits(_status(job, now_s) or 0)
        if is_there and start_s <= job.at_s < end_s and is_fit:
            yield job


def _shown(job: Job, now_s: float, *, payloads: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "request_id": job.id,
        "endpoint_id": job.order.model,
        "sent_at": _told(job.at_s),
        "started_at": _told(job.starts_s),
    }
    status = _status(job, now_s)
    if status is not None:
        out |= {"ended_at": _told(job.ends_s), "status_code": status}
        out["duration"] = round(job.ends_s - job.starts_s, 3)
    if payloads:
        out["json_input"] = job.order.extra["input"]
    return out


def _status(job: Job, now_s: float) -> int | None:
    match job.state(now_s):
        case "queued" | "running":
            return None
        case "succeeded":
            return 200
        case "blocked":
            return 422
        case "cancelled":
            return 499
        case _:
            return 422 if "detail" in job.extra else 500


def _page(cursor: str | None) -> int:
    try:
        return int(b64decode(cursor, validate=True)) if cursor else 1
    except (Error, ValueError) as error:
        raise Refused("invalid", "cursor is none of ours") from error


def _moment(given: str | None, otherwise_s: float) -> float:
    if given is None:
        return otherwise_s
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise Refused("invalid", "start and end are in ISO 8601") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _told(at_s: float) -> str:
    text = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
