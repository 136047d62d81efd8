"""Requests in the order of time, one by one, under another configuration; then the report.

Rules: a request whose name leads where it did stays where it was, with all its attempts. One that
moves takes what its answer used to where its new route leads, past the places at which it failed before.
Memory does not grow with the number of rows.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, json

from madang.model import EMBEDDING, Target, Usage
from madang.routing.board import Board
from madang.routing.route import Route
from madang.whatif.change import Change, Lot, point_of
from madang.whatif.limiting import Doorkeeper, Used
from madang.whatif.past import Past
from madang.whatif.places import CACHE, Places
from madang.whatif.pricing import Pricing
from madang.whatif.report import UNLISTED, Caches, Fit
from madang.whatif.tally import Tally
from madang.whatif.tokens import Scale
from madang.whatif.way import Choosing, Way, find_way
from madang.whatif.world import World

_CACHED: Final = b"cache"
_ROUTED: Final = b"route"
_ENDLESS: Final = 1 << 64
_MOST_NAMES: Final = 1_000
_MOST_TAGS: Final = 10_000


class Outcome(Struct, frozen=True):
    """What became of a request now: its cost (None: unknown) and the tokens that it used."""

    nusd: int | None
    tokens: int


class Counts:
    """Where requests go, and how they fit there."""

    def __init__(self) -> None:
        self.places, self.fit = Places(), Fit()
        self.unserved: Counter[str] = Counter()
        self.moved = 0


class Replay:
    """Takes requests and counts. `world` is the new configuration, `door` its limits."""

    def __init__(self, world: World, change: Change, door: Doorkeeper) -> None:
        self.tally, self.counts, self.caches = Tally(), Counts(), Caches()
        self.attempts = self.failed = 0
        self._aside = (
            Counts()
        )  # what a cache answers goes nowhere, but it is worth what it would cost
        self._world, self._change, self._door = world, change, door
        self._pricing, self._board = Pricing(world), Board()
        self._scale: Scale | None = Scale() if change.by_family else None
        self._mix = Lot("mix", change.mix) if change.mix else None
        self._moves = {
            spelling: after
            for before, after in change.moves.items()
            for spelling in (before, world.canonical(before))
        }
        self._hit_below = int(_ENDLESS * change.cache_hit_rate)
        self._tags: dict[str, Mapping[str, str]] = {}

    def take(self, attempts: list[Past]) -> None:
        """Replay one request."""
        self.attempts += len(attempts)
        answer = _answer(attempts)
        if answer is None:
            self.failed += 1
            return
        then = (
            answer.cost_nusd if len(attempts) == 1 else _total([one.cost_nusd for one in attempts])
        )
        if answer.was_given:
            outcome = self._given(attempts, answer)
        else:
            self._count_then(attempts, answer)
            outcome = self._outcome(attempts, answer)
        self.tally.add(answer.at_us, (answer.key_id, answer.tags), then, outcome.nusd)
        if self._door.is_guarded:
            used = Used(outcome.tokens, outcome.nusd or 0, answer.at_us, answer.latency_us)
            self._door.meet(answer.key_id, answer.account_id, self._tags_of(answer.tags), used)

    def _given(self, attempts: list[Past], answer: Past) -> Outcome:
        """A cache answered, and does so again; what was tried before is tried again."""
        self.caches.then_hits += 1
        places, costs, tokens = self.counts.places, [], 0
        for one in attempts:
            place = CACHE if one is answer else (one.provider, one.model)
            costs.append(self._pricing.stayed(one))
            tokens += one.input_tokens + one.output_tokens
            places.then(place, one.cost_nusd, final=one is answer)
            places.now(place, costs[-1], final=one is answer)
        return Outcome(_total(costs), tokens)

    def _outcome(self, attempts: list[Past], answer: Past) -> Outcome:
        below = self._hit_below
        if not below or point_of(answer.request_id, _CACHED) >= below:
            return self._answered(attempts, answer, self.counts)
        self.caches.more_hits += 1
        self.caches.saved_nusd += self._answered(attempts, answer, self._aside).nusd or 0
        self.counts.places.now(CACHE, 0, final=True)
        return Outcome(0, 0)

    # --- where it goes --------------------------------------------------------------------------

    def _answered(self, attempts: list[Past], answer: Past, counts: Counts) -> Outcome:
        name = self._chosen(answer)
        if name is None and self._world.stays(answer.asked_model, answer.dialect):
            return self._stayed(attempts, answer, counts)
        asked = name or answer.asked_model
        route, is_served = self._world.route(asked, answer.dialect)
        if not is_served:
            known = asked in counts.unserved or len(counts.unserved) < _MOST_NAMES
            counts.unserved[asked if known else UNLISTED] += 1
        if route is None:
            counts.places.now(("", asked), None, final=True)
            return Outcome(None, answer.input_tokens + answer.output_tokens)
        return self._rerouted(route, attempts, answer, counts)

    def _chosen(self, answer: Past) -> str | None:
        """The model that it is asked for instead; None: the one that was asked for."""
        if self._moves:
            after = self._moves.get(answer.model) or self._moves.get(answer.asked_model)
            if after is not None:
                return after
        if self._mix is None or answer.dialect in EMBEDDING:
            return None
        return self._mix.draw(answer.request_id)

    def _stayed(self, attempts: list[Past], answer: Past, counts: Counts) -> Outcome:
        if len(attempts) == 1:
            cost = self._pricing.stayed(answer)
            counts.places.now((answer.provider, answer.model), cost, final=True)
            return Outcome(cost, answer.input_tokens + answer.output_tokens)
        costs = [self._pricing.stayed(one) for one in attempts]
        tokens = 0
        for one, cost in zip(attempts, costs, strict=True):
            tokens += one.input_tokens + one.output_tokens
            counts.places.now((one.provider, one.model), cost, final=one is answer)
        return Outcome(_total(costs), tokens)

    def _rerouted(
        self, route: Route, attempts: list[Past], answer: Past, counts: Counts
    ) -> Outcome:
        usage = answer.usage
        way = self._way(route, attempts, answer, usage)
        counts.fit.too_long += way.too_long
        counts.fit.unable += way.unable
        costs = [self._pricing.stayed(one) for one in way.again]
        for one, cost in zip(way.again, costs, strict=True):
            counts.places.now((one.provider, one.model), cost, final=False)
        target = way.target
        if target is None:
            counts.fit.unanswered += 1
            return Outcome(_total(costs), 0)
        place = (target.provider, target.canonical or target.model)
        usage = self._scaled(usage, answer.model, place[1])
        counts.moved += place != (answer.provider, answer.model)
        counts.fit.longer_answers += usage.output > (target.max_output or _ENDLESS)
        costs.append(self._pricing.moved(target, usage, answer))
        counts.places.now(place, costs[-1], final=True)
        return Outcome(_total(costs), usage.input + usage.output)

    def _way(self, route: Route, attempts: list[Past], answer: Past, usage: Usage) -> Way:
        if self._scale is not None:
            first = route.targets[0]
            usage = self._scale.scaled(usage, answer.model, first.canonical or first.model)
        others = [one for one in attempts if one is not answer] if len(attempts) > 1 else ()
        weighted = route.pick == "weighted"
        chance = point_of(answer.request_id, _ROUTED) / _ENDLESS if weighted else 0.0

        def price_of(target: Target) -> int:
            return self._pricing.list_price(target, answer.at_us)

        return find_way(route, answer, others, usage, Choosing(self._board, chance, price_of))

    def _scaled(self, usage: Usage, before: str, after: str) -> Usage:
        return usage if self._scale is None else self._scale.scaled(usage, before, after)

    # --- what is counted ------------------------------------------------------------------------

    def _count_then(self, attempts: list[Past], answer: Past) -> None:
        places = self.counts.places
        for one in attempts:
            places.then((one.provider, one.model), one.cost_nusd, final=one is answer)
        if answer.outcome == "ok" and answer.latency_us > 0:
            places.took((answer.provider, answer.model), answer.latency_us)

    def _tags_of(self, text: str) -> Mapping[str, str]:
        if text == "{}":
            return _NO_TAGS
        tags = self._tags.get(text)
        if tags is None:
            if len(self._tags) >= _MOST_TAGS:
                self._tags.clear()
            tags = self._tags[text] = _decode(text)
        return tags


_NO_TAGS: Final[Mapping[str, str]] = {}
_decode = json.Decoder(dict[str, str]).decode


def _answer(attempts: list[Past]) -> Past | None:
    """The attempt that the caller got its answer from; None: the request brought nothing and cost nothing."""
    if len(attempts) == 1 and attempts[0].outcome == "ok":
        return attempts[0]
    used = [
        one
        for one in attempts
        if one.outcome != "failed" or one.input_tokens or one.output_tokens or one.cost_nusd
    ]
    if not used:
        return None
    return next((one for one in reversed(used) if one.final), used[-1])


def _total(costs: list[int | None]) -> int | None:
    """The sum, None where a part is not known."""
    total = 0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
