"""The record of trials in the store: how each stands, what it has shown, and all that was decided, with reasons."""

import time
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from madang.config.sections.canaries import Canary
from madang.errors import Conflict, NotFound
from madang.routing.canary.evidence import Evidence
from madang.routing.canary.ramp import Decision, Kind, Trial, after
from madang.state.store import Row, Store, Transaction

REVISION: Final = "canaries"
MOST_SHOWN: Final = 1000
_READ = "SELECT name, trial, evidence, seq FROM canaries"
_KEEP = (
    "INSERT INTO canaries (name, trial, evidence, seq) VALUES (?, ?, ?, ?) ON CONFLICT (name) "
    "DO UPDATE SET trial = excluded.trial, evidence = excluded.evidence, seq = excluded.seq"
)
_ENTER = (
    "INSERT INTO canary_events (at_us, name, trial, kind, by, why, figures) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Kept(NamedTuple):
    """A trial and its evidence, which is of all attempts up to `seq`."""

    trial: Trial
    evidence: Evidence
    seq: int


class Event(Struct, frozen=True, kw_only=True):
    """What happened to a trial, when (Unix µs), why; `by`: the key's id of whoever did it (null: the figures did).

    `figures` are what the evidence came to.
    """

    at_us: int
    name: str
    trial: str
    kind: Kind
    by: str | None
    why: str
    figures: dict[str, float | None]


class TrialBook:
    """Reads and writes the record. Raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def revision(self) -> int:
        """How often any trial has changed."""
        return self._store.revision(REVISION)

    def all(self) -> list[Kept]:
        """Every canary with its latest trial, by name."""
        return [_kept(row) for row in self._store.read(f"{_READ} ORDER BY name")]

    def get(self, name: str) -> Kept:
        """One of them. Raises NotFound."""
        rows = self._store.read(f"{_READ} WHERE name = ?", (name,))
        if not rows:
            raise NotFound(f"There is no canary `{name[:100]}`.", code="canary_not_found")
        return _kept(rows[0])

    def begin(
        self,
        name: str,
        terms: Canary,
        *,
        by: str | None = None,
        is_configured: bool = False,
        switch: bool = False,
        origin: str | None = None,
        also: tuple[str, ...] = (),
    ) -> Trial:
        """Begin a new trial; `switch`: all traffic goes to the new target at once, and nothing is compared.

        `origin`, `also`: it is a cut-over from there, see `Trial`.
        Raises Conflict where one of that name, or another for the same model, gets traffic.
        """
        now_us = _now_us()
        with self._store.transaction() as transaction:
            number = 1
            for kept in map(_kept, transaction.read(_READ)):
                other = kept.trial
                if other.name == name:
                    number = other.number + 1
                _must_leave_room(other, name, terms.model)
            trial = Trial(
                name,
                number,
                terms,
                now_us,
                now_us,
                state="promoted" if switch else "running",
                is_configured=is_configured,
                origin=origin,
                also=also,
            )
            why = f"{trial.percent:g} % of `{terms.model}` to `{', '.join((terms.to, *also))}`"
            _keep(transaction, Kept(trial, Evidence(), 0))
            _enter(transaction, trial, Decision("switched" if switch else "started", why), by, {})
        return trial

    def happen(self, name: str, kind: Kind, why: str, by: str | None = None) -> Trial:
        """Promote, abort or roll back a trial. Raises NotFound, or Conflict where that cannot happen now."""
        with self._store.transaction() as transaction:
            rows = transaction.read(f"{_READ} WHERE name = ?", (name,))
            if not rows:
                raise NotFound(f"There is no canary `{name[:100]}`.", code="canary_not_found")
            kept = _kept(rows[0])
            trial = after(kept.trial, kind, _now_us())
            evidence = kept.evidence.next_step() if kind == "advanced" else kept.evidence
            _keep(transaction, Kept(trial, evidence, kept.seq))
            _enter(transaction, trial, Decision(kind, why), by, kept.evidence.figures())
        return trial

    def learn(self, before: Trial, now: Kept, decision: Decision | None) -> None:
        """Keep what was learned, and what follows from it; nothing where somebody has changed the trial meanwhile."""
        with self._store.transaction() as transaction:
            rows = transaction.read(f"{_READ} WHERE name = ?", (before.name,))
            if not rows or _kept(rows[0]).trial != before:
                return
            if decision is None:
                transaction.write(
                    "UPDATE canaries SET evidence = ?, seq = ? WHERE name = ?",
                    (_text(now.evidence), now.seq, before.name),
                )
                return
            trial = after(before, decision.kind, _now_us())
            evidence = now.evidence.next_step() if trial.state == "running" else now.evidence
            _keep(transaction, Kept(trial, evidence, now.seq))
            _enter(transaction, trial, decision, None, now.evidence.figures())

    def events(self, name: str | None = None, limit: int = 100) -> list[Event]:
        """What has happened, the latest first; None: to all of them."""
        rows = self._store.read(
            "SELECT at_us, name, trial, kind, by, why, figures FROM canary_events "
            "WHERE ?1 IS NULL OR name = ?1 ORDER BY seq DESC LIMIT ?2",
            (name, min(limit, MOST_SHOWN)),
        )
        return [
            msgspec.convert({**dict(row), "figures": msgspec.json.decode(row["figures"])}, Event)
            for row in rows
        ]


def _must_leave_room(other: Trial, name: str, model: str) -> None:
    """Raise Conflict where another trial, or one of the same name, leads the model's requests."""
    if other.name == name and other.state == "rolled_back":
        return
    if other.is_open and (other.name == name or other.terms.model == model):
        what, end = "canary", "abort it or roll it back first"
        if other.origin is not None:
            what, end = "cut-over", f"`madang cutover end {other.terms.model}` first"
        raise Conflict(
            f"The {what} `{other.name}` gets {other.percent:g} % of `{other.terms.model}`: {end}.",
            code="canary_running",
        )


def _keep(transaction: Transaction, kept: Kept) -> None:
    transaction.write(_KEEP, (kept.trial.name, _text(kept.trial), _text(kept.evidence), kept.seq))
    transaction.bump(REVISION)


def _enter(
    transaction: Transaction,
    trial: Trial,
    decision: Decision,
    by: str | None,
    figures: dict[str, float | None],
) -> None:
    row = (_now_us(), trial.name, trial.id, decision.kind, by, decision.why, _text(figures))
    transaction.write(_ENTER, row)


def _kept(row: Row) -> Kept:
    trial = msgspec.json.decode(row["trial"], type=Trial)
    return Kept(trial, msgspec.json.decode(row["evidence"], type=Evidence), row["seq"])


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _now_us() -> int:
    return time.time_ns() // 1000
