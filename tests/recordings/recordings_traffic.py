"""The recorded traffic beside this clone: which of it is played, and what came of it.

`make test` plays a sample, the same one every time; MADANG_RECORDINGS=all plays every one.
"""

import os
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from madang.wire.registry import WIRES
from stand import traffic
from stand.traffic import APIS, manifest, recording, score

T = TypeVar("T")

ALL = os.environ.get("MADANG_RECORDINGS") == "all"
_DIALECTS = {api: dialect for dialect, api in APIS.items()}
DIALECTS = [dialect for dialect in APIS if dialect in WIRES]


class Recording(NamedTuple):
    """One recorded interaction. `norm` is its whole content, as the judge and the replay take it."""

    name: str
    dialect: str
    streaming: bool
    status: int
    norm: dict[str, Any]

    @property
    def model(self) -> str:
        """The model that was asked, as its provider names it."""
        body, path = self.norm["request"]["body"], self.norm["request"]["path"]
        asked = score().request_view(self.norm["api"], body, path)["model"] if body else None
        return (asked or "unnamed").removeprefix("models/")

    @property
    def has_stream(self) -> bool:
        """Whether it was asked for a stream, and got one."""
        return self.streaming and self.status == 200

    @property
    def body(self) -> bytes:
        """What the provider answered."""
        return traffic.body_of(self.norm)


@cache
def recordings() -> tuple[Recording, ...]:
    """All core recordings of the dialects that there are."""
    return tuple(
        Recording(
            row["data"],
            _DIALECTS[row["api"]],
            row["streaming"],
            row["status"] or 200,
            recording(row["data"]),
        )
        for row in manifest()
        if row["tier"] == "core" and _DIALECTS[row["api"]] in DIALECTS
    )


def sampled(found: Iterable[T], every: int, first: int = 0) -> Sequence[T]:
    """All of them, or every so many-th."""
    return list(found) if ALL else list(found)[first::every]


class Exchange(NamedTuple):
    """A recording that was asked for in a dialect, and what the caller got; `pace` is how it was played."""

    recording: Recording
    client: str
    pace: str
    got: Any

    @property
    def pair(self) -> str:
        """Who answered whom."""
        return f"{self.recording.dialect} to {self.client}"

    def view(self) -> dict[str, Any]:
        """What the caller got, as the judge sees it."""
        return self.got.view(self.client)


def musts(exchange: Exchange) -> list[Any]:
    """The differences that must not be; an answer that cannot be read is one."""
    want = score().native_view(exchange.recording.norm)
    try:
        got = exchange.view()
    except (ValueError, KeyError, TypeError) as error:
        return [score().Diff(f"unreadable: {error!r}", "must", None, exchange.got.body[:500])]
    return traffic.musts(want, got, APIS[exchange.client])
