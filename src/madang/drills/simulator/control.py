"""The simulator's own door, `/__sim`: its behaviour, what it saw, what it charged. No key is asked for."""

from dataclasses import asdict
from typing import Protocol

from msgspec import json

from madang.drills.simulator.book import Book
from madang.drills.simulator.faults import Conduct, read_rows
from madang.drills.simulator.media.control import control as control_media
from madang.drills.simulator.media.side import MediaSide
from madang.drills.simulator.records import Json

PREFIX = "/__sim"
MEDIA = "/__sim/media"


class Controlled(Protocol):
    """What there is to control."""

    conduct: Conduct
    book: Book
    media: MediaSide


def control(method: str, path: str, body: bytes, simulator: Controlled) -> tuple[int, bytes]:
    """Status and JSON of a control request.

    GET /__sim: the rows in force; PUT /__sim: put other rows in force, one object or an array.
    GET or DELETE /__sim/requests and /__sim/charges. Below /__sim/media: `media.control`.
    """
    conduct, book = simulator.conduct, simulator.book
    if path == MEDIA or path.startswith(MEDIA + "/"):
        return control_media(method, path.removeprefix(MEDIA).strip("/"), body, simulator.media)
    match method, path.removeprefix(PREFIX).strip("/"):
        case "GET", "":
            return _ok([asdict(row) for row in conduct.rows])
        case "PUT", "":
            try:
                conduct.replace(read_rows(body))
            except ValueError as error:
                return 400, json.encode({"error": str(error)})
            return _ok([asdict(row) for row in conduct.rows])
        case "GET", "requests":
            return _ok(book.told_requests())
        case "DELETE", "requests":
            book.requests.clear()
            return _ok({"deleted": True})
        case "GET", "charges":
            return _ok(book.told_charges())
        case "DELETE", "charges":
            book.forget_charges()
            return _ok({"deleted": True})
        case _:
            return 404, json.encode(
                {"error": f"{method} {path} is not part of the control interface"}
            )


def _ok(value: Json) -> tuple[int, bytes]:
    return 200, json.encode(value)
