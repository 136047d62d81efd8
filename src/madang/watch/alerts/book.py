"""The record of alerts in the store: every one that was raised or ended, for a year."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from madang.config.sections.alerts import Severity
from madang.state.store import Row, Store

State = Literal["firing", "resolved"]
MOST_SHOWN = 1000
_YEAR_US = 366 * 86_400_000_000
_COLUMNS = "id, at_us, rule, subject, severity, state, value"


class Event(Struct, frozen=True, kw_only=True):
    """An alert was raised (`firing`) or ended (`resolved`). `values`: what its measures were."""

    id: str
    at_us: int
    rule: str
    subject: str
    severity: Severity
    state: State
    values: dict[str, float | None]

    @property
    def at(self) -> str:
        """When, as `2026-11-20T09:15:00Z`."""
        return f"{datetime.fromtimestamp(self.at_us / 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def new_id() -> str:
    """What an event is known by, also to those who are told of it twice."""
    return f"alr_{secrets.token_hex(10)}"


class Book:
    """Reads and writes the record. Raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def enter(self, event: Event) -> None:
        """Keep an event, and forget those of more than a year ago."""
        with self._store.transaction() as transaction:
            transaction.write(
                f"INSERT INTO alert_events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
                (
                    *(event.id, event.at_us, event.rule, event.subject, event.severity),
                    *(event.state, msgspec.json.encode(event.values).decode()),
                ),
            )
            transaction.write("DELETE FROM alert_events WHERE at_us < ?", (event.at_us - _YEAR_US,))

    def firing(self) -> list[Event]:
        """The alerts that were raised and have not ended, the oldest first."""
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM alert_events AS one WHERE state = 'firing' AND NOT EXISTS ("  # noqa: S608 - constants
            "SELECT 1 FROM alert_events AS later WHERE later.rule = one.rule "
            "AND later.subject = one.subject AND later.seq > one.seq) ORDER BY seq"
        )
        return [_event(row) for row in rows]

    def history(self, since_us: int = 0, until_us: int = 2**62, limit: int = 100) -> list[Event]:
        """What was raised and ended between two moments, the latest first."""
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM alert_events WHERE at_us >= ? AND at_us < ? "  # noqa: S608 - constants
            "ORDER BY at_us DESC, seq DESC LIMIT ?",
            (since_us, until_us, min(limit, MOST_SHOWN)),
        )
        return [_event(row) for row in rows]


def values_of(measures: Mapping[str, float | None], names: list[str]) -> dict[str, float | None]:
    """The measures that a condition speaks of, as they are kept: six digits say enough."""
    found = {name: measures.get(name) for name in names}
    return {name: value and float(f"{value:.6g}") for name, value in found.items()}


def _event(row: Row) -> Event:
    plain = dict(row)
    plain["values"] = msgspec.json.decode(plain.pop("value"))
    return msgspec.convert(plain, Event)
