"""The balance of an account is the sum of its entries, whatever happens in whatever order."""

import tempfile
from collections import defaultdict
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from madang.accounts import Register
from madang.accounts.notices import Notice, Refund
from madang.accounts.payments import Payments
from madang.accounts.register import Posting
from madang.errors import Conflict
from madang.ledger.tables import credit
from madang.ledger.tables.attempts import record
from madang.model import Attempt
from madang.state.store import Store
from stand.payments import RATES

NOW_S = 1_795_132_800
PER_USD = {"USD": Decimal(1), "KRW": Decimal("1391.5"), "EUR": Decimal("0.92")}


class Died(Exception):
    """The process is gone in the middle of a transaction."""


class Mortal(Store):
    """A real store whose process can be made to die at its n-th write."""

    writes_left = None

    @contextmanager
    def transaction(self, *, durable=False):
        with super().transaction(durable=durable) as transaction:
            yield _Counted(transaction, self)


class _Counted:
    def __init__(self, transaction, store):
        self._transaction, self._store = transaction, store
        self.read = transaction.read

    def write(self, sql, params=()):
        if self._store.writes_left is not None:
            self._store.writes_left -= 1
            if self._store.writes_left < 0:
                raise Died
        return self._transaction.write(sql, params)

    def bump(self, name):
        return self._transaction.bump(name)


def rounded(value):
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


