"""What a key may use: requests and tokens per minute, and money per day or month.

Two steps: `admit` reserves the worst case before the call, `settle` replaces it by what was used.
Checking and reserving happen in one place without an await between, so concurrent requests cannot
slip through together. The clock is an argument (loop seconds for the buckets, Unix µs for the
budget's period). With several worker processes each enforces its share of the limit (`share`):
never above it, at the price of less than all of it when traffic is uneven.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from madang.errors import OutOfCredit, RateLimited

DEFAULT_OUTPUT_TOKENS = 1024
"""What an answer is assumed to need when the caller sets no bound; trued up by `settle`."""


class LimitedKey(Protocol):
    """The limits a key carries; None means no limit."""

    @property
    def id(self) -> str:
        """The key's id."""

    @property
    def rpm(self) -> int | None:
        """Requests per minute."""

    @property
    def tpm(self) -> int | None:
        """Tokens per minute, input and output together."""

    @property
    def budget_nusd(self) -> int | None:
        """Nano-dollars per period."""

    @property
    def budget_per(self) -> str | None:
        """`day`, `month`, or None: for good."""


class Bucket:
    """A token bucket that refills continuously and holds one minute's worth."""

    __slots__ = ("_capacity", "_level", "_rate", "_updated")

    def __init__(self, per_minute: float, now: float) -> None:
        self._capacity = per_minute
        self._rate = per_minute / 60
        self._level = per_minute
        self._updated = now

    def level(self, now: float) -> float:
        """What the bucket holds at `now`; negative after a settlement above the reservation."""
        if now > self._updated:
            self._level = min(self._capacity, self._level + (now - self._updated) * self._rate)
            self._updated = now
        return self._level

    def wait_s(self, amount: float, now: float) -> float:
        """0 when `amount` is there; else the seconds until it will be, or until the bucket is full."""
        missing = min(amount, self._capacity) - self.level(now)
        return max(0.0, missing / self._rate)

    def take(self, amount: float) -> None:
        """Remove `amount`, or give it back when negative."""
        self._level = min(self._capacity, self._level - amount)


@dataclass(slots=True)
class Reservation:
    """What `admit` set aside for one request."""

    tokens: int = 0
    cost_nusd: int = 0


@dataclass(slots=True)
class _Account:
    """The state of one limited key."""

    limits: tuple[int | None, int | None, int | None, str | None]
    requests: Bucket | None
    tokens: Bucket | None
    period: date | None = None
    spent_nusd: int = 0
    reserved_nusd: int = 0


class Limits:
    """All limited keys of this process. `share`: how many processes divide each limit."""

    def __init__(self, share: int = 1) -> None:
        self._share = share
        self._accounts: dict[str, _Account] = {}

    def admit(
        self, key: LimitedKey, tokens: int, cost_nusd: int, now: float, at_us: int
    ) -> Reservation | None:
        """Reserve one request, `tokens` and `cost_nusd`, or raise RateLimited or OutOfCredit and reserve nothing.

        None for a key without limits.
        """
        if key.rpm is None and key.tpm is None and key.budget_nusd is None:
            return None
        account = self._account(key, now)
        wait_s = account.requests.wait_s(1, now) if account.requests else 0.0
        what = f"{key.rpm} requests"
        if account.tokens and (tokens_wait := account.tokens.wait_s(tokens, now)) > wait_s:
            wait_s, what = tokens_wait, f"{key.tpm} tokens"
        if wait_s > 0:
            raise RateLimited(
                f"This key's limit of {what} per minute is reached. Try again in {wait_s:.1f} s.",
                code="rate_limit_exceeded",
                retry_after_s=wait_s,
            )
        reservation = Reservation(tokens if account.tokens else 0)
        if key.budget_nusd is not None:
            self._reserve_money(account, key, cost_nusd, at_us)
            reservation.cost_nusd = cost_nusd
        if account.requests:
            account.requests.take(1)
        if account.tokens:
            account.tokens.take(tokens)
        return reservation

    def settle(
        self, key: LimitedKey, reservation: Reservation | None, tokens: int, cost_nusd: int
    ) -> None:
        """Replace a reservation by what was used."""
        account = self._accounts.get(key.id)
        if reservation is None or account is None:
            return
        if account.tokens:
            account.tokens.take(tokens - reservation.tokens)
        account.reserved_nusd -= reservation.cost_nusd
        account.spent_nusd += cost_nusd

    def restore(self, key: LimitedKey, spent_nusd: int, now: float, at_us: int) -> None:
        """Tell what the ledger says this key has spent in the current period (at start, or when a budget is set)."""
        account = self._account(key, now)
        account.period = period_start(at_us, key.budget_per)
        account.spent_nusd = spent_nusd

    def known(self, key: LimitedKey) -> bool:
        """Whether this key's spending has been restored already."""
        account = self._accounts.get(key.id)
        return account is not None and account.period is not None

    def _reserve_money(
        self, account: _Account, key: LimitedKey, cost_nusd: int, at_us: int
    ) -> None:
        budget = (key.budget_nusd or 0) // self._share
        period = period_start(at_us, key.budget_per)
        if period != account.period:
            account.period, account.spent_nusd = period, 0
        if account.spent_nusd + account.reserved_nusd + cost_nusd > budget:
            raise OutOfCredit(
                f"This key's budget{_per(key.budget_per)} is used up (or too small for this request).",
                code="budget_exceeded",
            )
        account.reserved_nusd += cost_nusd

    def _account(self, key: LimitedKey, now: float) -> _Account:
        limits = (key.rpm, key.tpm, key.budget_nusd, key.budget_per)
        account = self._accounts.get(key.id)
        if account is None or account.limits != limits:
            fresh = _Account(
                limits,
                Bucket(key.rpm / self._share, now) if key.rpm is not None else None,
                Bucket(key.tpm / self._share, now) if key.tpm is not None else None,
            )
            if account is not None:
                fresh.period, fresh.spent_nusd = account.period, account.spent_nusd
                fresh.reserved_nusd = account.reserved_nusd
            account = self._accounts[key.id] = fresh
        return account


def period_start(at_us: int, per: str | None) -> date:
    """The first UTC day of the period that holds `at_us`: that day, its month's first, or the first of all."""
    if per is None:
        return date.min
    day = datetime.fromtimestamp(at_us / 1_000_000, UTC).date()
    return day if per == "day" else day.replace(day=1)


def _per(per: str | None) -> str:
    return f" per {per}" if per else ""
