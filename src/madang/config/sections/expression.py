"""The conditions of alerts: `error_rate > 5% and attempts >= 20`, read into a tree and computed from measures.

Rule: nothing of a condition is ever run. It is read by the grammar below, has a bounded length and
depth, and can do nothing but arithmetic with numbers and measures.

    condition  := conjunct ("or" conjunct)*           conjunct := negation ("and" negation)*
    negation   := "not" negation | comparison         comparison := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
    sum        := product (("+" | "-") product)*      product := factor (("*" | "/") factor)*
    factor     := number | measure | "-" factor | "(" condition ")"
"""

import re
from collections.abc import Callable, Iterator
from operator import eq, ge, gt, le, lt, ne
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from madang.config.suggest import did_you_mean

MAX_CHARS: Final = 500
MAX_DEPTH: Final = 30

UNITS: Final = {
    "%": 0.01,
    "ms": 0.001,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "k": 1e3,
    "M": 1e6,
}
"""What may stand behind a number. `$` may stand before one."""

MEASURES: Final = {
    "requests": "requests that ended",
    "failed_requests": "requests that no target answered",
    "request_error_rate": "their share of all requests",
    "attempts": "times that a provider was asked",
    "errors": "attempts that failed or broke off, but for callers' own mistakes",
    "error_rate": "their share of all attempts",
    "success_rate": "the share of attempts that are no errors",
    "rate_limited": "attempts refused for their pace (429), or not made for ours",
    "rate_limited_rate": "their share of all attempts",
    "rejected": "attempts that failed by the caller's own mistake",
    "mean_latency_s": "how long whole answers took",
    "max_latency_s": "the longest of them",
    "p50_latency_s": "half of them took no longer",
    "p95_latency_s": "95 of 100 took no longer",
    "p99_latency_s": "99 of 100 took no longer",
    "mean_ttft_s": "time to the first token of streams",
    "max_ttft_s": "the longest of them",
    "p50_ttft_s": "half of them took no longer",
    "p95_ttft_s": "95 of 100 took no longer",
    "p99_ttft_s": "99 of 100 took no longer",
    "uptime": "the share of intervals with attempts in which one succeeded",
    "input_tokens": "tokens sent",
    "output_tokens": "tokens received",
    "cost_usd": "what that cost, as far as prices are known",
    "unpriced": "attempts whose price is not known",
    "cache_hits": "answers that were given again",
    "healthy_providers": "providers in use that do not fail every time",
    "failing_providers": "providers in use whose every target failed three times in a row",
    "spent_day_usd": "what the ledger says was spent since midnight UTC",
    "spent_month_usd": "what it says was spent since the first of the month, UTC",
}
"""What a condition can speak of. Times are seconds, rates shares from 0 to 1, money dollars."""

Operator = Literal["or", "and", "<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/"]
Value = float | bool | None
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
    "!=": ne,
}
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\$?(?:\d+\.?\d*|\.\d+)(?:\s*%|(?:ms|min|[shkM])(?![A-Za-z0-9_]))?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|==|!=|[-+*/<>()]))"
)


class ExpressionError(ValueError):
    """A condition that cannot be read; its text says where and what to write."""


class Number(Struct, frozen=True):
    """A number, in the measures' own units."""

    value: float


class Measure(Struct, frozen=True):
    """A name of `MEASURES`."""

    name: str


class Not(Struct, frozen=True):
    """The opposite of a condition."""

    of: "Node"


class Pair(Struct, frozen=True):
    """Two sides and what is done with them."""

    operator: Operator
    left: "Node"
    right: "Node"


Node = Number | Measure | Not | Pair


def read(text: str) -> Node:
    """The tree of a condition. Raises ExpressionError."""
    if len(text) > MAX_CHARS:
        raise ExpressionError(f"a condition has at most {MAX_CHARS} characters")
    reader = _Reader(list(_tokens(text)))
    node = reader.alternatives(0)
    if reader.word != "":
        raise ExpressionError(f"`{reader.word}` was not expected {reader.place}")
    if not _is_condition(node):
        raise ExpressionError("it compares nothing; write for example `mean_latency_s > 5`")
    return node


def names(node: Node) -> Iterator[str]:
    """The measures that a condition speaks of."""
    match node:
        case Measure(name):
            yield name
        case Not(of):
            yield from names(of)
        case Pair(_, left, right):
            yield from names(left)
            yield from names(right)


