"""Where reports, exports and reconciliation look: the store of a home folder, or a running gateway over HTTP.

Both answer with the records of `server.administration.reports`, so that a command prints one shape.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from madang import catalog as catalogue
from madang.cli.options.configuration import faults_told, read
from madang.cli.options.office import HomeOffice, Row
from madang.cli.options.place import in_place
from madang.client import Gateway
from madang.config.sections.prices import own_rows
from madang.config.settings import Settings
from madang.keys import Keyring
from madang.ledger.prices import Prices
from madang.server.administration.reports import (
    ExportAsked,
    Reconciled,
    ReportAsked,
    Statement,
    exported,
    reconciled,
    reported,
)
from madang.watch.report.daily import Daily, Grounds, daily

R = TypeVar("R")


class ReportOffice(Protocol):
    """What can be asked. Everything raises MadangError."""

    def report(self, asked: ReportAsked) -> Row:
        """What was used, saved and wasted, and what the ledger suggests."""

    def daily(self, day: date) -> Daily:
        """The report of one day, in the time zone of the configured report."""

    def export(self, asked: ExportAsked) -> Iterator[bytes]:
        """Sums or attempts, piece by piece."""

    def reconcile(self, asked: Statement) -> Reconciled:
        """The ledger beside a provider's own reports."""


class HomeReports:
    """The ledger of a home folder. `settings` are those of its configuration."""

    def __init__(self, office: HomeOffice, settings: Settings) -> None:
        self._office = office
        self._settings = settings
        self._own_prices = own_rows(settings.prices)

    def report(self, asked: ReportAsked) -> Row:
        """What was used, saved and wasted, and what the ledger suggests."""
        store, catalog = self._office.settled(), catalogue.load()
        prices = (*catalog.prices, *self._own_prices)
        return reported(store, asked, catalog, prices, Keyring(store).list())

    def daily(self, day: date) -> Daily:
        """The report of one day."""
        store, catalog = self._office.settled(), catalogue.load()
        prices = Prices((*catalog.prices, *self._own_prices))
        keys, now_us = Keyring(store).list(), time.time_ns() // 1000
        grounds = Grounds(catalog, prices, keys, self._settings.budgets, now_us)
        return daily(store, day, self._settings.report.time_zone, grounds)

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

    def daily(self, day: date) -> Daily:
        """The report of one day."""
        asked = {"day": day.isoformat()}
        return msgspec.convert(self._gateway.get("/api/report/daily", asked), Daily)

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
        yield HomeReports(office, settings)
    finally:
        office.close()


def _query(asked: msgspec.Struct) -> dict[str, str]:
    """A record as parameters: what is None is left out."""
    given = msgspec.to_builtins(asked)
    return {name: str(value) for name, value in given.items() if value is not None}
