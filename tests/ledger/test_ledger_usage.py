"""What the ledger answers, checked by hand calculation."""

from datetime import date

import pytest
from ledger_reading import NOV_20_2026_US, moved

from madang.errors import InvalidRequest
from madang.ledger.reports import usage

NOON_S = NOV_20_2026_US / 1_000_000 + 43_200
DAY_US = 86_400_000_000
NOVEMBER = {"from_day": date(2026, 11, 1), "to_day": date(2026, 11, 30)}


@pytest.fixture
def enter(journal, ingester):
    """Enters the attempts of one request each into the ledger."""

    def enter(*requests):
        for attempts in requests:
            journal.append(attempts if isinstance(attempts, list) else [attempts])
        moved(ingester)

    return enter


def figures(row, *names):
    return tuple(row[name] for name in names)


def test_the_month_adds_up_to_the_token_and_the_nano_dollar(store, enter, attempt):
    enter(
        attempt(input_tokens=1_000, output_tokens=200, cache_read_tokens=400, cost_nusd=3_600_001),
        attempt(input_tokens=7, output_tokens=1, cost_nusd=2),
        attempt(model="claude-sonnet-4", input_tokens=50, output_tokens=60, cost_nusd=1_000_000),
    )
    month = usage.current_month(store, now_s=NOON_S)
    assert (month["from"], month["to"]) == ("2026-11-01", "2026-11-20")
    assert (month["total_tokens"], month["requests"]) == (1_318, 3)
    assert (month["total_cost_nusd"], month["total_cost"]) == (4_600_003, 0.004600003)
    gpt = month["by_model"]["gpt-4.1"]
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "requests", "cost_nusd", "cost")
    assert figures(gpt, *names) == (1_007, 201, 400, 2, 3_600_003, 0.003600003)
    assert month["by_model"]["claude-sonnet-4"]["total_tokens"] == 110


def test_the_month_begins_and_ends_at_midnight_utc(store, enter, attempt):
    first_us = NOV_20_2026_US - 19 * DAY_US
    enter(
        attempt(at_us=first_us - 1, input_tokens=1_000),
        attempt(at_us=first_us, input_tokens=1, output_tokens=0),
        attempt(at_us=NOV_20_2026_US + DAY_US - 1, input_tokens=2, output_tokens=0),
    )
    assert usage.current_month(store, now_s=NOON_S)["total_tokens"] == 3
    assert usage.current_month(store, now_s=first_us / 1e6 - 1)["total_tokens"] == 1_005
    assert usage.current_month(store, now_s=first_us / 1e6)["total_tokens"] == 1


def test_an_empty_ledger_is_a_month_of_zeros(store):
    month = usage.current_month(store, now_s=NOON_S)
    assert (month["total_tokens"], month["total_cost"], month["by_model"]) == (0, 0.0, {})


def test_a_key_sees_its_own_usage_only(store, enter, attempt):
    enter(attempt(key_id="key_a", input_tokens=1), attempt(key_id="key_b", input_tokens=100))
    month = usage.current_month(store, key_id="key_a", now_s=NOON_S)
    assert (month["total_tokens"], month["requests"]) == (6, 1)
    assert usage.current_month(store, key_id="key_c", now_s=NOON_S)["by_model"] == {}


def test_a_request_counts_once_and_every_attempt_costs(store, enter, attempt):
    in_vain = attempt(
        request_id="r", model="down", outcome="failed", final=False, cost_nusd=0,
        input_tokens=0, output_tokens=0,
    )  # fmt: skip
    broken = attempt(request_id="r", n=1, model="cut-off", outcome="cut", final=False, cost_nusd=7)
    enter([in_vain, broken, attempt(request_id="r", n=2, cost_nusd=9)])
    month = usage.current_month(store, now_s=NOON_S)
    assert (month["requests"], month["total_cost_nusd"], month["total_tokens"]) == (1, 16, 30)
    assert month["by_model"].keys() == {"gpt-4.1", "cut-off"}
    assert figures(month["by_model"]["cut-off"], "requests", "cost_nusd") == (0, 7)


def test_a_request_without_answer_or_charge_is_counted_apart(store, enter, attempt):
    nothing = {"outcome": "failed", "input_tokens": 0, "output_tokens": 0}
    enter(attempt(**nothing, cost_nusd=0), attempt(**nothing, cost_nusd=None), attempt())
    month = usage.current_month(store, now_s=NOON_S)
    assert figures(month, "requests", "failed_requests", "unpriced_requests") == (1, 2, 0)


def test_an_unknown_price_is_said_and_never_a_zero(store, enter, attempt):
    enter(attempt(cost_nusd=None, request_id="r"), attempt(cost_nusd=5))
    month = usage.current_month(store, now_s=NOON_S)
    assert figures(month, "total_cost_nusd", "unpriced_requests") == (5, 1)
    story = usage.request(store, "r")
    assert figures(story, "cost", "cost_nusd") == (None, None)


