"""What `madang whatif` replays: a ledger at home or of a running gateway, an import, or a CSV file."""

import csv
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from madang.accounts import Register
from madang.catalog import Catalog
from madang.cli.options.office import HomeOffice
from madang.client import Gateway
from madang.config.sections import plans
from madang.config.sections.budgets import Limit, Scope
from madang.config.settings import Settings
from madang.errors import InvalidRequest
from madang.keys import Key, Keyring
from madang.routing.limits import Entitlements, LimitedKey, rules_of_limit
from madang.state.store import Store
from madang.whatif import ledger_rows
from madang.whatif.change import Period
from madang.whatif.imports.kept import kept
from madang.whatif.imports.reading import Layout, UsageFile
from madang.whatif.imports.sorting import in_order
from madang.whatif.limiting import Bounds
from madang.whatif.past import Past
from madang.whatif.places import Known, Place

_MOST_FIELD: Final = 16 * 1024 * 1024


class Input(NamedTuple):
    """Rows in the order of time, and what is known beside them.

    `file`: the CSV file that they come from, whose faults are known once they were read.
    """

    rows: Iterator[Past]
    source: str
    period: Period | None
    bounds: Bounds
    is_ledger: bool = False
    corrections_nusd: int = 0
    elsewhere: Mapping[Place, Known] = {}
    file: UsageFile | None = None


@contextmanager
def at_home(home: Path, period: Period, settings: Settings) -> Iterator[Input]:
    """The ledger of a home folder, under the limits of `settings`."""
    office = HomeOffice(home)
    try:
        store = office.settled()
        yield Input(
            ledger_rows.stored(store, period),
            "ledger",
            period,
            _bounds(settings, Keyring(store).list(), _entitled(store, settings)),
            is_ledger=True,
            corrections_nusd=ledger_rows.corrections_nusd(store, period),
            elsewhere=ledger_rows.latencies(store),
        )
    finally:
        office.close()


def of_gateway(gateway: Gateway, period: Period, settings: Settings) -> Input:
    """The ledger of a running gateway, with its admin key; limits of plans are not looked at."""
    days = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    pieces = gateway.pieces("/api/export", {**days, "what": "attempts", "format": "jsonl"})
    keys = [msgspec.convert(row, Key) for row in gateway.get("/api/keys")]
    took = gateway.get("/api/latencies", {**days, "by": "provider,model"})["rows"]
    corrected = gateway.get("/api/corrections", days)["rows"]
    return Input(
        ledger_rows.exported(each_line(pieces)),
        "ledger",
        period,
        _bounds(settings, keys),
        is_ledger=True,
        corrections_nusd=sum(row["cost_nusd"] for row in corrected),
        elsewhere=ledger_rows.known_latencies(took),
    )


def of_import(home: Path, name: str, days: tuple[date | None, date | None], settings: Settings) -> Input:  # fmt: skip
    """A kept import, or those of its rows that are of the days asked for."""
    return Input(_within(kept(home, name), days), f"import {name}", None, _bounds(settings))


@contextmanager
def of_csv(
    path: Path, layout: Layout, catalog: Catalog, days: tuple[date | None, date | None], settings: Settings
) -> Iterator[Input]:  # fmt: skip
    """Another system's usage, read from its file."""
    with opened(path, layout, catalog) as (file, rows):
        yield Input(_within(rows, days), path.name, None, _bounds(settings), file=file)


@contextmanager
def opened(
    path: Path, layout: Layout, catalog: Catalog
) -> Iterator[tuple[UsageFile, Iterator[Past]]]:
    """A CSV file and its rows in the order of time. Raises InvalidRequest."""
    csv.field_size_limit(_MOST_FIELD)  # of the whole process, which reads this one file
    try:
        with (
            path.open(encoding="utf-8-sig", newline="") as lines,
            tempfile.TemporaryDirectory(prefix="madang-") as folder,
        ):
            file = UsageFile(lines, layout, catalog)
            yield file, in_order(file.rows(), Path(folder))
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror or error}.") from error


def _bounds(
    settings: Settings,
    keys: Collection[Key] = (),
    entitlements: Callable[[LimitedKey], Entitlements] | None = None,
) -> Bounds:
    """`keys` that nothing limits are left out, so that a replay without limits asks for none."""
    everyone = bool(settings.limits or settings.budgets)
    named = {key.id: key for key in keys if everyone or _is_limited(key)}
    given: dict[str, Any] = {} if entitlements is None else {"entitlements": entitlements}
    return Bounds(limits=settings.limits, budgets=settings.budgets, keys=named, **given)


def _is_limited(key: Key) -> bool:
    return any((key.rpm, key.tpm, key.budget_nusd is not None, key.account_id))


def _entitled(store: Store, settings: Settings) -> Callable[[LimitedKey], Entitlements]:
    """What plans allow accounts; their credit is left out."""
    register = Register(store, plans.in_force(settings.plans))

    def entitled(key: LimitedKey) -> Entitlements:
        if key.account_id is None:
            return Entitlements()
        allowance = register.allowance(key.account_id)
        limit = Limit(Scope(account=key.account_id), **allowance.limits)
        return Entitlements(allowance.plan, tuple(rules_of_limit(limit, key)))

    return entitled


def _within(rows: Iterator[Past], days: tuple[date | None, date | None]) -> Iterator[Past]:
    first, last = days
    if first is None and last is None:
        return rows
    low, high = first or date.min, last or date.max
    return (row for row in rows if low <= _day(row) <= high)


def _day(row: Past) -> date:
    return datetime.fromtimestamp(row.at_us // 1_000_000, UTC).date()


def each_line(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What comes in pieces, line by line."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from filter(None, lines)
    if rest:
        yield rest