def compute(node: Node, measure: Callable[[str], float | None]) -> Value:
    """What a tree comes to; None where a measure has no value, or something is divided by nothing."""
    match node:
        case Number(value):
            return value
        case Measure(name):
            return measure(name)
        case Not(of):
            found = compute(of, measure)
            return None if found is None else not found
        case Pair(operator, left, right):
            return _pair(operator, compute(left, measure), compute(right, measure))


def _pair(operator: Operator, left: Value, right: Value) -> Value:
    if operator in ("and", "or"):
        decisive = operator == "or"
        if left is decisive or right is decisive:
            return decisive
        return None if left is None or right is None else not decisive
    if left is None or right is None:
        return None
    if operator in _COMPARE:
        return _COMPARE[operator](left, right)
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else None


def _is_condition(node: Node) -> bool:
    return isinstance(node, Not) or (
        isinstance(node, Pair) and (node.operator in _COMPARE or node.operator in ("and", "or"))
    )


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            rest = text[at:].lstrip()
            place = len(text) - len(rest) + 1
            raise ExpressionError(f"`{rest[:10].rstrip()}` cannot be read at character {place}")
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()
    yield _Token("end", "", end)


class _Reader:
    """A recursive descent over the tokens: a method per line of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def word(self) -> str:
        """The token that is next; empty at the end."""
        return self._tokens[self._at].text

    @property
    def place(self) -> str:
        """Where that is."""
        token = self._tokens[self._at]
        return "at the end" if token.kind == "end" else f"at character {token.at + 1}"

    def alternatives(self, depth: int) -> Node:
        """`condition` of the grammar. `depth`: how many brackets and signs it is in."""
        node = self._all(depth)
        while self._took("or"):
            node = self._joined("or", node, self._all(depth))
        return node

    def _all(self, depth: int) -> Node:
        node = self._negation(depth)
        while self._took("and"):
            node = self._joined("and", node, self._negation(depth))
        return node

    def _negation(self, depth: int) -> Node:
        if self._took("not"):
            of = self._negation(self._deeper(depth))
            if not _is_condition(of):
                raise ExpressionError(f"`not` needs a comparison behind it, {self.place}")
            return Not(of)
        return self._comparison(depth)

    def _comparison(self, depth: int) -> Node:
        left = self._sum(depth)
        operator = self._one_of("<", "<=", ">", ">=", "==", "!=")
        return left if operator is None else self._arithmetic(operator, left, self._sum(depth))

    def _sum(self, depth: int) -> Node:
        node = self._product(depth)
        while operator := self._one_of("+", "-"):
            node = self._arithmetic(operator, node, self._product(depth))
        return node

    def _product(self, depth: int) -> Node:
        node = self._factor(depth)
        while operator := self._one_of("*", "/"):
            node = self._arithmetic(operator, node, self._factor(depth))
        return node

    def _factor(self, depth: int) -> Node:
        if self._took("-"):
            return self._arithmetic("-", Number(0.0), self._factor(self._deeper(depth)))
        if self._took("("):
            node = self.alternatives(self._deeper(depth))
            if not self._took(")"):
                raise ExpressionError(f"a `)` is missing {self.place}")
            return node
        token = self._tokens[self._at]
        if token.kind == "number":
            self._at += 1
            return Number(_number(token.text))
        if token.kind != "word" or token.text in ("and", "or", "not"):
            raise ExpressionError(f"a number or a measure is missing {self.place}")
        if token.text not in MEASURES:
            hint = did_you_mean(token.text, MEASURES)
            raise ExpressionError(f"there is no measure `{token.text[:40]}`.{hint}")
        self._at += 1
        return Measure(token.text)

    def _joined(self, operator: Operator, left: Node, right: Node) -> Node:
        if not (_is_condition(left) and _is_condition(right)):
            raise ExpressionError(f"`{operator}` joins comparisons such as `attempts > 20`")
        return Pair(operator, left, right)

    def _arithmetic(self, operator: Operator, left: Node, right: Node) -> Node:
        if _is_condition(left) or _is_condition(right):
            raise ExpressionError(f"`{operator}` stands between numbers, {self.place}")
        return Pair(operator, left, right)

    def _deeper(self, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise ExpressionError(f"a condition has at most {MAX_DEPTH} levels")
        return depth + 1

    def _took(self, word: str) -> bool:
        if self.word != word:
            return False
        self._at += 1
        return True

    def _one_of(self, *operators: Operator) -> Operator | None:
        found = next((one for one in operators if one == self.word), None)
        if found is not None:
            self._at += 1
        return found


def _number(text: str) -> float:
    digits = text.removeprefix("$").rstrip("%smhinkM ")
    unit = text.removeprefix("$")[len(digits) :].strip()
    return float(digits) * UNITS.get(unit, 1.0)
