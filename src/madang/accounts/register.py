"""All accounts, in memory as the store has them, and what may be done to one.

Rule: whatever changes an account or its credit counts up one revision, by which every process takes
the change over within a second (`Register.refresh`).
"""

import secrets
import threading
from collections.abc import Mapping

from msgspec import Struct, structs

from madang.accounts.zones import zone
from madang.config.sections.plans import DEFAULT_PLANS, Plan
from madang.errors import Conflict, InvalidRequest, NotFound
from madang.ledger.tables import credit
from madang.ledger.tables.credit import Entry, Kind
from madang.model.money import dollars, nusd_of
from madang.state.store import Row, Store, Transaction

_GONE = Plan(prepaid=True)
"""For an account whose plan is not configured any more: no limit is known, and its credit still ends."""


class Account(Struct, frozen=True, kw_only=True):
    """An account. Moments are Unix seconds; `time_zone` is an IANA name, in which its days begin."""

    id: str
    name: str
    plan: str
    time_zone: str
    created_at: int
    closed_at: int | None = None


class Allowance(Struct, frozen=True, kw_only=True):
    """What an account may use now, over all its keys.

    `limits`: of its plan, by name (see `config.sections.plans.LIMITS`). `cap_nusd`: what its usage may reach
    since ever (None: it needs no credit). It is below zero where more was paid back than paid.
    """

    account_id: str
    plan: str
    limits: dict[str, int]
    cap_nusd: int | None
    time_zone: str


class Posting(Struct, frozen=True, kw_only=True):
    """Credit that somebody gives or takes: signed nano-dollars, and why.

    `reference` makes it unique: posted again, it is there already. None: one is made up.
    """

    kind: Kind
    nusd: int
    actor: str
    note: str = ""
    reference: str | None = None


class Register:
    """The accounts of an installation. `plans` may be replaced at any moment. Clock readings are Unix seconds."""

    def __init__(self, store: Store, plans: Mapping[str, Plan] | None = None) -> None:
        self.plans: Mapping[str, Plan] = DEFAULT_PLANS if plans is None else plans
        self._store = store
        self._revision = 0
        self._refreshing = threading.Lock()  # else an older reading could be stored over a newer
        self._by_id: dict[str, Account] = {}
        self._given: dict[str, int] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Take over what changed in the store; False: nothing did. Costs one look-up."""
        with self._refreshing:
            revision = self._store.revision(credit.REVISION)
            if revision == self._revision:
                return False
            if revision < self._revision:
                self._revision = 0  # an older store was put back: read all of it
            changed = "SELECT * FROM accounts WHERE revision > ?"
            for row in self._store.read(changed, (self._revision,)):
                # its credit first: a reader in between sees an old cap, never an account without one
                self._given[row["id"]] = credit.given_nusd(self._store, row["id"])
                self._by_id[row["id"]] = _account(row)
            self._revision = revision
            return True

    @property
    def revision(self) -> int:
        """Up to which change the accounts here are known: another number, and something has changed."""
        return self._revision

    def list(self) -> tuple[Account, ...]:
        """Every account that was ever made, oldest first."""
        return tuple(sorted(self._by_id.values(), key=lambda one: (one.created_at, one.id)))

    def get(self, account_id: str) -> Account:
        """Return an account by its id. Raises NotFound."""
        try:
            return self._by_id[account_id]
        except KeyError:
            raise NotFound(f"There is no account with the id {account_id!r}.") from None

    def balance(self, account_id: str) -> int:
        """What is left of an account's credit, as far as its usage has reached the store."""
        return credit.balance(self._store, self.get(account_id).id)

    def allowance(self, account_id: str) -> Allowance:
        """What an account may use now. No I/O, but for one made elsewhere a moment ago. Raises NotFound."""
        if account_id not in self._by_id:
            self.refresh()
        account = self.get(account_id)
        plan = self.plans.get(account.plan, _GONE)
        return Allowance(
            account_id=account.id,
            plan=account.plan,
            limits=plan.limits,
            cap_nusd=self._given[account_id] if plan.is_prepaid else None,
            time_zone=account.time_zone,
        )

    def used_nusd(self, account_id: str) -> int:
        """What an account has used since ever, as far as it has reached the store."""
        return credit.used_nusd(self._store, account_id)

    def create(
        self, name: str, plan: str, *, time_zone: str = "UTC", now_s: float, actor: str
    ) -> Account:
        """Open an account and grant what its plan gives. Raises InvalidRequest."""
        _check_name(name)
        zone(time_zone)
        row = self._plan(plan)
        account = Account(
            id="acc_" + secrets.token_hex(8),
            name=name,
            plan=plan,
            time_zone=time_zone,
            created_at=int(now_s),
        )
        with self._store.transaction() as transaction:
            transaction.write(_INSERT, structs.asdict(account) | {"revision": 0})
            credit.touch(transaction, account.id)
            if row.credit_usd is not None:
                granted = Posting(
                    kind="grant",
                    nusd=nusd_of(row.credit_usd),
                    actor=actor,
                    note=f"comes with the plan {plan}",
                )
                _post(transaction, account.id, granted, f"grant:{account.id}", now_s)
        return self._fresh(account.id)

    def change_plan(self, account_id: str, plan: str) -> Account:
        """Put an account on another plan. Nothing is granted: that happens once, when it is made."""
        self._plan(plan)
        with self._store.transaction() as transaction:
            _open(transaction, account_id)
            transaction.write("UPDATE accounts SET plan = ? WHERE id = ?", (plan, account_id))
            credit.touch(transaction, account_id)
        return self._fresh(account_id)

    def post(self, account_id: str, posting: Posting, *, now_s: float) -> Entry:
        """Give or take credit; the entry, or the one that its reference made before.

        A refund may not exceed what was paid and not paid back, nor what is left. Raises NotFound,
        Conflict (closed; a reference used otherwise; such a refund) or InvalidRequest.
        """
        reference = _reference(posting)
        with self._store.transaction() as transaction:
            _open(transaction, account_id)
            if posting.kind == "refund" and not credit.is_known(transaction, reference):
                _check_refund(transaction, account_id, posting.nusd)
            entry = _post(transaction, account_id, posting, reference, now_s)
        self.refresh()
        return entry

    def close(self, account_id: str, *, write_off: bool, now_s: float, actor: str) -> Account:
        """End an account for good, and its keys with it.

        What is left of its credit must be paid back first, or lapses by `write_off`; so does a debt.
        Raises NotFound, and Conflict where something is left.
        """
        with self._store.transaction() as transaction:
            _open(transaction, account_id)
            left = credit.balance(transaction, account_id)
            if left and not write_off:
                raise Conflict(
                    f"The account's balance is {dollars(left)} dollars: refund it, or write it off.",
                    code="balance_left",
                )
            if left:
                kind: Kind = "expiry" if left > 0 else "correction"
                note = "written off when the account was closed"
                lapsed = Posting(kind=kind, nusd=-left, actor=actor, note=note)
                _post(transaction, account_id, lapsed, _reference(lapsed), now_s)
            transaction.write(
                "UPDATE keys SET revoked_at = ?, revision = ? "
                "WHERE account_id = ? AND revoked_at IS NULL",
                (int(now_s), transaction.bump("keys"), account_id),
            )
            transaction.write(
                "UPDATE accounts SET closed_at = ? WHERE id = ?", (int(now_s), account_id)
            )
            credit.touch(transaction, account_id)
        return self._fresh(account_id)

    def _fresh(self, account_id: str) -> Account:
        self.refresh()
        return self.get(account_id)

    def _plan(self, name: str) -> Plan:
        try:
            return self.plans[name]
        except KeyError:
            raise InvalidRequest(
                f"There is no plan {name!r}; there are {', '.join(sorted(self.plans))}.",
                param="plan",
            ) from None


