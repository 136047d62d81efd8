"""Accounts, their credit and their payments, as rows of the administration."""

from datetime import date

import msgspec

from madang.accounts.bureau import (
    AccountShown,
    Bureau,
    ChangePlan,
    CloseAccount,
    CreateAccount,
    GiveCredit,
    PlanShown,
    RefundCredit,
    SettlePayment,
)
from madang.accounts.payments import Payment
from madang.accounts.statement import Statement
from madang.ledger.tables.credit import Entry
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime

_CATCH_UP_S = 5.0


class Days(msgspec.Struct, rename={"first": "from", "last": "to"}):
    """Days of the account's time zone, both included; this month so far unless given."""

    first: date | None = None
    last: date | None = None


def create_account(runtime: Runtime, _: str, body: CreateAccount, by: str) -> AccountShown:
    """Open an account; what its plan grants is granted."""
    return _bureau(runtime).create(body, by=by)


def list_accounts(runtime: Runtime, _: str, __: None) -> list[AccountShown]:
    """All accounts with their balances, closed ones included."""
    return _bureau(runtime).all()


def get_account(runtime: Runtime, account_id: str, _: None) -> AccountShown:
    """One account."""
    return _bureau(runtime).show(account_id)


def change_plan(runtime: Runtime, account_id: str, body: ChangePlan) -> AccountShown:
    """Put an account on another plan; everywhere within a second."""
    return _bureau(runtime).change_plan(account_id, body)


def give_credit(runtime: Runtime, account_id: str, body: GiveCredit, by: str) -> Entry:
    """Give an account credit, or correct what it has; the same reference again changes nothing."""
    return _bureau(runtime).give(account_id, body, by=by)


def refund_credit(runtime: Runtime, account_id: str, body: RefundCredit, by: str) -> Entry:
    """Note that paid credit was paid back by other means than a payment provider."""
    runtime.ingest.catch_up(_CATCH_UP_S)
    return _bureau(runtime).refund(account_id, body, by=by)


def close_account(runtime: Runtime, account_id: str, body: CloseAccount, by: str) -> AccountShown:
    """End an account and its keys; refused while it has credit or a debt that is not to be written off."""
    runtime.ingest.catch_up(_CATCH_UP_S)
    closed = _bureau(runtime).close(account_id, body, by=by)
    runtime.keyring.refresh()
    return closed


def get_statement(runtime: Runtime, account_id: str, days: Days) -> Statement:
    """What there was, what came and went, and what is left, to the nano-dollar."""
    runtime.ingest.catch_up(_CATCH_UP_S)
    return _bureau(runtime).statement(account_id, days.first, days.last)


def list_plans(runtime: Runtime, _: str, __: None) -> list[PlanShown]:
    """The plans in force."""
    return _bureau(runtime).plans()


def list_waiting_payments(runtime: Runtime, _: str, __: None) -> list[Payment]:
    """Payments that came in and wait for a decision: no account, or no rate."""
    return _bureau(runtime).waiting()


def settle_payment(runtime: Runtime, payment_id: str, body: SettlePayment, by: str) -> Payment:
    """Credit a payment that waits, or set it aside as none of ours."""
    return _bureau(runtime).settle(payment_id, body, by=by)


def _bureau(runtime: Runtime) -> Bureau:
    return Bureau(runtime.store, runtime.accounts, runtime.desk.payments)


ACCOUNTS = (
    Operation(
        "POST", "/api/accounts", create_account, AccountShown, CreateAccount, 201, signed=True
    ),
    Operation("GET", "/api/accounts", list_accounts, list[AccountShown]),
    Operation("GET", "/api/accounts/{id}", get_account, AccountShown),
    Operation("POST", "/api/accounts/{id}/plan", change_plan, AccountShown, ChangePlan),
    Operation("POST", "/api/accounts/{id}/credit", give_credit, Entry, GiveCredit, signed=True),
    Operation("POST", "/api/accounts/{id}/refund", refund_credit, Entry, RefundCredit, signed=True),
    Operation(
        "POST", "/api/accounts/{id}/close", close_account, AccountShown, CloseAccount, signed=True
    ),
    Operation("GET", "/api/accounts/{id}/statement", get_statement, Statement, query=Days),
    Operation("GET", "/api/plans", list_plans, list[PlanShown]),
    Operation("GET", "/api/payments", list_waiting_payments, list[Payment]),
    Operation(
        "POST", "/api/payments/{id}/settle", settle_payment, Payment, SettlePayment, signed=True
    ),
)
"""Rows whose functions also get the id of the key that asks are `signed`."""
