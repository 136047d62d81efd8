"""The choice of a model for `video:auto`, held against hand calculations of S5's reference table."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang import catalog
from madang.catalog.videos import VideoRow, load_videos
from madang.errors import InvalidRequest, UnsupportedFeature
from madang.ledger.prices import Prices
from madang.routing.media.videos import Offer, Wish, choose, per_second, seconds_of

CATALOG = catalog.load()
TABLE = load_videos(CATALOG)
BEFORE = date(2025, 1, 1)
"""A day on which all four of the reference table are there."""

TODAY = date(2026, 11, 20)


def reference():
    return [
        Offer(provider="sim", model=row.model, row=row, nusd_per_s=row.nusd_per_s)
        for row in TABLE.profiles["reference"]
    ]


def order(choice):
    return [pick.offer.model for pick in choice.picks]


def scores(choice):
    return {pick.offer.model: pick.score for pick in choice.picks}


def test_the_reference_table_has_the_figures_of_s5():
    rows = {row.model: row for row in TABLE.profiles["reference"]}
    figures = {name: (row.make_s, row.nusd_per_s, row.quality) for name, row in rows.items()}
    assert figures == {
        "sora": (45, 120_000_000, 0.95),
        "runway": (30, 80_000_000, 0.92),
        "pika": (25, 60_000_000, 0.88),
        "svd": (15, 20_000_000, 0.80),
    }


def test_four_seconds_are_weighed_as_by_hand():
    """Costs of 4, 4, 5 and 4 seconds: 0.48, 0.32, 0.30, 0.08; laid out: 0, 0.4, 0.45, 1."""
    found = scores(choose(reference(), Wish(duration_ms=4000, first=True), BEFORE))
    assert found["sora"] == pytest.approx(0.6 * 1 + 0.3 * 0 + 0.1 * 0)
    assert found["runway"] == pytest.approx(0.6 * 0.8 + 0.3 * 0.4 + 0.1 * 0.5)
    assert found["pika"] == pytest.approx(0.6 * (0.08 / 0.15) + 0.3 * 0.45 + 0.1 * (20 / 30))
    assert found["svd"] == pytest.approx(0.3 * 1 + 0.1 * 1)


def test_the_best_comes_first_and_what_it_would_cost_is_said():
    choice = choose(reference(), Wish(duration_ms=4000, first=True), BEFORE)
    assert order(choice) == ["runway", "sora", "pika", "svd"]
    assert choice.picks[0].cost_nusd == 320_000_000
    assert choice.decision.considered[0].target == "sim/runway"
    assert "quality 0.92, $0.3200 for 4 s, made in 30 s" in choice.decision.signals[0]


def test_a_model_that_has_ended_is_left_out_from_its_day_on():
    eve, day = date(2026, 9, 23), date(2026, 9, 24)
    assert "sora" in order(choose(reference(), Wish(), eve))
    choice = choose(reference(), Wish(), day)
    assert "sora" not in order(choice)
    assert ("sim/sora", "has ended on 2026-09-24") in {
        (one.target, one.why) for one in choice.decision.left_out
    }


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        (Wish(duration_ms=8000), {"sora", "runway", "pika"}),
        (Wish(duration_ms=12000), {"sora"}),
        (Wish(duration_ms=4000, audio=True), {"sora"}),
        (Wish(duration_ms=4000, budget_nusd=310_000_000), {"pika", "svd"}),
        (Wish(duration_ms=4000, least_quality=0.9), {"sora", "runway"}),
        (Wish(duration_ms=4000, references=1), {"sora", "runway", "pika"}),
        (Wish(urgent=True), {"sora", "runway", "pika", "svd"}),
    ],
)
def test_constraints_leave_whom_they_should(wish, left):
    assert set(order(choose(reference(), wish, BEFORE))) == left


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        (Wish(duration_ms=13_000), "seconds"),
        (Wish(aspect="21:9"), "aspect_ratio"),
        (Wish(references=2), "references"),
        (Wish(last=True), "input_reference"),
        (Wish(budget_nusd=1), "budget"),
        (Wish(least_quality=0.99), "quality"),
        (Wish(duration_ms=10_000, audio=True, budget_nusd=500_000_000), "budget"),
    ],
)
def test_the_error_names_the_constraint_that_left_nobody(wish, param):
    with pytest.raises(UnsupportedFeature) as caught:
        choose(reference(), wish, BEFORE)
    assert caught.value.param == param
    assert f"`{param}`" in caught.value.message


def test_no_offer_at_all_and_a_ratio_that_is_none_are_told_apart():
    with pytest.raises(UnsupportedFeature, match="configured"):
        choose([], Wish(), TODAY)
    with pytest.raises(InvalidRequest):
        choose(reference(), Wish(aspect="wide"), BEFORE)


def test_a_resting_provider_is_left_out_and_an_unknown_price_is_the_dearest():
    offers = reference()
    offers[1] = Offer(provider="sim", model="runway", row=offers[1].row, healthy=False)
    offers[3] = Offer(provider="sim", model="svd", row=offers[3].row)
    choice = choose(offers, Wish(duration_ms=4000), BEFORE)
    assert set(order(choice)) == {"sora", "pika", "svd"}
    assert scores(choice)["svd"] == pytest.approx(0.1)  # the fastest, and nothing else
    with pytest.raises(UnsupportedFeature, match="no known price"):
        choose([offers[3]], Wish(budget_nusd=10**12), BEFORE)


def test_measured_quality_stands_before_the_table():
    offers = reference()
    offers[3] = Offer(provider="sim", model="svd", row=offers[3].row, nusd_per_s=1, quality=0.99)
    assert order(choose(offers, Wish(duration_ms=4000), BEFORE))[0] == "svd"


def test_references_bind_veo_to_eight_seconds_of_landscape():
    veo = Offer(provider="vertex", model="v", row=TABLE.models["veo-3.1-generate-001"])
    assert seconds_of(veo, Wish(duration_ms=4000)) == 4
    assert seconds_of(veo, Wish(duration_ms=4000, references=1)) == 8
    with pytest.raises(UnsupportedFeature, match="16:9 only"):
        choose([veo], Wish(aspect="9:16", references=1), TODAY)


def test_a_second_is_priced_by_the_narrowest_row():
    prices, rows = Prices(CATALOG.prices), TABLE.models
    kling = prices.find("kling", "kling-v3", "kling-v3", TODAY)
    assert per_second(kling, rows["kling-v3"], audio=False) == 84_000_000
    assert per_second(kling, rows["kling-v3"]) == 126_000_000  # it may make sound
    assert per_second(kling, rows["kling-v3"], audio=True) == 126_000_000
    assert per_second(kling, rows["kling-v3"], resolution="1080p", audio=False) == 112_000_000
    runway = prices.find("runway", "gen4.5", "gen4.5", TODAY)
    assert per_second(runway, rows["gen4.5"]) == 120_000_000
    seedance = prices.find("seedance", "seedance-1-0-pro-250528", "seedance-1.0-pro", TODAY)
    assert per_second(seedance, rows["seedance-1.0-pro"]) == 54_000_000  # 21,600 at $2.50 a million
    assert per_second(None, rows["kling-v3"]) is None


RARELY = st.sampled_from([False, False, False, True])
MOSTLY = RARELY.map(lambda said: not said)
"""With as many wishes as not, nobody would be picked and nothing judged."""

ROWS = st.builds(
    VideoRow,
    model=st.just("m"),
    make_s=st.floats(1, 600),
    seconds=st.lists(st.integers(1, 20), min_size=1, unique=True).map(lambda s: tuple(sorted(s))),
    source=st.just("https://example.org"),
    as_of=st.just(TODAY),
    quality=st.none() | st.floats(0, 1),
    aspects=st.lists(st.sampled_from(["16:9", "9:16", "1:1"]), unique=True).map(tuple),
    first=MOSTLY,
    last=MOSTLY,
    references=st.integers(0, 3),
    audio=st.booleans(),
    sunset=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
)
OFFERS = st.lists(
    st.builds(
        Offer,
        provider=st.just("p"),
        model=st.text("abc", min_size=1, max_size=3),
        row=ROWS,
        nusd_per_s=st.integers(0, 10**8) | st.integers(0, 10**9) | st.none(),
        healthy=MOSTLY,
    ),
    max_size=6,
)
WISHES = st.builds(
    Wish,
    duration_ms=st.none() | st.integers(1, 9_000) | st.integers(1, 25_000),
    aspect=st.none() | st.none() | st.sampled_from(["16:9", "9:16", "1:1", "4:3"]),
    first=RARELY,
    last=RARELY,
    references=st.just(0) | st.integers(0, 3),
    audio=st.none() | st.booleans(),
    urgent=RARELY,
    budget_nusd=st.none() | st.integers(10**9, 10**10) | st.integers(0, 10**10),
    least_quality=st.none() | st.floats(0, 0.5) | st.floats(0, 1),
)


@given(OFFERS, WISHES)
def test_whoever_is_picked_keeps_every_promise_and_nobody_is_forgotten(offers, wish):
    try:
        choice = choose(offers, wish, TODAY)
    except UnsupportedFeature:
        return
    assert len(choice.picks) + len(choice.decision.left_out) == len(offers)
    ranked = [pick.score for pick in choice.picks]
    assert ranked == sorted(ranked, reverse=True)
    assert all(0 <= score <= 1 + 1e-9 for score in ranked)
    for pick in choice.picks:
        row = pick.offer.row
        assert pick.offer.healthy
        assert row.sunset is None or row.sunset > TODAY
        assert wish.duration_ms is None or pick.seconds * 1000 >= wish.duration_ms
        assert pick.seconds in row.seconds
        assert not wish.urgent or row.make_s < 60
        assert not wish.audio or row.audio
        assert row.references >= wish.references
        if wish.budget_nusd is not None:
            assert pick.cost_nusd <= wish.budget_nusd


@given(OFFERS, WISHES, st.randoms())
def test_the_order_in_which_offers_come_is_no_matter(offers, wish, chance):
    unique = list({offer.model: offer for offer in offers}.values())
    shuffled = unique[:]
    chance.shuffle(shuffled)
    try:
        expected = order(choose(unique, wish, TODAY))
    except UnsupportedFeature:
        return
    assert order(choose(shuffled, wish, TODAY)) == expected
