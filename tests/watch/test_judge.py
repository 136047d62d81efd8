"""When alerts are raised and ended: once, not twice within a cooldown, and not by what is not known."""

import pytest

from madang.config.sections.alerts import DEFAULT_ALERTS, Alert
from madang.state.store import Store
from madang.watch.alerts.book import Book
from madang.watch.alerts.judge import Judge
from madang.watch.cells import Labels

SLOW = Alert("mean_latency_s > 5", "critical", by="model", min_count=10, cooldown_s=300)


def judged(judge, at_s, **latency_by_model):
    """What is told when models are this slow, as (state, subject)."""
    measures = {
        Labels(model=model): {"mean_latency_s": latency_s, "attempts": 20}
        for model, latency_s in latency_by_model.items()
    }
    events = judge.judge(lambda span, by: measures, at_s * 1_000_000)
    return [(event.state, event.subject) for event in events]


@pytest.fixture
def judge():
    judge = Judge()
    judge.configure([SLOW])
    return judge


def test_an_alert_is_raised_once_and_ended_once(judge):
    assert judged(judge, 0, a=6.0, b=1.0) == [("firing", "a")]
    assert judged(judge, 2, a=7.0, b=1.0) == []
    assert judged(judge, 4, a=4.0, b=1.0) == [("resolved", "a")]
    assert judged(judge, 6, a=4.0, b=1.0) == []


def test_the_same_alert_is_not_raised_again_within_its_cooldown(judge):
    judged(judge, 0, a=6.0)
    judged(judge, 10, a=1.0)
    assert judged(judge, 299, a=6.0, b=6.0) == [("firing", "b")]
    assert judged(judge, 300, a=6.0, b=6.0) == [("firing", "a")]


def test_an_alert_ends_when_there_is_nothing_more_to_judge_by(judge):
    judged(judge, 0, a=6.0)
    assert judged(judge, 600) == [("resolved", "a")]


@pytest.mark.parametrize("latency_s", [None, 5.0])
def test_what_is_unknown_or_just_at_the_bound_raises_nothing(judge, latency_s):
    assert judged(judge, 0, a=latency_s) == []


def test_too_few_attempts_raise_nothing(judge):
    measures = {Labels(model="a"): {"mean_latency_s": 60.0, "attempts": 9}}
    assert judge.judge(lambda span, by: measures, 0) == []


def test_what_is_raised_stays_raised_when_other_rules_are_added(judge):
    judged(judge, 0, a=6.0)
    judge.configure([Alert("error_rate > 5%"), SLOW])
    assert judged(judge, 2, a=6.0) == []
    assert [event.subject for event in judge.firing] == ["a"]


def test_a_rule_that_goes_ends_what_it_had_raised(judge):
    judged(judge, 0, a=6.0)
    judge.configure([])
    assert judged(judge, 2, a=6.0) == [("resolved", "a")]


def test_an_event_says_what_the_measures_were(judge):
    measures = {
        Labels(model="a"): {"mean_latency_s": 6.123456789, "attempts": 20, "p50_latency_s": 1.0}
    }
    event = judge.judge(lambda span, by: measures, 5)[0]
    assert event.values == {"mean_latency_s": 6.12346}
    assert event.rule == "mean_latency_s > 5 in 5m by model (critical)"


def test_a_restart_neither_repeats_nor_forgets_what_was_raised(judge, tmp_path):
    store = Store(tmp_path)
    book = Book(store)
    for event in judge.judge(
        lambda span, by: {Labels(model="a"): {"mean_latency_s": 9.0, "attempts": 20}}, 0
    ):
        book.enter(event)
    again = Judge(book.firing())
    again.configure([SLOW])
    assert judged(again, 2, a=9.0) == []
    ended = again.judge(lambda span, by: {}, 3_000_000)
    book.enter(ended[0])
    assert book.firing() == []
    assert [one.state for one in book.history()] == ["resolved", "firing"]
    store.close()


@pytest.mark.parametrize(
    ("measures", "severities"),
    [
        ({"mean_latency_s": 5.1, "error_rate": 0.0}, ["warning"]),
        ({"mean_latency_s": 15.1, "error_rate": 0.0}, ["critical"]),
        ({"mean_latency_s": 1.0, "error_rate": 0.051}, ["critical"]),
        ({"mean_latency_s": 1.0, "error_rate": 0.05}, []),
        ({"healthy_providers": 0, "failing_providers": 2}, ["critical"]),
        ({"healthy_providers": 1, "failing_providers": 2}, []),
        ({"healthy_providers": 0, "failing_providers": 0}, []),
        ({"spent_day_usd": 100.01}, ["warning"]),
        ({"spent_day_usd": 100.0}, []),
    ],
)
def test_the_usual_alerts_are_those_of_the_catalogue(measures, severities):
    """G19: mean latency > 5 s warning, > 15 s critical; errors > 5 %; no healthy provider; spend > $100."""
    judge = Judge()
    judge.configure(DEFAULT_ALERTS)
    events = judge.judge(lambda span, by: {Labels(): {"attempts": 20, **measures}}, 0)
    assert [event.severity for event in events] == severities
    assert {alert.cooldown_s for alert in DEFAULT_ALERTS} == {300}
