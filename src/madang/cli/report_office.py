"""Where reports, exports and reconciliation look: the store of a home folder, or a running gateway over HTTP.

Both answer with the records of `server.reports`, so that a command prints one shape.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from madang import catalog as catalogue
from madang.cli.configuration import faults_told, read
from madang.cli.office import HomeOffice, Row
from madang.cli.place import in_place
from madang.client import Gateway
from madang.config.prices import own_rows
from madang.keys import Keyring
from madang.model import PriceRow
from madang.server.reports import (
    ExportAsked,
    Reconciled,
    ReportAsked,
    Statement,
    exported,
    reconciled,
    reported,
)

R = TypeVar("R")


class ReportOffice(Protocol):
    """What can be asked. Everything raises MadangError."""

    def report(self, asked: ReportAsked) -> Row:
        """What was used, saved and wasted, and what the ledger suggests."""

    def export(self, asked: ExportAsked) -> Iterator[bytes]:
        """Sums or attempts, piece by piece."""

    def reconcile(self, asked: Statement) -> Reconciled:
        """The ledger beside a provider's own reports."""


class HomeReports:
    """The ledger of a home folder. `own_prices` are those of its configuration."""

    def __init__(self, office: HomeOffice, own_prices: tuple[PriceRow, ...]) -> None:
        self._office = office
        self._own_prices = own_prices

    def report(self, asked: ReportAsked) -> Row:
        """What was used, saved and wasted, and what the ledger suggests."""
        store, catalog = self._office.settled(), catalogue.load()
        prices = (*catalog.prices, *self._own_prices)
        return reported(store, asked, catalog, prices, Keyring(store).list())

    def export(self, asked: ExportAsked) -> Iterator[bytes]:
        """Sums or attempts, line by line."""
        return (line.encode() for line in exported(self._office.settled(), asked))

    def reconcile(self, asked: Statement) -> Reconciled:
        """The ledger beside a provider's own reports."""
        return reconciled(self._office.settled(), asked, catalogue.load(), time.time())


class RemoteReports:
    """A running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def report(self, asked: ReportAsked) -> Row:
        """What was used, saved and wasted, and what the ledger suggests."""
        told: Row = self._gateway.get("/api/report", _query(asked))
        return told

    def export(self, asked: ExportAsked) -> Iterator[bytes]:
        """Sums or attempts, piece by piece."""
        return self._gateway.pieces("/api/export", _query(asked))

    def reconcile(self, asked: Statement) -> Reconciled:
        """The ledger beside a provider's own reports."""
        reply = self._gateway.call("POST", "/api/reconcile", msgspec.to_builtins(asked))
        return msgspec.convert(reply.json(), Reconciled)


def at_reports(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--home`, `--url`, `--key` and `--config`, and call it with the office they lead to."""
    return in_place(_office, function)


@contextmanager
def _office(home: Path, gateway: Gateway | None, config: Path | None) -> Iterator[ReportOffice]:
    if gateway is not None:
        yield RemoteReports(gateway)
        return
    with faults_told():
        settings = read(config, home).settings
    office = HomeOffice(home)
    try:
        yield HomeReports(office, own_rows(settings.prices))
    finally:
        office.close()


def _query(asked: msgspec.Struct) -> dict[str, str]:
    """A record as parameters: what is None is left out."""
    given = msgspec.to_builtins(asked)
    return {name: str(value) for name, value in given.items() if value is not None}