class Bank(RuleBasedStateMachine):
    """Against it stands plain arithmetic: what was granted, paid, paid back and used, per account."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Mortal(Path(self.folder.name))
        self.register = Register(self.store)
        self.payments = Payments(self.store, RATES)
        self.ids = [
            self.register.create(name, "starter", now_s=NOW_S, actor="home").id
            for name in ("one", "two")
        ]
        self.given = defaultdict(int, dict.fromkeys(self.ids, 5_000_000_000))
        self.used = defaultdict(int)
        self.paid = {}  # payment → account, currency, amount, refunds by id, of these failed
        self.told = []  # every notice so far, to be told again
        self.attempts = []

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    def perhaps_dying(self, writes, act):
        """Do it; where the process dies on the way, nothing of it is left, and it is done again."""
        self.store.writes_left = writes
        try:
            return act()
        except Died:
            self.store.writes_left = None
            return act()
        finally:
            self.store.writes_left = None

    deaths = st.none() | st.integers(0, 6)

    @rule(
        which=st.integers(0, 1),
        cents=st.integers(1, 10**8),
        currency=st.sampled_from(sorted(PER_USD)),
        writes=deaths,
    )
    def pays(self, which, cents, currency, writes):
        number = f"stripe:pi_{len(self.paid)}"
        amount = Decimal(cents).scaleb(-2)
        self.paid[number] = (self.ids[which], currency, amount, {}, set())
        notice = Notice(
            id=number,
            provider="stripe",
            paid=True,
            currency=currency,
            amount=amount,
            named=self.ids[which],
        )
        self.tell(notice, writes)

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), share=st.integers(1, 100), by_total=st.booleans(), writes=deaths)
    def refunds(self, data, share, by_total, writes):
        number = data.draw(st.sampled_from(sorted(self.paid)))
        _, currency, amount, refunds, _ = self.paid[number]
        left = amount - sum(refunds.values())
        part = (left * share / 100).quantize(Decimal("0.01"))
        if part <= 0:
            return
        refunds[f"re_{len(refunds)}"] = part
        news = [Refund(f"re_{len(refunds) - 1}", part)]
        if by_total:
            news.append(Refund("", sum(refunds.values())))
        for one in news:
            notice = Notice(
                id=number, provider="stripe", paid=False, currency=currency, refunds=(one,)
            )
            self.tell(notice, writes)

    @precondition(lambda self: any(refunds for *_, refunds, _ in self.paid.values()))
    @rule(data=st.data(), writes=deaths)
    def a_refund_fails(self, data, writes):
        number = data.draw(st.sampled_from(sorted(n for n, p in self.paid.items() if p[3])))
        _, currency, _, refunds, failed = self.paid[number]
        refund = data.draw(st.sampled_from(sorted(refunds)))
        failed.add(refund)
        news = Refund(refund, refunds[refund], failed=True)
        notice = Notice(
            id=number, provider="stripe", paid=False, currency=currency, refunds=(news,)
        )
        self.tell(notice, writes)

    @precondition(lambda self: self.told)
    @rule(data=st.data(), writes=deaths)
    def hears_it_again(self, data, writes):
        self.tell(data.draw(st.sampled_from(self.told)), writes)

    @rule(
        which=st.integers(0, 1),
        kind=st.sampled_from(["grant", "correction", "refund"]),
        nusd=st.integers(1, 10**13),
        again=st.booleans(),
        writes=deaths,
    )
    def somebody_posts(self, which, kind, nusd, again, writes):
        signed = -nusd if kind == "refund" else nusd
        posting = Posting(kind=kind, nusd=signed, actor="home", reference=f"{kind} {nusd}")
        for _ in range(1 + again):
            try:
                known = credit.is_known(self.store, f"own:{posting.reference}")
                self.perhaps_dying(
                    writes, lambda: self.register.post(self.ids[which], posting, now_s=NOW_S)
                )
            except Conflict:  # more than was paid, or the other account's reference
                return
            if not known:
                self.given[self.ids[which]] += signed

    @rule(
        which=st.integers(0, 1),
        cost=st.none() | st.integers(0, 10**12),
        hour=st.integers(0, 50),
        writes=deaths,
        again=st.booleans(),
    )
    def uses(self, which, cost, hour, writes, again):
        attempt = Attempt(
            id=f"r{len(self.attempts)}.0",
            request_id=f"r{len(self.attempts)}",
            n=0,
            at_us=(NOW_S + hour * 3600) * 1_000_000,
            key_id="key_a",
            account_id=self.ids[which],
            dialect="chat",
            asked_model="m",
            model="m",
            provider="p",
            api="chat",
            outcome="ok",
            cost_nusd=cost,
        )
        self.attempts.append(msgspec.json.encode(attempt))
        self.used[self.ids[which]] += cost or 0
        self.perhaps_dying(writes, lambda: self.ingest(self.attempts[-1:]))
        if again:
            self.ingest(self.attempts)

    def ingest(self, records):
        with self.store.transaction() as transaction:
            record(transaction, records)

    def tell(self, notice, writes):
        self.told.append(notice)
        self.perhaps_dying(writes, lambda: self.payments.receive(notice, now_us=NOW_S * 1_000_000))

    def expected(self, account_id):
        """By hand: Decimal arithmetic with fifty digits."""
        balance = self.given[account_id] - self.used[account_id]
        with localcontext() as context:
            context.prec = 50
            for account, currency, amount, refunds, failed in self.paid.values():
                if account == account_id:
                    worth = rounded(amount * 10**9 / PER_USD[currency])
                    back = sum(one for name, one in refunds.items() if name not in failed)
                    balance += worth - rounded(worth * Decimal(back) / amount)
        return balance

    @invariant()
    def the_balance_is_the_sum_of_the_entries_and_what_arithmetic_says(self):
        self.register.refresh()
        for one in self.ids:
            rows = self.store.read("SELECT nusd FROM credit WHERE account_id = ?", (one,))
            assert self.register.balance(one) == sum(row["nusd"] for row in rows)
            assert self.register.balance(one) == self.expected(one)

    @invariant()
    def what_a_running_process_lets_an_account_use_is_what_it_was_given(self):
        for one in self.ids:
            cap = self.register.allowance(one).cap_nusd
            assert cap - self.register.used_nusd(one) == self.register.balance(one)


Bank.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_the_balance = Bank.TestCase
