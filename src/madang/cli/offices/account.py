"""Where `madang account` administers: the store of a home folder, or a running gateway over HTTP.

Both answer with the records of `accounts.bureau`, so that a command prints one shape.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from madang.accounts import Register
from madang.accounts.bureau import (
    AccountShown,
    Bureau,
    ChangePlan,
    CloseAccount,
    CreateAccount,
    GiveCredit,
    RefundCredit,
    SettlePayment,
)
from madang.accounts.payments import Payment, Payments
from madang.accounts.statement import Statement
from madang.cli.options.configuration import faults_told, read
from madang.cli.options.office import HomeOffice
from madang.cli.options.place import in_place
from madang.client import Gateway
from madang.config.sections import plans
from madang.ledger.tables.credit import Entry

R = TypeVar("R")
T = TypeVar("T")

_BY = "home"


class AccountOffice(Protocol):
    """What can be asked about accounts; see `accounts.bureau.Bureau`. Everything raises MadangError."""

    def create(self, asked: CreateAccount) -> AccountShown:
        """Open an account."""

    def all(self) -> list[AccountShown]:
        """Every account."""

    def show(self, account_id: str) -> AccountShown:
        """One account."""

    def change_plan(self, account_id: str, asked: ChangePlan) -> AccountShown:
        """Put it on another plan."""

    def give(self, account_id: str, asked: GiveCredit) -> Entry:
        """Give it credit, or correct what it has."""

    def refund(self, account_id: str, asked: RefundCredit) -> Entry:
        """Note that credit was paid back."""

    def close(self, account_id: str, asked: CloseAccount) -> AccountShown:
        """End it."""

    def statement(self, account_id: str, first: date | None, last: date | None) -> Statement:
        """What there was, came, went and is left."""

    def waiting(self) -> list[Payment]:
        """Payments that wait for a decision."""

    def settle(self, payment_id: str, asked: SettlePayment) -> Payment:
        """Decide about one."""


class HomeAccounts:
    """The accounts of a home folder; a gateway that runs on it notices changes by itself."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau
        self.all = bureau.all
        self.show = bureau.show
        self.change_plan = bureau.change_plan
        self.statement = bureau.statement
        self.waiting = bureau.waiting

    def create(self, asked: CreateAccount) -> AccountShown:
        """Open an account."""
        return self._bureau.create(asked, by=_BY)

    def give(self, account_id: str, asked: GiveCredit) -> Entry:
        """Give it credit, or correct what it has."""
        return self._bureau.give(account_id, asked, by=_BY)

    def refund(self, account_id: str, asked: RefundCredit) -> Entry:
        """Note that credit was paid back."""
        return self._bureau.refund(account_id, asked, by=_BY)

    def close(self, account_id: str, asked: CloseAccount) -> AccountShown:
        """End it."""
        return self._bureau.close(account_id, asked, by=_BY)

    def settle(self, payment_id: str, asked: SettlePayment) -> Payment:
        """Decide about a payment that waits."""
        return self._bureau.settle(payment_id, asked, by=_BY)


class RemoteAccounts:
    """The accounts of a running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def create(self, asked: CreateAccount) -> AccountShown:
        """Open an account."""
        return self._post("/api/accounts", asked, AccountShown)

    def all(self) -> list[AccountShown]:
        """Every account."""
        return msgspec.convert(self._gateway.get("/api/accounts"), list[AccountShown])

    def show(self, account_id: str) -> AccountShown:
        """One account."""
        return msgspec.convert(self._gateway.get(_path(account_id)), AccountShown)

    def change_plan(self, account_id: str, asked: ChangePlan) -> AccountShown:
        """Put it on another plan."""
        return self._post(_path(account_id, "/plan"), asked, AccountShown)

    def give(self, account_id: str, asked: GiveCredit) -> Entry:
        """Give it credit, or correct what it has."""
        return self._post(_path(account_id, "/credit"), asked, Entry)

    def refund(self, account_id: str, asked: RefundCredit) -> Entry:
        """Note that credit was paid back."""
        return self._post(_path(account_id, "/refund"), asked, Entry)

    def close(self, account_id: str, asked: CloseAccount) -> AccountShown:
        """End it."""
        return self._post(_path(account_id, "/close"), asked, AccountShown)

    def statement(self, account_id: str, first: date | None, last: date | None) -> Statement:
        """What there was, came, went and is left."""
        days = {name: day.isoformat() for name, day in (("from", first), ("to", last)) if day}
        path = _path(account_id, "/statement") + (f"?{urlencode(days)}" if days else "")
        return msgspec.convert(self._gateway.get(path), Statement)

    def waiting(self) -> list[Payment]:
        """Payments that wait for a decision."""
        return msgspec.convert(self._gateway.get("/api/payments"), list[Payment])

    def settle(self, payment_id: str, asked: SettlePayment) -> Payment:
        """Decide about one."""
        return self._post(f"/api/payments/{quote(payment_id, safe='')}/settle", asked, Payment)

    def _post(self, path: str, asked: msgspec.Struct, gives: type[T]) -> T:
        reply = self._gateway.call("POST", path, msgspec.to_builtins(asked))
        return msgspec.convert(reply.json(), gives)


def at_accounts(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--home`, `--url`, `--key` and `--config`, and call it with the accounts they lead to."""
    return in_place(_accounts, function)


@contextmanager
def _accounts(home: Path, gateway: Gateway | None, config: Path | None) -> Iterator[AccountOffice]:
    if gateway is not None:
        yield RemoteAccounts(gateway)
        return
    with faults_told():
        settings = read(config, home).settings
    office = HomeOffice(home)
    try:
        office.made()  # accounts may be made before the gateway was ever started
        store = office.settled()
        register = Register(store, plans.in_force(settings.plans))
        yield HomeAccounts(Bureau(store, register, Payments(store, settings.payments.rates)))
    finally:
        office.close()


def _path(account_id: str, rest: str = "") -> str:
    return f"/api/accounts/{quote(account_id, safe='')}{rest}"
