"""What people ask of accounts, in the words of the HTTP API and of the commands, and what they are shown.

One rule: an amount is text in dollars (`12.50`) and read exactly; who asks is noted with what it
changes.
"""

import time
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec
from msgspec import Struct

from madang.accounts.payments import Decision, Payment, Payments
from madang.accounts.rates import Rate
from madang.accounts.register import Account, Posting, Register
from madang.accounts.statement import Statement, statement
from madang.accounts.zones import day_of, zone
from madang.config.sections.plans import Plan
from madang.errors import InvalidRequest
from madang.keys import parse_usd
from madang.ledger.tables import credit
from madang.ledger.tables.credit import Entry
from madang.state.store import Store


class CreateAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to open. `time_zone`: an IANA name, in which its days begin."""

    name: str
    plan: str = "starter"
    time_zone: str = "UTC"


class ChangePlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plan that an account is to be on."""

    plan: str


class GiveCredit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credit to give, or to take by a `correction` that is a `debit`.

    `usd`: a decimal as text. `reference`: with the same one again nothing more is given.
    """

    usd: str
    kind: Literal["top_up", "grant", "correction"] = "top_up"
    debit: bool = False
    reference: str | None = None
    note: str = ""


class RefundCredit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credit that was paid back by other means than the payment provider; fields as in `GiveCredit`."""

    usd: str
    reference: str | None = None
    note: str = ""


class CloseAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`write_off`: what is left of the credit, or a debt, lapses."""

    write_off: bool = False


class SettlePayment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with a payment that waits: credit it to an account, or (without one) set it aside as none of ours.

    `per_usd`: so many of its currency make a dollar, a decimal as text, and `source` says so; else
    the configured rate.
    """

    account_id: str | None = None
    per_usd: str | None = None
    source: str | None = None


class AccountShown(Struct, frozen=True, kw_only=True):
    """An account. Moments are Unix seconds. `cap_nusd`: what its usage may reach; None: it needs no credit."""

    id: str
    name: str
    plan: str
    time_zone: str
    created_at: int
    closed_at: int | None
    balance_nusd: int
    cap_nusd: int | None
    limits: dict[str, int]


class PlanShown(Struct, frozen=True, kw_only=True):
    """A plan in force; see `config.sections.plans.Plan`."""

    name: str
    plan: Plan
    prepaid: bool


class Bureau:
    """Answers whoever administers accounts. `by` is who asks: the id of a key, or `home`."""

    def __init__(self, store: Store, register: Register, payments: Payments) -> None:
        self._store = store
        self._register = register
        self._payments = payments

    def create(self, asked: CreateAccount, *, by: str) -> AccountShown:
        """Open an account; its plan's credit is granted."""
        made = self._register.create(
            asked.name, asked.plan, time_zone=asked.time_zone, now_s=time.time(), actor=by
        )
        return self.show(made.id)

    def all(self) -> list[AccountShown]:
        """Every account that was ever made."""
        self._register.refresh()
        balances = credit.balances(self._store)
        return [self._shown(one, balances.get(one.id, 0)) for one in self._register.list()]

    def show(self, account_id: str) -> AccountShown:
        """One account."""
        self._register.refresh()
        return self._shown(self._register.get(account_id), self._register.balance(account_id))

    def plans(self) -> list[PlanShown]:
        """The plans in force."""
        plans = sorted(self._register.plans.items())
        return [PlanShown(name=name, plan=one, prepaid=one.is_prepaid) for name, one in plans]

    def change_plan(self, account_id: str, asked: ChangePlan) -> AccountShown:
        """Put an account on another plan."""
        self._register.change_plan(account_id, asked.plan)
        return self.show(account_id)

    def give(self, account_id: str, asked: GiveCredit, *, by: str) -> Entry:
        """Give credit, or correct it."""
        if asked.debit and asked.kind != "correction":
            raise InvalidRequest("Only a correction can be a debit.", param="debit")
        posting = Posting(
            kind=asked.kind,
            nusd=-parse_usd(asked.usd) if asked.debit else parse_usd(asked.usd),
            actor=by,
            note=asked.note,
            reference=asked.reference,
        )
        return self._register.post(account_id, posting, now_s=time.time())

    def refund(self, account_id: str, asked: RefundCredit, *, by: str) -> Entry:
        """Note that credit was paid back."""
        posting = Posting(
            kind="refund",
            nusd=-parse_usd(asked.usd),
            actor=by,
            note=asked.note,
            reference=asked.reference,
        )
        return self._register.post(account_id, posting, now_s=time.time())

    def close(self, account_id: str, asked: CloseAccount, *, by: str) -> AccountShown:
        """End an account, and its keys with it."""
        self._register.close(account_id, write_off=asked.write_off, now_s=time.time(), actor=by)
        return self.show(account_id)

    def statement(self, account_id: str, first: date | None, last: date | None) -> Statement:
        """The statement over days of the account's time zone, both included; this month so far unless given."""
        self._register.refresh()
        account = self._register.get(account_id)
        today = day_of(time.time_ns() // 1000, zone(account.time_zone))
        last = last or today
        return statement(self._store, account, first or last.replace(day=1), last)

    def waiting(self) -> list[Payment]:
        """Payments that nobody was credited for yet."""
        return self._payments.waiting()

    def settle(self, payment_id: str, asked: SettlePayment, *, by: str) -> Payment:
        """Credit a payment that waits, or set it aside."""
        decision = Decision(actor=by, account_id=asked.account_id, rate=_rate(asked))
        return self._payments.decide(payment_id, decision, now_us=time.time_ns() // 1000)

    def _shown(self, account: Account, balance_nusd: int) -> AccountShown:
        allowance = self._register.allowance(account.id)
        facts: dict[str, Any] = msgspec.structs.asdict(account)
        return AccountShown(
            **facts,
            balance_nusd=balance_nusd,
            cap_nusd=allowance.cap_nusd,
            limits=allowance.limits,
        )


def _rate(asked: SettlePayment) -> Rate | None:
    """The rate that is given. Raises InvalidRequest."""
    if asked.per_usd is None and asked.source is None:
        return None
    try:
        per_usd = Decimal(asked.per_usd or "")
    except InvalidOperation:
        per_usd = Decimal(0)
    source = (asked.source or "").strip()
    if not (per_usd.is_finite() and Decimal("1e-9") <= per_usd <= Decimal("1e9")):
        raise InvalidRequest("`per_usd` says how many make a dollar, such as 1391.50.")
    if not source or len(source) > 200 or not source.isprintable():
        raise InvalidRequest("`source` says in a line where the rate is from.", param="source")
    return Rate(per_usd, source)
