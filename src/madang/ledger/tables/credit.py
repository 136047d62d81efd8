"""The ledger of credit: what accounts were given, paid, got back and used, in nano-dollars.

Rule: an account's balance is the sum of its rows in the view `credit`, and nothing else. Entries
are only ever added, each under a reference of its own, so that whatever is told twice counts once;
the store refuses to change them. Usage is entered from the same rows and in the same transaction as
the attempts.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from madang.errors import Conflict, InvalidRequest
from madang.ledger.tables.rollups import MEASURES
from madang.state.store import Row, Store, Transaction

Kind = Literal["grant", "top_up", "refund", "correction", "expiry"]
"""grant: given. top_up: paid for. refund: paid back (above zero: a refund that failed). expiry: lapsed.

correction: a mistake put right.
"""

REVISION = "accounts"
"""What running processes watch (see `Store.revision`): accounts and their credit."""

MOST_NUSD = 10**16
"""Ten million dollars: no entry is larger, and what asks for one is a mistake."""

_MOST_BALANCE_NUSD = 10**18


Reader = Store | Transaction


class Entry(Struct, frozen=True, kw_only=True):
    """One entry. `nusd` is signed: what it adds to the balance. `at_us` is Unix time, wall clock.

    `actor` is who made it: the id of a key, `home` (a command on the machine itself), or the payment
    provider. With a payment: its id, `amount` of `currency` (decimal text, major unit), how many of
    it make a dollar, and who says so.
    """

    account_id: str
    at_us: int
    kind: Kind
    nusd: int
    reference: str
    actor: str
    note: str = ""
    payment_id: str | None = None
    currency: str | None = None
    amount: str | None = None
    per_usd: str | None = None
    rate_source: str | None = None


def post(transaction: Transaction, entry: Entry) -> Entry:
    """Enter it; return it, or the one that is there already under its reference and says the same.

    Raises Conflict when that says something else, InvalidRequest for an amount nobody can mean.
    """
    if not 0 < abs(entry.nusd) <= MOST_NUSD:
        raise InvalidRequest("An amount is above zero and at most 10,000,000 dollars.")
    known = transaction.read(_BY_REFERENCE, (entry.reference,))
    if known:
        return _same(_entry(known[0]), entry)
    if balance(transaction, entry.account_id) + entry.nusd > _MOST_BALANCE_NUSD:
        raise InvalidRequest("No account holds more than 1,000,000,000 dollars.")
    transaction.write(_INSERT, structs.asdict(entry))
    touch(transaction, entry.account_id)
    return entry


def is_known(reader: Reader, reference: str) -> bool:
    """Whether an entry with this reference was made."""
    return bool(reader.read(_BY_REFERENCE, (reference,)))


def enter_usage(transaction: Transaction, last_seq: int) -> None:
    """Enter what the attempts after `last_seq` cost their accounts; in the transaction that entered them."""
    transaction.write(_CHARGE, (last_seq,))


def touch(transaction: Transaction, account_id: str) -> None:
    """Let running processes notice that an account or its credit changed."""
    transaction.write(
        "UPDATE accounts SET revision = ? WHERE id = ?", (transaction.bump(REVISION), account_id)
    )


def balance(reader: Reader, account_id: str, before_us: int | None = None) -> int:
    """The sum of an account's rows, of all or of those before a moment (Unix µs)."""
    return sum(totals(reader, account_id, before_us).values())


def balances(reader: Reader) -> dict[str, int]:
    """The sums of all accounts that have any row."""
    rows = reader.read("SELECT account_id, sum(nusd) AS nusd FROM credit GROUP BY account_id")
    return {row["account_id"]: row["nusd"] for row in rows}


def totals(reader: Reader, account_id: str, before_us: int | None = None) -> dict[str, int]:
    """The same by kind: those of `Kind`, `usage`, and `rerated` (a price that was put right)."""
    sql = "SELECT kind, sum(nusd) AS nusd FROM credit WHERE account_id = ?"
    params: list[str | int] = [account_id]
    if before_us is not None:
        sql += " AND at_us < ?"
        params.append(before_us)
    rows = reader.read(sql + " GROUP BY kind", params)
    return {row["kind"]: row["nusd"] for row in rows}


