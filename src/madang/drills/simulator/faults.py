"""How the simulated provider behaves: delays, chance errors, and one fault per row, as data.

The rows stand in order; the first that fits a request's model decides. Headers of a request
override its row: `x-sim-fault`, `x-sim-latency-ms`, `x-sim-tokens-per-s`.
"""

import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from madang.drills.simulator.lineup import bare
from madang.drills.simulator.records import Kind, Refused

Moment = Literal["refusal", "before", "during", "instead"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of the table below: when it strikes, and the refusal where it is one."""

    moment: Moment
    what: str
    kind: Kind | None = None


FAULTS = {
    "refuse": Fault("instead", "the connection is closed without an answer"),
    "slow_first_byte": Fault("before", "nothing is sent for `stall_s`, then the answer comes"),
    "stall": Fault(
        "during", "half of the answer is sent, then nothing for `stall_s`, then the rest"
    ),
    "cut": Fault("during", "half of the answer is sent, then the connection is dropped"),
    "stream_error": Fault(
        "during",
        "half of a stream is sent, then the provider's error event; whole answers are a 500",
    ),
    "malformed_json": Fault("during", "a whole answer, or one event of a stream, is broken JSON"),
    "malformed_sse": Fault(
        "during", "a proxy's HTML page stands where the rest of the answer should be"
    ),
    "wrong_length": Fault(
        "during", "the connection closes before the promised content-length is reached"
    ),
    "empty": Fault("instead", "200 and no body"),
    "auth": Fault("refusal", "the key is refused", "auth"),
    "quota": Fault("refusal", "the account is out of credit", "quota"),
    "overflow": Fault("refusal", "the prompt is said to exceed the context window", "overflow"),
}
"""Every fault by name; `status:NNN` is one more, for any status from 400 to 599."""

_KINDS_BY_STATUS: dict[int, Kind] = {
    400: "invalid",
    401: "auth",
    402: "quota",
    403: "forbidden",
    404: "no_model",
    405: "method",
    408: "timeout",
    413: "too_large",
    429: "rate_limit",
    500: "server",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How requests are answered. `model` limits the row to one model, `times` its fault to so many requests.

    latency_s: seconds before the first byte; with `latency_p99_s` the median of a lognormal distribution, of
    which 99 of 100 are no longer than that (None: always the same).
    rps: so many requests a second are answered, and so many at once; the others get 429. 0: all are.
    tokens_per_s: pace of the answer; 0 for as fast as possible.
    error_rate: share of requests, 0 to 1, that are answered with `error_status`.
    fault: a name of FAULTS, or `status:NNN`.
    stall_s: how long the silent faults stay silent.
    retry_after_s: what refusals for too many requests ask for (None: they do not say).
    """

    latency_s: float = 0.0
    latency_p99_s: float | None = None
    rps: float = 0.0
    tokens_per_s: float = 0.0
    error_rate: float = 0.0
    error_status: int = 500
    fault: str | None = None
    model: str | None = None
    times: int | None = None
    stall_s: float = 60.0
    retry_after_s: float | None = 1.0

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in FAULTS and status_of(self.fault) is None:
            raise ValueError(
                f"unknown fault {self.fault!r}; there are {', '.join(FAULTS)} and status:NNN"
            )
        if self.latency_p99_s is not None and not 0 < self.latency_s <= self.latency_p99_s:
            raise ValueError("latency_p99_s is at least latency_s, which is more than 0 then")
        if not 0 <= self.error_rate <= 1:
            raise ValueError("error_rate is a share between 0 and 1")
        if not 400 <= self.error_status <= 599:
            raise ValueError("error_status is a status from 400 to 599")
        if (
            min(
                self.latency_s, self.rps, self.tokens_per_s, self.stall_s, self.retry_after_s or 0.0
            )
            < 0
        ):
            raise ValueError("seconds and tokens per second are not negative")


def status_of(fault: str) -> int | None:
    """The status that a fault `status:NNN` names, else None."""
    prefix, _, digits = fault.partition(":")
    if (
        prefix != "status"
        or not digits.isdecimal()
        or len(digits) != 3
        or not 400 <= int(digits) <= 599
    ):
        return None
    return int(digits)


def refusal_for(fault: str | None) -> Refused | None:
    """The refusal that a fault stands for, or None where it is of another kind."""
    if fault is None:
        return None
    status = status_of(fault)
    if status is None:
        kind = FAULTS[fault].kind
        return Refused(kind) if kind else None
    nearest = _KINDS_BY_STATUS.get(status, "server" if status >= 500 else "invalid")
    return Refused(nearest, status=status)


class Conduct:
    """The rows in force, how often each fault has struck, and the dice. One per application; not thread-safe."""

    def __init__(self, rows: Sequence[Behaviour], seed: int) -> None:
        self.rows: tuple[Behaviour, ...] = tuple(rows)
        self._struck = [0] * len(self.rows)
        self._tokens = [row.rps for row in self.rows]
        self._looked_s = time.monotonic()
        self._dice = random.Random(seed)

    def replace(self, rows: Sequence[Behaviour]) -> None:
        """Put other rows in force; the counts start anew, the dice roll on."""
        self.rows = tuple(rows)
        self._struck = [0] * len(self.rows)
        self._tokens = [row.rps for row in self.rows]

    def decide(self, model: str, headers: Mapping[bytes, bytes]) -> Behaviour:
        """The behaviour for one request: its row, the dice rolled and the count kept, and its headers.

        Raises Refused for a header that makes no sense.
        """
        return _overridden(self._row(model), headers)

    def _row(self, model: str) -> Behaviour:
        for index, row in enumerate(self.rows):
            if row.model is not None and bare(row.model) != bare(model):
                continue
            spent = row.times is not None and self._struck[index] >= row.times
            if row.fault is not None and not spent:
                self._struck[index] += 1
                return row
            fault = None
            if not self._admits(index):
                fault = "status:429"
            elif row.error_rate and self._dice.random() < row.error_rate:
                fault = f"status:{row.error_status}"
            return replace(row, fault=fault, latency_s=self._latency_s(row), latency_p99_s=None)
        return _PLAIN

    def _admits(self, index: int) -> bool:
        """Take a token from the row's bucket, which holds one second's worth; a row without a rate has no bucket."""
        if not self.rows[index].rps:
            return True
        now_s = time.monotonic()
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        for each, row in enumerate(self.rows):
            self._tokens[each] = min(row.rps, self._tokens[each] + passed_s * row.rps)
        if self._tokens[index] < 1:
            return False
        self._tokens[index] -= 1
        return True

    def _latency_s(self, row: Behaviour) -> float:
        if row.latency_p99_s is None:
            return row.latency_s
        sigma = math.log(row.latency_p99_s / row.latency_s) / _P99_SIGMAS
        return row.latency_s * math.exp(sigma * self._dice.gauss())


_PLAIN = Behaviour()
_P99_SIGMAS = 2.3263  # the 99th percentile of the standard normal distribution


def _overridden(row: Behaviour, headers: Mapping[bytes, bytes]) -> Behaviour:
    fault = headers.get(b"x-sim-fault")
    latency_ms = headers.get(b"x-sim-latency-ms")
    pace = headers.get(b"x-sim-tokens-per-s")
    if fault is None and latency_ms is None and pace is None:
        return row
    try:
        if fault is not None:
            row = replace(row, fault=None if fault in {b"", b"none"} else fault.decode("latin-1"))
        if latency_ms is not None:
            row = replace(row, latency_s=float(latency_ms) / 1000)
        if pace is not None:
            row = replace(row, tokens_per_s=float(pace))
    except ValueError as error:
        raise Refused("invalid", f"x-sim header: {error}") from error
    return row


def read_rows(body: bytes) -> list[Behaviour]:
    """The rows of a `PUT /__sim`: one object or an array of them. Raises ValueError that says what is wrong."""
    try:
        rows = msgspec.json.decode(body, type=list[dict[str, msgspec.Raw]] | dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    out = []
    for row in rows if isinstance(rows, list) else [rows]:
        unknown = sorted(set(row) - set(Behaviour.__slots__))
        if unknown:
            raise ValueError(
                f"unknown setting {unknown[0]!r}; there are {', '.join(Behaviour.__slots__)}"
            )
        out.append(msgspec.json.decode(msgspec.json.encode(row), type=Behaviour))
    return out
