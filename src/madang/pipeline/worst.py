"""The most that a request can cost, whichever of its targets answers, and how long an answer some money pays for."""

from collections.abc import Iterable
from math import ceil
from typing import Final, NamedTuple

from madang.ledger.prices import worst_nusd
from madang.model import Dialect, PriceRow, Target, Usage, special_tier
from madang.pipeline.lane import Snapshot
from madang.routing.route import Route
from madang.wire import json
from madang.wire.contract import Envelope

LONGEST_ANSWER: Final = 131_072
"""Tokens that an answer may have where neither the caller nor the catalogue says so; no model makes longer ones."""

_MILLION: Final = 1_000_000
_TIERS: Final = ("speed", "service_tier", "serviceTier")
_OPENAIS: Final[frozenset[Dialect]] = frozenset(("chat", "responses"))
_ANY: Final = Usage(input=1, output=1)
_NUMBER_OF_ANSWERS: Final = ("n", "best_of")
_CONFIGS: Final = ("generationConfig", "generation_config")
_NUMBER_OF_CANDIDATES: Final = ("candidateCount", "candidate_count")
_MOST_ANSWERS: Final = 1_000_000
"""More than any server makes; OpenAI stops at 128, others at what their memory holds."""


class Candidate(NamedTuple):
    """A target that may answer: its price, and the tokens of its longest answer.

    `slope`: nano-dollars per million tokens of the prompt and of the answer, and per request, where
    the price is the same at any length and hour. `target` None: it matters to nobody which one it is.
    """

    price: PriceRow
    longest: int
    slope: tuple[int, int, int] | None
    target: Target | None = None

    def most_nusd(self, prompt: int, answer: int, tier: str | None) -> int:
        """The most that so many tokens cost."""
        if self.slope is not None and tier is None:
            entered, made, fixed = self.slope
            return -(-(prompt * entered + answer * made) // _MILLION) + fixed
        plain = worst_nusd(self.price, Usage(input=prompt, output=answer)) or 0
        if tier is None:
            return plain
        return max(
            plain, worst_nusd(self.price, Usage(input=prompt, output=answer, tier=tier)) or 0
        )


class Step(NamedTuple):
    """One request to come: the estimated tokens of its prompt, and the bound of its answer (None: the model's own)."""

    prompt: int
    answer: int | None


class Worst:
    """The candidates of one route at one time; of the `unpriced`, whose price is unknown, nothing can be said."""

    __slots__ = ("candidates", "unpriced")

    def __init__(
        self, candidates: Iterable[Candidate], unpriced: frozenset[Target] = frozenset()
    ) -> None:
        self.candidates = tuple(candidates)
        self.unpriced = unpriced

    def unpriced_at(self, tier: str | None, dialect: Dialect) -> frozenset[Target]:
        """Those whose price is unknown, or not known for the service tier that a request of a dialect asks them for."""
        if tier is None:
            return self.unpriced
        usage = Usage(input=1, output=1, tier=tier)
        more = {
            one.target
            for one in self.candidates
            if one.target is not None
            and _hears_tier(dialect, one.target.api)
            and worst_nusd(one.price, usage) is None
        }
        return self.unpriced | more

    def most_nusd(self, prompt: int, answer: int, copies: int, tier: str | None) -> int:
        """The most that an answer can cost whose prompt has so many tokens; `answer` bounds each of its copies."""
        most = 0
        for one in self.candidates:
            nusd = one.most_nusd(prompt, min(answer, one.longest) * copies, tier)
            most = max(most, nusd)
        return most

    def tokens_for(self, nusd: int, prompt: int, copies: int, tier: str | None) -> int:
        """The longest bound under which no candidate costs more than `nusd`."""
        low, high = 0, max((one.longest for one in self.candidates), default=0)
        while low < high:
            middle = (low + high + 1) // 2
            if self.most_nusd(prompt, middle, copies, tier) <= nusd:
                low = middle
            else:
                high = middle - 1
        return low


def worst_of(snapshot: Snapshot, route: Route, at_us: int) -> Worst:
    """Everybody who may come to answer a route."""
    candidates, unpriced = [], set()
    for target in route.every_target():
        lane = snapshot.lane(target)
        price = snapshot.price(lane, at_us)
        if price is None or worst_nusd(price, _ANY) is None:
            unpriced.add(target)
        else:
            candidates.append(candidate(price, target.max_output or LONGEST_ANSWER, target))
    return Worst(candidates, frozenset(unpriced))


def candidate(price: PriceRow, longest: int, target: Target | None = None) -> Candidate:
    """A target with this price, whose answers have so many tokens at most."""
    return Candidate(price, longest, _slope(price), target)


def copies_of(envelope: Envelope) -> int:
    """How many answers are asked for at once, as the most lenient of servers would read it."""
    fields = envelope.fields
    found = [json.decode(bytes(fields[name])) for name in _NUMBER_OF_ANSWERS if name in fields]
    for name in _CONFIGS:
        raw = bytes(fields.get(name, b""))
        config = json.decode(raw) if b"andidate" in raw or json.hides_letters(raw) else None
        if isinstance(config, dict):
            found += [config.get(member) for member in _NUMBER_OF_CANDIDATES]
    counts = [count for count in map(json.number, found) if count is not None]
    return max(1, ceil(min(max(counts, default=1), _MOST_ANSWERS)))


def tier_of(envelope: Envelope) -> str | None:
    """The service tier that is asked for, where it is another than the standard one: also Anthropic's fast mode."""
    for name in _TIERS:
        raw = envelope.fields.get(name)
        if raw is not None and (tier := special_tier(json.decode(bytes(raw)))) is not None:
            return tier
    return None


def _hears_tier(dialect: Dialect, api: Dialect) -> bool:
    """Whether a wish for a service tier reaches the target: OpenAI's formats hand it on to one another."""
    return dialect == api or {dialect, api} <= _OPENAIS


def _slope(price: PriceRow) -> tuple[int, int, int] | None:
    if price.over or any(hours.over for hours in price.hours):
        return None
    fixed = worst_nusd(price, Usage())
    entered = worst_nusd(price, Usage(input=_MILLION))
    made = worst_nusd(price, Usage(output=_MILLION))
    if fixed is None or entered is None or made is None:
        return None
    return entered - fixed, made - fixed, fixed