def test_usage_by_day_key_and_provider(store, enter, attempt):
    enter(
        attempt(key_id="key_a", provider="openai"),
        attempt(key_id="key_a", provider="azure", at_us=NOV_20_2026_US - 1),
        attempt(key_id="key_b", provider="openai"),
        attempt(key_id="key_b", provider="openai"),
    )
    rows = usage.usage(store, **NOVEMBER, by=("day", "key", "provider"))
    assert [figures(row, "day", "key", "provider", "requests") for row in rows] == [
        ("2026-11-19", "key_a", "azure", 1),
        ("2026-11-20", "key_a", "openai", 1),
        ("2026-11-20", "key_b", "openai", 2),
    ]


def test_days_are_included_at_both_ends(store, enter, attempt):
    enter(*(attempt(at_us=NOV_20_2026_US + n * DAY_US) for n in range(-2, 3)))
    days = {"from_day": date(2026, 11, 19), "to_day": date(2026, 11, 21)}
    for by in (("day",), ("day", "tag:x")):
        rows = usage.usage(store, **days, by=by)
        assert [row["day"] for row in rows] == ["2026-11-19", "2026-11-20", "2026-11-21"]


def test_usage_by_the_value_of_one_tag(store, enter, attempt):
    enter(
        attempt(tags={"team": "search", "env": "prod"}, cost_nusd=1),
        attempt(tags={"team": "search"}, cost_nusd=2),
        attempt(tags={"team": 'a"b'}, cost_nusd=4),
        attempt(cost_nusd=8),
    )
    rows = usage.usage(store, **NOVEMBER, by=("tag:team",))
    assert {row["tag:team"]: row["cost_nusd"] for row in rows} == {None: 8, 'a"b': 4, "search": 3}


def test_usage_by_every_tag_lists_a_request_under_each_of_its_tags(store, enter, attempt):
    enter(attempt(tags={"team": "search", "env": "prod"}), attempt(tags={"env": "prod"}), attempt())
    rows = usage.usage(store, **NOVEMBER, by=("tag",))
    assert {row["tag"]: row["requests"] for row in rows} == {
        None: 1,
        "env=prod": 2,
        "team=search": 1,
    }


def test_sums_from_attempts_and_sums_kept_per_day_agree(store, enter, attempt):
    enter(*(attempt(model=f"m{n % 3}", cost_nusd=n or None) for n in range(20)))
    kept = usage.usage(store, **NOVEMBER, by=("model",))
    read = usage.usage(store, **NOVEMBER, by=("model", "tag:none"))
    for row in read:
        assert row.pop("tag:none") is None
    assert kept == read


def test_no_dimension_is_one_total(store, enter, attempt):
    assert usage.usage(store, **NOVEMBER, by=()) == []
    enter(attempt(), attempt(model="x"))
    (row,) = usage.usage(store, **NOVEMBER, by=())
    assert row["requests"] == 2


@pytest.mark.parametrize("by", [("modle",), ("tag:",), ("day", "day"), ("model; DROP TABLE keys",)])
def test_an_unknown_dimension_is_refused(store, by):
    with pytest.raises(InvalidRequest) as caught:
        usage.usage(store, **NOVEMBER, by=by)
    assert caught.value.param == "by"


def test_days_the_wrong_way_round_are_refused(store):
    with pytest.raises(InvalidRequest, match="after"):
        usage.usage(store, from_day=date(2026, 11, 2), to_day=date(2026, 11, 1))


def test_the_story_of_a_request_has_its_attempts_in_order(store, enter, attempt):
    first = attempt(
        request_id="r", provider="down", outcome="failed", status=0, final=False, cost_nusd=0,
        cause="unreachable", detail="connection refused", input_tokens=0, output_tokens=0,
        latency_us=30,
    )  # fmt: skip
    second = attempt(
        request_id="r", n=1, tags={"a": "b"}, losses=("seed",), price="p@1", latency_us=70,
        stop="stop", overhead_us=400, region="kr",
    )  # fmt: skip
    enter([first, second], attempt())
    story = usage.request(store, "r")
    tried = [(one["id"], one["provider"], one["cause"]) for one in story["attempts"]]
    assert tried == [("r.0", "down", "unreachable"), ("r.1", "openai", None)]
    names = ("provider", "outcome", "price", "losses", "tags", "region", "overhead_us")
    given = ("openai", "ok", "p@1", ["seed"], {"a": "b"}, "kr", 400)
    assert figures(story, *names) == given
    assert figures(story, "cost_nusd", "latency_us", "input_tokens") == (120_000, 100, 10)
    assert story["at"] == "2026-11-20T00:00:00.000Z"


def test_the_story_of_another_key_is_not_told(store, enter, attempt):
    enter(attempt(request_id="r", key_id="key_a"))
    assert usage.request(store, "r", key_id="key_b") is None
    assert usage.request(store, "r", key_id="key_a")["id"] == "r"
    assert usage.request(store, "nothing") is None