_FIELDS = Account.__struct_fields__
_INSERT = (
    f"INSERT INTO accounts ({', '.join(_FIELDS)}, revision) "  # noqa: S608 - names of fields
    f"VALUES ({', '.join(f':{name}' for name in _FIELDS)}, :revision)"
)


def _account(row: Row) -> Account:
    return Account(**{name: row[name] for name in _FIELDS})


def _open(transaction: Transaction, account_id: str) -> None:
    """Raise unless the account is there and open."""
    rows = transaction.read("SELECT closed_at FROM accounts WHERE id = ?", (account_id,))
    if not rows:
        raise NotFound(f"There is no account with the id {account_id!r}.")
    if rows[0]["closed_at"] is not None:
        raise Conflict(f"The account {account_id} is closed.", code="account_closed")


def _post(
    transaction: Transaction, account_id: str, posting: Posting, reference: str, now_s: float
) -> Entry:
    if len(posting.note) > 500 or not posting.note.isprintable():
        raise InvalidRequest("A note has at most 500 characters, on one line.", param="note")
    entry = Entry(
        account_id=account_id,
        at_us=int(now_s * 1_000_000),
        kind=posting.kind,
        nusd=posting.nusd,
        reference=reference,
        actor=posting.actor,
        note=posting.note,
    )
    return credit.post(transaction, entry)


def _reference(posting: Posting) -> str:
    """The reference as it is kept: apart from those of payments, which nobody may take before they come."""
    given = posting.reference
    if given is None:
        return f"{posting.kind}:{secrets.token_hex(8)}"
    if not given.strip() or len(given) > 200 or not given.isprintable():
        raise InvalidRequest("A reference has 1 to 200 characters.", param="reference")
    return f"own:{given}"


def _check_refund(transaction: Transaction, account_id: str, nusd: int) -> None:
    totals = credit.totals(transaction, account_id)
    paid = totals.get("top_up", 0) + totals.get("refund", 0)
    most = min(paid, sum(totals.values()))
    if -nusd > most:
        raise Conflict(
            f"At most {dollars(max(0, most))} dollars can be refunded: what was paid and is left.",
            code="refund_too_large",
        )


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise InvalidRequest("An account needs a name of 1 to 100 characters.", param="name")
