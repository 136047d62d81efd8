"""What a scorer of complexity learns from: labels, ratings of comparisons, and what became of requests in the ledger.

Each becomes an `Example`: the signals of one question, and between which tiers what it needs must lie.
Ledger rows have the signals; prompts are read only where somebody has kept them, in labels and comparisons.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from madang.config.scorer import SIGNALS
from madang.errors import InvalidRequest
from madang.model import Request
from madang.model.decision import Decision, Signs
from madang.pipeline.lane import Snapshot
from madang.quality.figures import JUDGE_WEIGHT
from madang.quality.records import Comparison, RatedPair, Rating
from madang.quality.statistics import majority
from madang.routing.auto import count_signals, language_of, look_over
from madang.routing.auto.judge import TIERS
from madang.routing.auto.learning import Example
from madang.routing.route import Route
from madang.wire import chat

_TOP: Final = len(TIERS) - 1
_BEYOND: Final = frozenset({"context_overflow", "unsupported_feature"})
"""Causes of failure that lie in the request and the model, not in the provider or the day."""

TierName = Literal["simple", "medium", "complex"]


class Label(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a file of labels: a question, and the tier that it needs (two: from one to the other).

    Questions of one `id` are versions of one another (None: it stands alone). `language` None: told by its script.
    """

    tier: TierName | tuple[TierName, TierName]
    prompt: str | None = None
    messages: list[dict[str, Any]] | None = None
    id: str | None = None
    language: str | None = None


class Asked(NamedTuple):
    """What the ledger knows of a request that was judged. `tier` is the one that was asked first.

    `answered` is the tier of who answered at last (None: nobody, or a model of no single tier); `was_beyond`: its
    tier's model could not do it.
    """

    id: str
    at_us: int
    signs: Signs
    tier: int
    answered: int | None = None
    was_beyond: bool = False


class _Row(Struct):
    """A line of the ledger's export, as far as it is needed here."""

    request_id: str
    n: int
    at_us: int
    asked_model: str
    provider: str
    model: str
    outcome: str
    final: bool
    cause: str | None = None
    plan: Decision | None = None
    injected: str | None = None


Places = Mapping[str, int]
"""Names of models and `provider/model` → their tier."""


def places_of(route: Route, names: Sequence[str | None]) -> dict[str, int]:
    """Where each model of a route with tiers stands; one that is of several tiers stands nowhere.

    `names` are those of the tiers themselves.
    """
    found: dict[str, set[int]] = {}
    for tier, (way, name) in enumerate(zip(route.tiers, names, strict=True)):
        for target in way.targets:
            for known in (f"{target.provider}/{target.model}", target.model, target.canonical):
                if known is not None:
                    found.setdefault(known, set()).add(tier)
        if name is not None:
            found.setdefault(name, set()).add(tier)
    return {name: min(tiers) for name, tiers in found.items() if len(tiers) == 1}


def prices_of(route: Route, snapshot: Snapshot, at_us: int) -> list[float | None]:
    """What a token of input and one of output cost together at the first target of each tier; None: unknown."""
    rows = [snapshot.price_row(way.targets[0], at_us) for way in route.tiers]
    return [None if row is None else float((row.input or 0) + (row.output or 0)) for row in rows]


def labelled(lines: Iterable[str]) -> Iterator[Example]:
    """The examples of a file of labels. Raises InvalidRequest that names the line."""
    decoder = msgspec.json.Decoder(Label)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _of_label(decoder.decode(line))
        except (msgspec.MsgspecError, InvalidRequest) as error:
            raise InvalidRequest(
                f'Line {number} is no label such as {{"prompt": "…", "tier": "medium"}}: {error}'
            ) from error


def asked_of(lines: Iterable[bytes], model: str, places: Places) -> dict[str, Asked]:
    """The requests of an export of attempts that asked for `model` and were judged, by their ids."""
    decoder = msgspec.json.Decoder(_Row)
    found: dict[str, Asked] = {}
    for row in map(decoder.decode, lines):
        if row.asked_model != model or row.injected is not None:
            continue
        plan = row.plan
        signs = plan.signs if plan is not None else None
        if plan is not None and plan.tier in TIERS and signs and signs.version == SIGNALS:
            tier = TIERS.index(plan.tier)
            found[row.request_id] = Asked(row.request_id, row.at_us, signs, tier)
        known = found.get(row.request_id)
        if known is not None:
            found[row.request_id] = _after(known, row, places)
    return found


