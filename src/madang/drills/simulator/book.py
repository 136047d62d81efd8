"""What the simulator saw and what it charged: the independent witness of tests and drills. Bounded."""

import re
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from msgspec import DecodeError, json

from madang.drills.simulator.prices import charged
from madang.drills.simulator.records import Json, Usage

_MAX_REQUESTS = 1_000
_MAX_CHARGES = 100_000
_MAX_BODY_BYTES = 1_000_000
_KEY_IN_QUERY = re.compile(r"((?:^|&)key=)[^&]*")
_SECRET_HEADERS = frozenset(
    {
        b"authorization",
        b"x-api-key",
        b"x-goog-api-key",
        b"api-key",
        b"cookie",
        b"proxy-authorization",
    }
)


@dataclass(slots=True)
class Seen:
    """One request. `status` is None until an answer starts; `closed_early` when the client left before its end.

    `body` is kept up to 1 MB.
    """

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    body_bytes: int
    at_s: float
    status: int | None = None
    fault: str | None = None
    closed_early: bool = False

    def told(self) -> dict[str, Json]:
        """The request as JSON can carry it, with its secrets masked."""
        return {
            "method": self.method,
            "path": self.path,
            "query": _KEY_IN_QUERY.sub(r"\1***", self.query.decode("latin-1")),
            "headers": {
                name.decode("latin-1"): _masked(name, value) for name, value in self.headers
            },
            "body": _decoded(self.body),
            "body_bytes": self.body_bytes,
            "at_s": self.at_s,
            "status": self.status,
            "fault": self.fault,
            "closed_early": self.closed_early,
        }


@dataclass(slots=True)
class Charge:
    """One answer that was sent, whole or in part. `usage.output` counts what went out; `complete` says it was all.

    `at_s` is when it was asked for (Unix time).
    """

    id: str
    model: str
    wire: str
    usage: Usage
    complete: bool = False
    at_s: float = field(default_factory=time.time)

    @property
    def nusd(self) -> int:
        """What it costs, in nano-dollars."""
        return charged(self.model, self.usage)

    def told(self) -> dict[str, Json]:
        """The charge as JSON can carry it."""
        usage = self.usage
        return {
            "id": self.id,
            "model": self.model,
            "wire": self.wire,
            "input": usage.input,
            "output": usage.output,
            "cached": usage.cached,
            "written": usage.written,
            "reasoning": usage.reasoning,
            "complete": self.complete,
            "at_s": self.at_s,
            "nusd": self.nusd,
        }


@dataclass(slots=True)
class Book:
    """The last 1,000 requests and the last 100,000 charges; the sums per model cover all charges since the start.

    `days` holds the same by UTC day, wire and model: requests, tokens, and nano-dollars in all and
    for output.
    """

    requests: deque[Seen] = field(default_factory=lambda: deque(maxlen=_MAX_REQUESTS))
    charges: deque[Charge] = field(default_factory=lambda: deque(maxlen=_MAX_CHARGES))
    days: dict[tuple[str, str, str], Counter[str]] = field(default_factory=dict)
    _sums: dict[str, dict[str, int]] = field(default_factory=dict)

    def saw(self, seen: Seen) -> None:
        """Keep a request."""
        if len(seen.body) > _MAX_BODY_BYTES:
            seen.body = seen.body[:_MAX_BODY_BYTES]
        self.requests.append(seen)

    def charge(self, charge: Charge) -> None:
        """Book an answer that has ended."""
        self.charges.append(charge)
        sums = self._sums.setdefault(charge.model, dict.fromkeys(_SUMMED, 0))
        sums["requests"] += 1
        for name in _SUMMED[1:]:
            sums[name] += getattr(charge.usage, name)
        self._on_its_day(charge)

    def _on_its_day(self, charge: Charge) -> None:
        day = datetime.fromtimestamp(charge.at_s, UTC).date().isoformat()
        sums = self.days.setdefault((day, charge.wire, charge.model), Counter())
        sums.update(asdict(charge.usage))
        sums.update(
            requests=1,
            nusd=charge.nusd,
            output_nusd=charged(charge.model, Usage(0, charge.usage.output)),
        )

    def told_requests(self) -> list[dict[str, Json]]:
        """The requests, oldest first."""
        return [seen.told() for seen in self.requests]

    def told_charges(self) -> dict[str, Json]:
        """Sums per model, and every charge, oldest first."""
        return {"models": self._sums, "charges": [charge.told() for charge in self.charges]}

    def forget_charges(self) -> None:
        """Start a new book of charges."""
        self.charges.clear()
        self.days.clear()
        self._sums.clear()


_SUMMED = ("requests", "input", "output", "cached", "written", "reasoning")


def _masked(name: bytes, value: bytes) -> str:
    return "***" if name in _SECRET_HEADERS else value.decode("latin-1")


def _decoded(body: bytes) -> Json:
    try:
        return json.decode(body)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
