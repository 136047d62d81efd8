"""Which limits and budgets apply to a key and its tags, as rules that meters are made from.

A rule's name says what is counted together: rules of one name share their numbers, in all workers
and across changes of the configuration. Its label says whose it is, to whoever is refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, Protocol

from madang.config.sections.budgets import Budget as BudgetSetting
from madang.config.sections.budgets import Limit, Scope
from madang.model.money import nusd_of
from madang.routing.limits.period import Calendar, Per

SECOND_US: Final = 1_000_000
SPANS_US: Final = {"second": SECOND_US, "minute": 60 * SECOND_US, "day": 86_400 * SECOND_US}


class LimitedKey(Protocol):
    """The limits a key carries; None means no limit."""

    @property
    def id(self) -> str:
        """The key's id."""

    @property
    def name(self) -> str:
        """What its owner calls it."""

    @property
    def account_id(self) -> str | None:
        """Who pays."""

    @property
    def created_at(self) -> int:
        """When it was made, Unix seconds."""

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


class RateRule(NamedTuple):
    """So many requests or tokens in any `second`, `minute` or `day`; with `burst` at that steady rate."""

    name: str
    label: str
    unit: Literal["requests", "tokens"]
    limit: int
    span: str
    burst: int | None = None


class SlotsRule(NamedTuple):
    """So many requests at once."""

    name: str
    label: str
    limit: int


class Terms(NamedTuple):
    """What a budget allows: `cap_nusd` per period of `calendar` (None: the cap is in the table, see `Budget.allow`).

    `warn_at`: shares of the cap, ascending. `soft_from`: the share from which the cheapest
    candidates come first; None: never. `is_own`: it is of one key or account alone, so that whoever
    uses it may know how much is left.
    """

    label: str
    cap_nusd: int | None
    calendar: Calendar
    warn_at: tuple[float, ...] = ()
    soft_from: float | None = None
    is_own: bool = False


class BudgetRule(NamedTuple):
    """So much money.

    `whose` is how the ledger finds what was spent from it (None: it is not to be asked). `born_s`:
    when its owner came to be (Unix seconds; 0: not known).
    """

    name: str
    terms: Terms
    whose: "Whose | None" = None
    born_s: int = 0


class Whose(NamedTuple):
    """Rows of the ledger that count together: those that fit all that is given."""

    key: str | None = None
    account: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


Rule = RateRule | SlotsRule | BudgetRule


def rules_of_key(key: LimitedKey) -> Iterator[Rule]:
    """What a key's own fields say."""
    name, label = f"key:{key.id}", "This key's"
    if key.rpm is not None:
        yield RateRule(f"{name}:requests:minute", label, "requests", key.rpm, "minute")
    if key.tpm is not None:
        yield RateRule(f"{name}:tokens:minute", label, "tokens", key.tpm, "minute")
    if key.budget_nusd is not None:
        per = _per(key.budget_per)
        spoken = f"{label} budget{_spoken(per)}"
        terms = Terms(spoken, key.budget_nusd, Calendar(per), is_own=True)
        yield BudgetRule(f"{name}:usd:{per}:UTC", terms, Whose(key=key.id), key.created_at)


def rules_of_limit(limit: Limit, key: LimitedKey) -> Iterator[Rule]:
    """What an entry of `limits` says to a key that it concerns."""
    name, label = _named(limit.scope, key)
    steady = "second" if limit.rps is not None else "minute"
    for unit, span, amount in (
        ("requests", "second", limit.rps),
        ("requests", "minute", limit.rpm),
        ("requests", "day", limit.rpd),
        ("tokens", "second", limit.tps),
        ("tokens", "minute", limit.tpm),
        ("tokens", "day", limit.tpd),
    ):
        if amount is not None:
            burst = limit.burst if unit == "requests" and span == steady else None
            kind = f":{span}" if burst is None else f":{span}:burst"
            counted: Literal["requests", "tokens"] = "requests" if unit == "requests" else "tokens"
            yield RateRule(f"{name}:{unit}{kind}", label, counted, amount, span, burst)
    if limit.concurrency is not None:
        yield SlotsRule(f"{name}:at-once", label, limit.concurrency)