def given_nusd(reader: Reader, account_id: str) -> int:
    """All that an account was given and paid, less what it got back: what its usage may reach.

    Looks at no usage: running processes ask for it whenever credit has changed.
    """
    given: int = reader.read(_GIVEN, (account_id,))[0]["nusd"]
    return given


def used_nusd(reader: Reader, account_id: str) -> int:
    """What an account has used since ever."""
    sql = "SELECT coalesce(sum(nusd), 0) AS nusd FROM account_usage WHERE account_id = ?"
    used: int = reader.read(sql, (account_id,))[0]["nusd"]
    return used


def entries(reader: Reader, account_id: str, from_us: int, to_us: int) -> list[Entry]:
    """Entries from a moment until before another, in the order in which they were made."""
    sql = "SELECT * FROM credit_entries WHERE account_id = ? AND at_us >= ? AND at_us < ? ORDER BY seq"
    return [_entry(row) for row in reader.read(sql, (account_id, from_us, to_us))]


def of_payment(reader: Reader, payment_id: str) -> list[Entry]:
    """Every entry that a payment caused."""
    sql = "SELECT * FROM credit_entries WHERE payment_id = ? ORDER BY seq"
    return [_entry(row) for row in reader.read(sql, (payment_id,))]


def rerated(reader: Reader, account_id: str, from_us: int, to_us: int) -> list[Row]:
    """What corrected prices changed: `at_us`, `nusd` (signed), `reference` (the model)."""
    sql = (
        "SELECT at_us, nusd, reference FROM credit "
        "WHERE account_id = ? AND at_us >= ? AND at_us < ? AND kind = 'rerated' ORDER BY at_us"
    )
    return reader.read(sql, (account_id, from_us, to_us))


def usage(reader: Reader, account_id: str, from_us: int, to_us: int) -> list[Row]:
    """Rows of `account_usage` whose quarter of an hour begins in the period, oldest first."""
    sql = (
        "SELECT * FROM account_usage WHERE account_id = ? "
        "AND at_s * 1000000 >= ? AND at_s * 1000000 < ? ORDER BY at_s, model"
    )
    return reader.read(sql, (account_id, from_us, to_us))


_FIELDS: Sequence[str] = Entry.__struct_fields__
_INSERT = (
    f"INSERT INTO credit_entries ({', '.join(_FIELDS)}) "  # noqa: S608 - names of fields
    f"VALUES ({', '.join(f':{name}' for name in _FIELDS)})"
)
_GIVEN = (
    "SELECT coalesce((SELECT sum(nusd) FROM credit_entries WHERE account_id = ?1), 0) "
    "- coalesce((SELECT sum(cost_nusd) FROM corrections "
    "WHERE account_id = ?1 AND kind = 'rerated'), 0) AS nusd"
)
_BY_REFERENCE = "SELECT * FROM credit_entries WHERE reference = ?"

_COUNTED = ("requests", "unpriced_requests", "input_tokens", "output_tokens")
_CHARGE = (
    f"INSERT INTO account_usage (account_id, at_s, model, {', '.join(_COUNTED)}, nusd) "  # noqa: S608 - constants
    "SELECT account_id, at_us / 900000000 * 900, model, "
    f"{', '.join(f'sum({MEASURES[name]})' for name in _COUNTED)}, sum({MEASURES['cost_nusd']}) "
    "FROM attempts WHERE seq > ? AND account_id IS NOT NULL GROUP BY 1, 2, 3 "
    "ON CONFLICT DO UPDATE SET nusd = nusd + excluded.nusd, "
    f"{', '.join(f'{name} = {name} + excluded.{name}' for name in _COUNTED)}"
)


def _entry(row: Row) -> Entry:
    return Entry(**{name: row[name] for name in _FIELDS})


def _same(known: Entry, entry: Entry) -> Entry:
    if (known.account_id, known.kind, known.nusd) != (entry.account_id, entry.kind, entry.nusd):
        raise Conflict(f"Another entry has the reference {entry.reference!r} already.")
    return known
