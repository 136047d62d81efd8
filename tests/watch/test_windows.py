"""Cells and windows: sums by hand, percentiles by sorting, and memory that has bounds."""

import random

import pytest
from watch_rows import attempt, failed

from madang.config.sections.expression import MEASURES
from madang.watch.cells import MOST_LABELS, OTHER, Cell, Counter, Labels
from madang.watch.windows import SPANS_S, Windows

NOW = 1_800_000_000.0


def counted(*rows):
    counter = Counter()
    counter.count(rows)
    return counter.take()


def looked(windows, span, by=(), at=NOW):
    """The measures of a window by their labels."""
    return {labels: seen.measures for labels, seen in windows.look(span, by, at).items()}


def measured(*rows, by=()):
    windows = Windows(NOW)
    windows.add(NOW, counted(*rows))
    return looked(windows, "5m", by)


def test_a_request_that_needed_two_attempts_is_one_request_and_half_its_attempts_are_errors():
    rows = [
        failed(request_id="r", final=False, provider="a", cost_nusd=0),
        attempt(request_id="r", n=1, provider="b", cost_nusd=2_000_000_000, input_tokens=7),
    ]
    found = measured(*rows)[Labels()]
    assert (found["requests"], found["failed_requests"], found["attempts"]) == (1, 0, 2)
    assert (found["error_rate"], found["success_rate"]) == (0.5, 0.5)
    assert (found["cost_usd"], found["input_tokens"]) == (2.0, 7)


@pytest.mark.parametrize("cause", ["invalid_request", "context_overflow", "content_filter"])
def test_callers_own_mistakes_count_against_nobody(cause):
    found = measured(attempt(), failed(cause, 400))[Labels()]
    assert (found["error_rate"], found["rejected"], found["failed_requests"]) == (0.0, 1, 1)


def test_causes_are_counted():
    windows = Windows(NOW)
    windows.add(NOW, counted(failed("timeout", 0), failed("timeout", 0), failed("overloaded", 503)))
    seen = windows.look("5m", ("provider",), NOW)
    assert seen[Labels(provider="p")].causes == {"timeout": 2, "overloaded": 1}


def test_a_target_that_was_not_asked_is_no_attempt_but_its_pace_is_told():
    found = measured(attempt(), failed("rate_limit", 0), failed("rate_limit", 429))[Labels()]
    assert (found["attempts"], found["errors"]) == (2, 1)
    assert (found["rate_limited"], found["rate_limited_rate"]) == (2, 2 / 3)


def test_callers_who_leave_and_answers_given_again_are_no_errors():
    rows = [attempt(outcome="client_closed"), attempt(outcome="hit", cost_nusd=0), attempt()]
    found = measured(*rows)[Labels()]
    assert (found["requests"], found["attempts"], found["errors"], found["cache_hits"]) == (
        3,
        2,
        0,
        1,
    )


def test_an_unknown_price_is_counted_and_never_zero():
    found = measured(attempt(cost_nusd=None), attempt(cost_nusd=5))[Labels()]
    assert (found["unpriced"], found["cost_usd"]) == (1, 5e-9)


def test_percentiles_are_those_of_the_sorted_times_within_five_percent():
    chance = random.Random(7)
    times = sorted(int(chance.lognormvariate(13, 1.2)) for _ in range(5_000))
    found = measured(*(attempt(latency_us=us) for us in times))[Labels()]
    for share in (50, 95, 99):
        exact = times[-(-len(times) * share // 100) - 1] / 1e6
        assert found[f"p{share}_latency_s"] == pytest.approx(exact, rel=0.05)
    assert found["max_latency_s"] == times[-1] / 1e6
    assert found["mean_latency_s"] == pytest.approx(sum(times) / len(times) / 1e6)


def test_first_tokens_are_those_of_streams():
    rows = [attempt(first_token_us=9), attempt(streamed=True, first_token_us=250_000)]
    assert measured(*rows)[Labels()]["max_ttft_s"] == 0.25


def test_cells_of_parts_add_up_to_the_cell_of_the_whole():
    rows = [attempt(latency_us=n * 777, cost_nusd=n) for n in range(50)]
    rows += [failed("timeout", 0) for _ in range(5)]
    whole, sum_of_parts = Cell(), Cell()
    for row in rows:
        whole.add(row)
        part = Cell()
        part.add(row)
        sum_of_parts.merge(part)
    assert sum_of_parts == whole


def test_a_window_forgets_what_is_older_and_a_longer_one_remembers():
    windows = Windows(NOW)
    windows.add(NOW, counted(attempt()))
    for span, length_s in SPANS_S.items():
        assert looked(windows, span, at=NOW + length_s * 0.9)[Labels()]["attempts"] == 1
        assert looked(windows, span, at=NOW + length_s + 1) == {}


def test_uptime_is_the_share_of_intervals_in_which_something_was_answered():
    windows = Windows(NOW)
    for at, row in ((0, attempt()), (15, failed()), (30, attempt()), (45, failed())):
        windows.add(NOW + at, counted(row))
    assert looked(windows, "5m", at=NOW + 50)[Labels()]["uptime"] == 0.5


def test_groups_are_those_asked_for_the_busiest_first():
    rows = [attempt(model="a"), attempt(model="b", key_id="k2"), attempt(model="b")]
    found = measured(*rows, by=("model",))
    assert [(labels.model, one["attempts"]) for labels, one in found.items()] == [
        ("b", 2),
        ("a", 1),
    ]
    assert set(measured(*rows, by=("key",))) == {Labels(key="key_1"), Labels(key="k2")}


def test_made_up_names_do_not_take_memory_without_bound():
    rows = [attempt(model=f"m{n}", key_id=f"k{n}") for n in range(MOST_LABELS * 4)]
    batch = counted(*rows)
    assert len(batch) <= MOST_LABELS * 2 + 1
    assert batch[Labels(OTHER, OTHER, OTHER)].attempts == MOST_LABELS * 2
    assert sum(cell.attempts for cell in batch.values()) == len(rows)


def test_every_measure_of_a_window_can_stand_in_a_condition():
    elsewhere = {"healthy_providers", "failing_providers", "spent_day_usd", "spent_month_usd"}
    assert set(measured(attempt())[Labels()]) == set(MEASURES) - elsewhere
