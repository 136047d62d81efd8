"""Payments: what payment providers tell of them, kept, and turned into credit exactly once.

Rule: a notice is a state, not a change. It is taken into `payments` and `payment_refunds`, and then
the entries that are still missing are made; so notices may come twice, in any order, or after a
crash, and the credit is the same. What cannot be credited (no account, no rate) waits for somebody
to decide; money never vanishes.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from madang.accounts.notices import Notice, Refund, is_sound
from madang.accounts.rates import Rate, part, rate_of
from madang.config.sections.payments import ExchangeRate
from madang.errors import Conflict, InvalidRequest, NotFound
from madang.ledger.tables import credit
from madang.ledger.tables.credit import Entry
from madang.state.store import Row, Store, Transaction


class Payment(Struct, frozen=True, kw_only=True):
    """A payment as it is kept. `amount` is decimal text in the major unit of `currency`.

    `credited_nusd` None: it waits, for the reason `waits`. Zero: somebody said that it is none of
    ours. `refunded`: what was given back of the amount.
    """

    id: str
    provider: str
    named: str
    account_id: str | None
    currency: str
    amount: str
    refunded: str
    received_us: int
    credited_nusd: int | None
    waits: str | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """What somebody decides about a payment that waits.

    `account_id` None: it is none of ours. `rate` None: the configured one.
    """

    actor: str
    account_id: str | None
    rate: Rate | None = None


class Payments:
    """The payments of an installation. `rates` may be replaced at any moment."""

    def __init__(self, store: Store, rates: Mapping[str, ExchangeRate]) -> None:
        self.rates = rates
        self._store = store

    def receive(self, notice: Notice, *, now_us: int) -> bool:
        """Take a genuine notice in; whether it made an entry.

        Raises InvalidRequest for absurd amounts, and for refunds in another currency than was paid.
        """
        _check(notice)
        with self._store.transaction(durable=True) as transaction:
            before = len(credit.of_payment(transaction, notice.id))
            _check_currency(_find(transaction, notice.id), notice)
            _remember(transaction, notice, now_us)
            row = _find(transaction, notice.id)
            if row is not None:
                if row["credited_nusd"] is None:
                    self._credit_if_clear(transaction, row, now_us)
                _settle_refunds(transaction, notice.id, notice.provider, now_us)
            return len(credit.of_payment(transaction, notice.id)) > before

    def waiting(self) -> list[Payment]:
        """Payments that nobody was credited for, oldest first, each with its reason."""
        with self._store.transaction() as transaction:
            rows = transaction.read(
                "SELECT * FROM payments WHERE credited_nusd IS NULL ORDER BY received_us, id"
            )
            return [self._shown(transaction, row) for row in rows]

    def get(self, payment_id: str) -> Payment:
        """One payment. Raises NotFound."""
        with self._store.transaction() as transaction:
            return self._shown(transaction, _known(transaction, payment_id))

    def decide(self, payment_id: str, decision: Decision, *, now_us: int) -> Payment:
        """Credit a payment that waits, or set it aside. Raises NotFound, Conflict or InvalidRequest."""
        with self._store.transaction(durable=True) as transaction:
            row = _known(transaction, payment_id)
            if row["credited_nusd"] is not None:
                raise Conflict(f"The payment {payment_id} is settled already.")
            if decision.account_id is None:
                _settled(transaction, payment_id, None, 0)
                return self._shown(transaction, _known(transaction, payment_id))
            if not _is_open(transaction, decision.account_id):
                raise InvalidRequest(f"There is no open account {decision.account_id!r}.")
            rate = decision.rate or rate_of(row["currency"], self.rates)
            if rate is None:
                raise InvalidRequest(
                    f"There is no rate for {row['currency']}: say how many make a dollar, and who says so.",
                    param="per_usd",
                )
            _credit(transaction, row, decision.account_id, rate, (decision.actor, now_us))
            _settle_refunds(transaction, payment_id, decision.actor, now_us)
            return self._shown(transaction, _known(transaction, payment_id))

    def _credit_if_clear(self, transaction: Transaction, row: Row, now_us: int) -> None:
        rate = rate_of(row["currency"], self.rates)
        if rate is not None and self._obstacle(transaction, row) is None:
            _credit(transaction, row, row["named"], rate, (row["provider"], now_us))

    def _obstacle(self, transaction: Transaction, row: Row) -> str | None:
        """Why a payment cannot be credited without somebody's decision; None: it can."""
        if not row["named"]:
            return "it names no account"
        if not _is_open(transaction, row["named"]):
            return "the account that it names is not here, or closed"
        rate = rate_of(row["currency"], self.rates)
        if rate is None:
            return f"there is no rate for {row['currency']}"
        if not 0 < rate.nusd(Decimal(row["amount"])) <= credit.MOST_NUSD:
            return "its amount is too large or too small for an entry"
        return None

    def _shown(self, transaction: Transaction, row: Row) -> Payment:
        waits = None
        if row["credited_nusd"] is None:
            waits = self._obstacle(transaction, row) or "it came before what it needed was known"
        refunded = _refunded(transaction, row["id"])
        return Payment(**dict(row), refunded=f"{refunded:f}", waits=waits)


