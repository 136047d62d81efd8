"""Comparisons in a store: blind to whoever rates, exact for whoever asks."""

import pytest

from madang import catalog
from madang.catalog.scores import MIDDLING, Scores
from madang.errors import NotFound
from madang.quality import ComparisonDesk, Qualities
from madang.quality.records import (
    AddPairs,
    ComparedAnswer,
    ComparedPair,
    CreateComparison,
    GiveRating,
    NextAsked,
    PairsAsked,
)
from madang.state.store import Store

RATERS = [f"rater {number}" for number in range(40)]


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(store):
    return ComparisonDesk(store, lambda model: 0.7 if model == "good" else None)


def pair(number=1, **of_a):
    answer = ComparedAnswer(text=f"good {number}", cost_nusd=1000, latency_us=number, **of_a)
    other = ComparedAnswer(text=f"bad {number}", latency_us=10 * number)
    return ComparedPair([{"role": "user", "content": f"question {number}"}], answer, other)


def begun(desk, pairs=1):
    made = desk.create(CreateComparison("good", "bad"), 1)
    desk.add(made.id, AddPairs([pair(number + 1) for number in range(pairs)]))
    return made.id


def rate(desk, comparison, by, wanted="good", kind="human"):
    """Rate the next pair: the side whose text says `wanted` is better."""
    shown = desk.next(comparison, NextAsked(by, kind))
    better = "left" if shown.left.startswith(wanted) else "right"
    return desk.rate(comparison, GiveRating(shown.pair, better, by, kind=kind), 2)


def test_each_rater_has_an_order_of_their_own_that_stays(desk):
    comparison = begun(desk)
    seen = [desk.next(comparison, NextAsked(by)).left for by in RATERS]
    assert seen == [desk.next(comparison, NextAsked(by)).left for by in RATERS]
    assert 8 <= seen.count("good 1") <= 32  # of 40 fair coins, once in 50,000 runs not


def test_a_rater_is_told_no_names(desk):
    comparison = begun(desk)
    shown = desk.next(comparison, NextAsked("kim"))
    assert {shown.left, shown.right} == {"good 1", "bad 1"}
    assert not {"a", "b", "answered_by", "model", "cost_nusd"} & set(shown.__struct_fields__)


def test_a_verdict_counts_for_what_was_shown_there(desk):
    comparison = begun(desk)
    for by in RATERS:
        assert rate(desk, comparison, by).better == "a"
    assert desk.results(comparison).human.a_better == 1


def test_everybody_rates_each_pair_once_and_may_change_their_mind(desk):
    comparison = begun(desk, pairs=2)
    first = rate(desk, comparison, "kim")
    assert desk.next(comparison, NextAsked("kim")).remaining == 1
    assert desk.next(comparison, NextAsked("lee")).remaining == 2
    desk.rate(comparison, GiveRating(first.pair, "same", "kim"), 3)
    rate(desk, comparison, "kim")
    assert desk.next(comparison, NextAsked("kim")).pair is None
    found = desk.results(comparison).human
    assert (found.ratings, found.a_better, found.same) == (2, 1, 1)


def test_a_pair_can_be_passed_over(desk):
    comparison = begun(desk, pairs=2)
    first = desk.next(comparison, NextAsked("kim"))
    assert desk.next(comparison, NextAsked("kim", after=first.pair)).pair == first.pair + 1


def test_a_pair_without_two_answers_is_not_rated(desk):
    comparison = begun(desk)
    broken = ComparedPair([{"role": "user"}], ComparedAnswer(error="503"), ComparedAnswer(text="x"))
    desk.add(comparison, AddPairs([broken]))
    rate(desk, comparison, "kim")
    assert desk.next(comparison, NextAsked("kim")).pair is None
    assert desk.results(comparison).a.errors == 1
    last = desk.pairs(comparison, PairsAsked())[-1].id
    with pytest.raises(NotFound):
        desk.rate(comparison, GiveRating(last, "left", "kim"), 2)


def test_a_pair_of_another_comparison_is_not_rated_here(desk):
    mine, other = begun(desk), begun(desk)
    theirs = desk.next(other, NextAsked("kim")).pair
    with pytest.raises(NotFound):
        desk.rate(mine, GiveRating(theirs, "left", "kim"), 2)


def test_people_and_models_are_told_apart(desk):
    comparison = begun(desk)
    rate(desk, comparison, "kim")
    rate(desk, comparison, "judge", wanted="bad", kind="model")
    found = desk.results(comparison)
    assert (found.human.a_better, found.model.b_better) == (1, 1)


def test_costs_and_latencies_are_those_of_the_answers(desk):
    """By hand: latencies 1 to 4 µs, the 95th percentile by nearest rank is the fourth."""
    found = desk.results(begun(desk, pairs=4)).a
    assert (found.cost_nusd, found.mean_latency_us, found.p95_latency_us) == (4000, 2, 4)


def test_ratings_become_quality_and_go_with_the_comparison(desk, store):
    comparison = begun(desk)
    before = store.revision("quality")
    for by in RATERS:
        rate(desk, comparison, by)
    figures = {one.model: one for one in desk.qualities()}
    assert figures["good"].quality > 0.7 > 0.5 > figures["bad"].quality
    assert (figures["good"].prior, figures["good"].ratings) == (0.7, 40)
    assert store.revision("quality") > before
    desk.remove(comparison, 3)
    assert desk.qualities() == []
    assert desk.all() == []


def test_a_models_rating_counts_half_of_a_persons(desk):
    by_people, by_models = begun(desk), begun(desk)
    rate(desk, by_people, "kim")
    one = desk.qualities()
    desk.remove(by_people, 3)
    for judge in ("x", "y"):
        rate(desk, by_models, judge, kind="model")
    assert [row.quality for row in desk.qualities()] == pytest.approx([row.quality for row in one])


def test_quality_is_of_the_target_else_of_its_model_else_the_prior(store):
    with store.transaction() as transaction:
        transaction.write("INSERT INTO quality VALUES ('gpt-4.1', 0.9, NULL, 1, 1)")
        transaction.write("INSERT INTO quality VALUES ('slow/gpt-4.1', 0.2, NULL, 1, 1)")
    known = Qualities.load(store, Scores(catalog.load()).quality_of)
    assert known.quality_of("slow/gpt-4.1") == 0.2
    assert known.quality_of("openai/gpt-4.1") == 0.9
    assert known.quality_of("anthropic/claude-opus-4-7") > 0.5
    assert known.quality_of("nobody-knows") is None


def test_a_public_score_is_the_chance_against_a_middling_model():
    """Elo: 100 points more win 64 % (400 points: ten to one)."""
    rows = Scores(catalog.load()).rows
    assert all(1300 < row.score < 1600 and row.votes > 1000 for row in rows.values())
    best = rows["claude-opus-4-7"]
    assert best.score - MIDDLING == 98
    assert best.chance == pytest.approx(0.6374, abs=1e-4)
