"""What the endpoints of the media side take and give: requests and answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import msgspec

from madang.drills.simulator.media.book import Entry
from madang.drills.simulator.records import Frame, Json, Refused

T = TypeVar("T")

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. `base` is the address before the provider's own path, without a slash at its end.

    `named` are the parts of the path that the endpoint names, `key` the caller's key.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    body: bytes
    base: str
    named: Mapping[str, str]
    key: str

    def read(self, shape: type[T]) -> T:
        """The JSON body as a struct. Raises Refused ("invalid") with msgspec's words, which name the place."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (ValueError, RecursionError) as error:
            raise Refused("invalid", str(error)) from error


class Reply(NamedTuple):
    """An answer. `frames` are sent instead of `body` where there are any. `entry`: what was booked for it."""

    status: int
    headers: Headers
    body: bytes = b""
    frames: Iterator[Frame] | None = None
    entry: Entry | None = None


def told(value: Json, status: int = 200, headers: Headers | None = None) -> Reply:
    """An answer in JSON."""
    typed = [(b"content-type", b"application/json"), *(headers or [])]
    return Reply(status, typed, msgspec.json.encode(value))


def raw(data: bytes, mime: str, headers: Headers | None = None) -> Reply:
    """A file."""
    return Reply(200, [(b"content-type", mime.encode()), *(headers or [])], data)


def bearer(headers: Mapping[bytes, bytes], _query: Mapping[str, str] | None = None) -> str:
    """The key of `Authorization: Bearer`; empty where there is none."""
    return scheme(headers, "bearer ")


def scheme(headers: Mapping[bytes, bytes], start: str) -> str:
    """The key behind a scheme of `Authorization`."""
    value = headers.get(b"authorization", b"").decode("latin-1")
    return value[len(start) :].strip() if value[: len(start)].lower() == start else ""