def of_outcomes(asked: Iterable[Asked], silence: float, rated: frozenset[str]) -> Iterator[Example]:
    """What the ledger alone shows; `silence` is what an answer counts that nothing was said of."""
    for one in asked:
        if one.was_beyond and one.answered != one.tier:
            if one.tier < _TOP:
                yield _of_ledger(one, one.tier + 1, _TOP)._replace(source="trouble")
        elif silence and one.answered == one.tier < _TOP and one.id not in rated:
            yield _of_ledger(one, 0, one.tier)._replace(source="silence", weight=silence)


def of_pairs(
    comparison: Comparison,
    pairs: Iterable[RatedPair],
    asked: Mapping[str, Asked],
    places: Places,
    days: tuple[date, date],
) -> Iterator[Example]:
    """What raters say: the answer of the smaller tier is as good, or that of the larger one is better."""
    for pair in pairs:
        tiers = [
            _tier_of(one, name, asked, places)
            for one, name in ((pair.a, comparison.a), (pair.b, comparison.b))
        ]
        ratings = [one for one in pair.ratings if days[0] <= _day(one.at_us) <= days[1]]
        a, b = tiers
        if a is None or b is None or a == b or not ratings:
            continue
        yield from _of_rating(pair, min(a, b), "a" if a > b else "b", ratings)


def rated_ids(pairs: Iterable[RatedPair]) -> frozenset[str]:
    """The requests whose answers somebody rated."""
    return frozenset(
        one.request_id
        for pair in pairs
        for one in (pair.a, pair.b)
        if pair.ratings and one.request_id is not None
    )


def _of_label(label: Label) -> Example:
    messages = label.messages or [{"role": "user", "content": label.prompt or ""}]
    tiers = (label.tier, label.tier) if isinstance(label.tier, str) else label.tier
    least, most = sorted(map(TIERS.index, tiers))
    request, digest = _question(messages)
    seen = look_over(request)
    language = label.language or language_of(seen.text)
    return Example(label.id or digest, 0, language, count_signals(seen), least, most, "label")


def _question(messages: Sequence[Mapping[str, Any]]) -> tuple[Request, str]:
    """What was asked, and what tells it from other questions. Raises InvalidRequest."""
    body = msgspec.json.encode({"model": "auto", "messages": messages}, order="deterministic")
    return chat.WIRE.read_request(body, None, False), sha256(body).hexdigest()


def _after(known: Asked, row: _Row, places: Places) -> Asked:
    """What is known of a request after another of its attempts."""
    tier = places.get(f"{row.provider}/{row.model}", places.get(row.model))
    if row.cause in _BEYOND and tier == known.tier:
        known = known._replace(was_beyond=True)
    if row.final:
        known = known._replace(answered=tier if row.outcome == "ok" else None)
    return known


def _of_ledger(one: Asked, least: int, most: int) -> Example:
    return Example(one.id, one.at_us, one.signs.language, one.signs.counts, least, most, "trouble")


def _tier_of(answer: Any, name: str, asked: Mapping[str, Asked], places: Places) -> int | None:  # noqa: ANN401
    """The tier that an answer of a comparison is from; None: of none, or there is no answer."""
    if answer.text is None:
        return None
    known = asked.get(answer.request_id or "")
    if known is not None and known.answered is not None:
        return known.answered
    return places.get(answer.answered_by or "", places.get(name))


def _of_rating(
    pair: RatedPair, smaller: int, larger: str, ratings: Sequence[Rating]
) -> Iterator[Example]:
    """The verdict of the people who rated a pair, else of the models."""
    people = [one.better for one in ratings if one.kind == "human"]
    said = majority(people or [one.better for one in ratings])
    span = (smaller + 1, _TOP) if said == larger else (0, smaller)
    try:
        request, digest = _question(pair.prompt)
    except InvalidRequest:
        return  # it was kept as somebody wrote it, and no dialect of ours reads it
    seen, weight = look_over(request), 1.0 if people else JUDGE_WEIGHT
    at_us, counts = max(one.at_us for one in ratings), count_signals(seen)
    yield Example(digest, at_us, language_of(seen.text), counts, *span, "rating", weight)


def _day(at_us: int) -> date:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).date()