def _check(notice: Notice) -> None:
    sums = [refund.amount for refund in notice.refunds if refund.amount != 0]
    if notice.paid:
        sums.append(notice.amount)
    if not all(map(is_sound, sums)):
        raise InvalidRequest("The amount of this payment cannot be meant.")


def _check_currency(known: Row | None, notice: Notice) -> None:
    """What part of a payment is refunded can only be told in its own currency."""
    if known is not None and notice.refunds and known["currency"] != notice.currency:
        raise InvalidRequest("A refund has another currency than its payment.")


def _remember(transaction: Transaction, notice: Notice, now_us: int) -> None:
    """What the notice says is kept; nothing that is known is forgotten for it."""
    if notice.paid:
        transaction.write(
            "INSERT INTO payments (id, provider, named, currency, amount, received_us) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET named = excluded.named "
            "WHERE named = ''",
            (
                notice.id,
                notice.provider,
                notice.named[:200],
                notice.currency,
                f"{notice.amount:f}",
                now_us,
            ),
        )
    known = {row["id"]: row for row in _refund_rows(transaction, notice.id)}
    for refund in notice.refunds:
        transaction.write(
            "INSERT INTO payment_refunds VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET amount = excluded.amount, failed = excluded.failed",
            (notice.id, refund.id, *_merged(known.get(refund.id), refund), now_us),
        )


def _merged(known: Row | None, refund: Refund) -> tuple[str, bool]:
    """Amount and whether it failed: totals only grow, and what failed for good stays so."""
    if known is None:
        return f"{refund.amount:f}", refund.failed
    amount = max(refund.amount, Decimal(known["amount"]))
    failed = refund.failed or (bool(known["failed"]) and not refund.may_return)
    return f"{amount:f}", failed


def _credit(
    transaction: Transaction, row: Row, account_id: str, rate: Rate, by: tuple[str, int]
) -> None:
    """Enter the top-up; `by` is who and when (Unix µs)."""
    nusd = rate.nusd(Decimal(row["amount"]))
    entry = Entry(
        account_id=account_id,
        at_us=by[1],
        kind="top_up",
        nusd=nusd,
        reference=row["id"],
        actor=by[0],
        payment_id=row["id"],
        currency=row["currency"],
        amount=row["amount"],
        per_usd=f"{rate.per_usd:f}",
        rate_source=rate.source,
    )
    credit.post(transaction, entry)
    _settled(transaction, row["id"], account_id, nusd)


def _settled(transaction: Transaction, payment_id: str, account_id: str | None, nusd: int) -> None:
    transaction.write(
        "UPDATE payments SET account_id = ?, credited_nusd = ? WHERE id = ?",
        (account_id, nusd, payment_id),
    )


def _settle_refunds(transaction: Transaction, payment_id: str, actor: str, now_us: int) -> None:
    """Take back, or give again, what the refunds of a credited payment come to and is not entered yet."""
    made = credit.of_payment(transaction, payment_id)
    if not made:
        return
    paid = made[0]
    refunded = _refunded(transaction, payment_id)
    due = part(paid.nusd, refunded, Decimal(paid.amount or 0))
    difference = due + sum(entry.nusd for entry in made[1:])
    if difference == 0:
        return
    entry = Entry(
        account_id=paid.account_id,
        at_us=now_us,
        kind="refund",
        nusd=-difference,
        reference=f"{payment_id}:refund:{len(made)}",
        actor=actor,
        note=f"{refunded:f} of {paid.amount} {paid.currency} are refunded",
        payment_id=payment_id,
        currency=paid.currency,
        per_usd=paid.per_usd,
        rate_source=paid.rate_source,
    )
    credit.post(transaction, entry)


def _refunded(transaction: Transaction, payment_id: str) -> Decimal:
    """How much of a payment was given back.

    The provider may tell of refunds one by one, by their total, or both, and some of it may still be
    on its way: the larger of the two is nearest to the truth. What failed is with us again.
    """
    rows = _refund_rows(transaction, payment_id)
    total = sum((Decimal(row["amount"]) for row in rows if not row["id"]), Decimal(0))
    singly = sum((Decimal(row["amount"]) for row in rows if row["id"]), Decimal(0))
    failed = sum((Decimal(row["amount"]) for row in rows if row["failed"]), Decimal(0))
    return max(Decimal(0), max(total, singly) - failed)


def _refund_rows(transaction: Transaction, payment_id: str) -> list[Row]:
    return transaction.read("SELECT * FROM payment_refunds WHERE payment_id = ?", (payment_id,))


def _find(transaction: Transaction, payment_id: str) -> Row | None:
    rows = transaction.read("SELECT * FROM payments WHERE id = ?", (payment_id,))
    return rows[0] if rows else None


def _known(transaction: Transaction, payment_id: str) -> Row:
    row = _find(transaction, payment_id)
    if row is None:
        raise NotFound(f"There is no payment with the id {payment_id!r}.")
    return row


def _is_open(transaction: Transaction, account_id: str) -> bool:
    sql = "SELECT 1 FROM accounts WHERE id = ? AND closed_at IS NULL"
    return bool(transaction.read(sql, (account_id,)))
