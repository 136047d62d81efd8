"""The media part of the simulator's own door: `/__sim/media`, its settings, traps, and book."""

from dataclasses import asdict
from typing import Any

import msgspec
from msgspec import json

from madang.drills.simulator.media.side import MediaSide
from madang.drills.simulator.media.traps import Trap
from madang.drills.simulator.records import Json


def control(method: str, path: str, body: bytes, media: MediaSide) -> tuple[int, bytes]:
    """Status and JSON of a control request; `path` is what follows `/__sim/media`.

    GET "": settings and traps. PUT "": change settings (of `providers` those that are named) and, with
    `traps`, set all of them anew. GET or DELETE "book": what was accepted and charged.
    """
    match method, path:
        case "GET", "":
            return _ok(_told(media))
        case "PUT", "":
            try:
                _change(media, body)
            except (ValueError, TypeError) as error:
                return 400, json.encode({"error": str(error)})
            return _ok(_told(media))
        case "GET", "book":
            return _ok(media.book.told())
        case "DELETE", "book":
            media.book.entries.clear()
            return _ok({"deleted": True})
        case _:
            return 404, json.encode({"error": f"{method} {path} is not part of the media control"})


def _change(media: MediaSide, body: bytes) -> None:
    settings: dict[str, Any] = json.decode(body, type=dict[str, Any])
    traps = settings.pop("traps", None)
    rows = None if traps is None else msgspec.convert(traps, list[Trap])
    media.change(**settings)
    if rows is not None:
        media.set_traps(*rows)


def _told(media: MediaSide) -> dict[str, Json]:
    profile: dict[str, Json] = msgspec.to_builtins(media.profile)
    return {**profile, "traps": [asdict(row) for row in media.traps.rows]}


def _ok(value: Json) -> tuple[int, bytes]:
    return 200, json.encode(value)