def rule_of_budget(budget: BudgetSetting, key: LimitedKey | None) -> BudgetRule:
    """What an entry of `budgets` says to a key that it concerns; of one that is nobody's own, without a key."""
    name, label = _named(budget.scope, key)
    scope = budget.scope if isinstance(budget.scope, Scope) else Scope()
    terms = Terms(
        f"{label} budget{_spoken(budget.per)}",
        nusd_of(budget.usd),
        Calendar(budget.per, budget.time_zone),
        tuple(sorted(budget.warn_at)),
        budget.soft_from if budget.mode == "soft" else None,
        is_own=scope.key is not None or scope.account is not None,
    )
    own = key if scope.key is not None else None
    account = key.account_id if key is not None and scope.plan is not None else scope.account
    whose = Whose(own.id if own else None, account, tuple(sorted(scope.tag.items())))
    counted = f"{name}:usd:{budget.per}:{budget.time_zone}"
    return BudgetRule(counted, terms, whose, own.created_at if own else 0)


def is_owned(scope: Literal["total"] | Scope) -> bool:
    """Whether what a scope counts is counted for each key or account by itself."""
    return isinstance(scope, Scope) and (scope.key is not None or scope.plan is not None)


def credit(account_id: str, born_s: int = 0) -> BudgetRule:
    """The prepaid credit of an account: its cap is all that was ever paid in, and told while serving."""
    terms = Terms("This account's credit", None, Calendar("ever"), is_own=True)
    return BudgetRule(f"account:{account_id}:credit", terms, Whose(account=account_id), born_s)


def concerns(
    scope: Literal["total"] | Scope, key: LimitedKey, tags: Mapping[str, str], plan: str | None
) -> bool:
    """Whether requests of a key with these tags count in a scope. `plan`: the plan of its account."""
    if not isinstance(scope, Scope):
        return True
    return (
        (scope.key is None or scope.key in (key.id, key.name))
        and (scope.account is None or scope.account == key.account_id)
        and (scope.plan is None or scope.plan == plan)
        and all(tags.get(name) == value for name, value in scope.tag.items())
    )


def tag_names(scopes: Iterable[Literal["total"] | Scope]) -> tuple[str, ...]:
    """The names of tags that matter to any scope."""
    scoped = (scope for scope in scopes if isinstance(scope, Scope))
    return tuple(sorted({name for scope in scoped for name in scope.tag}))


def strictest(rules: Iterable[Rule]) -> Iterable[Rule]:
    """Of rules that count in the same place the one that allows least: a request is counted there once."""
    kept: dict[str, Rule] = {}
    for rule in rules:
        other = kept.get(rule.name)
        if other is None or _allowance(rule) < _allowance(other):
            kept[rule.name] = rule
    return kept.values()


def _allowance(rule: Rule) -> int:
    return (rule.terms.cap_nusd or 0) if isinstance(rule, BudgetRule) else rule.limit


def _named(scope: Literal["total"] | Scope, key: LimitedKey | None) -> tuple[str, str]:
    """What is counted together, and how to speak of it: nothing of another caller is told.

    Each key of a name, and each account of a plan, is counted by itself.
    """
    if not isinstance(scope, Scope):
        return "total", "This gateway's"
    parts = [("account", scope.account), ("plan", scope.plan)]
    if scope.key is not None:
        parts.insert(0, ("key", key.id if key is not None else scope.key))
    if scope.plan is not None and key is not None:
        parts.append(("account", key.account_id))
    tags = [f"{name}={value}" for name, value in sorted(scope.tag.items())]
    given = [f"{kind}={value}" for kind, value in parts if value is not None]
    name = ";".join([*given, *(f"tag:{tag}" for tag in tags)])
    if tags:
        return name, f"The {', '.join(tags)}"
    return name, f"This {given[0].partition('=')[0]}'s" if given else "This gateway's"


def _per(per: str | None) -> Per:
    return "day" if per == "day" else "month" if per == "month" else "ever"


def _spoken(per: Per) -> str:
    return "" if per == "ever" else f" per {per}"
