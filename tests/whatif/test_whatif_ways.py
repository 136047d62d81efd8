"""Where requests go: the route's plan, past what failed, what is too small and what cannot."""

import pytest
from whatif_rows import row_of

from madang.config.sections.budgets import Budget, Limit, Scope
from madang.whatif.limiting import BareKey, Bounds

TWO = """
models:
  m: {targets: [deepseek/deepseek-v3.2, openai/gpt-4.1]}
prices:
  - {provider: deepseek, model: deepseek-v3.2, in: 1, out: 1}
"""
SWAPPED = TWO.replace(
    "[deepseek/deepseek-v3.2, openai/gpt-4.1]", "[openai/gpt-4.1, deepseek/deepseek-v3.2]"
)


def failed(past, **given):
    nothing = {"outcome": "failed", "input_tokens": 0, "output_tokens": 0, "cost_nusd": 0}
    return past(**(nothing | {"final": False, "cause": "timeout"} | given))


def test_a_route_that_did_not_change_leaves_requests_where_they_were(past, replayed):
    told = replayed([past(asked_model="m")], TWO, before=TWO)
    assert (told.moved_requests, told.total.now_nusd) == (0, 2_800_000)


def test_a_route_that_changed_is_followed(past, replayed):
    told = replayed([past(asked_model="m")], TWO, before=SWAPPED)
    assert (told.moved_requests, told.total.now_nusd) == (1, 1_100_000)


def test_a_place_that_failed_fails_again(past, replayed):
    at = {"request_id": "r", "asked_model": "m"}
    rows = [
        failed(past, **at, provider="deepseek", model="deepseek-v3.2"),
        past(**at, n=1),
    ]
    told = replayed(rows, TWO, before=SWAPPED)
    assert (told.moved_requests, told.total.requests, told.total.now_nusd) == (0, 1, 2_800_000)


def test_what_a_broken_attempt_cost_is_lost_only_where_it_is_made_again(past, replayed):
    at = {"request_id": "r", "asked_model": "m"}
    cut = past(
        **at, outcome="cut", final=False, cause="broken", output_tokens=10, cost_nusd=2_080_000
    )
    rows = [cut, past(**at, n=1, provider="deepseek", model="deepseek-v3.2", cost_nusd=1_100_000)]
    again, gone = replayed(rows, SWAPPED), replayed(rows, TWO)
    assert (again.total.then_nusd, again.total.now_nusd) == (3_180_000, 3_180_000)
    assert gone.total.now_nusd == 1_100_000
    assert (row_of(again, "gpt-4.1").now_requests, row_of(again, "gpt-4.1").now_nusd) == (
        0,
        2_080_000,
    )


def test_what_exceeds_a_window_goes_on_to_a_larger_one(past, replayed):
    told = replayed([past(asked_model="m", input_tokens=500_000)], TWO)
    assert (told.fit.too_long, told.fit.unanswered, told.moved_requests) == (1, 0, 0)


def test_what_no_window_holds_is_told(past, replayed):
    told = replayed([past(asked_model="m", input_tokens=50_000_000)], TWO)
    assert (told.fit.too_long, told.fit.unanswered, told.total.now_nusd) == (1, 1, 0)


def test_a_call_of_tools_goes_past_a_target_without_them(past, replayed):
    text = """
models:
  plain: {targets: [deepseek/deepseek-v3.2], features: {tools: false}, fallback: [gpt-4.1]}
"""
    told = replayed([past(asked_model="plain", stop="tool_calls")], text)
    assert (told.fit.unable, told.moved_requests) == (1, 0)


def test_weights_and_long_prompts_are_heeded(past, replayed):
    text = """
models:
  m:
    pick: weighted
    targets: [{to: openai/gpt-4.1, weight: 3}, {to: openai/gpt-4.1-mini, weight: 1}]
    long_context: {to: gemini-2.5-flash, threshold_tokens: 5000}
"""
    rows = [past(asked_model="m") for _ in range(1_000)]
    rows.append(past(asked_model="m", input_tokens=6_000))
    told = replayed(rows, text)
    assert abs(row_of(told, "gpt-4.1-mini").now_requests - 250) < 50
    assert row_of(told, "gemini-2.5-flash").now_requests == 1


def test_the_cheapest_is_chosen_by_the_prices_of_the_day(past, replayed):
    text = "models: {m: {pick: cost, targets: [openai/gpt-4.1, openai/gpt-4.1-mini]}}"
    assert replayed([past(asked_model="m")], text).total.now_nusd == 560_000


def test_an_answer_longer_than_the_target_makes_is_told(past, replayed):
    text = "models: {m: {targets: [openai/gpt-4.1-mini], max_output: 50}}"
    assert replayed([past(asked_model="m")], text).fit.longer_answers == 1


def test_a_keys_own_limits_and_budgets_count(past, replayed):
    """Of six requests of 2,800,000 nano-dollars two fit the budget of six million; one key has no limit."""
    rows = [past(key_id=key) for key in "aaabbb"]
    keys = {"a": BareKey("a", "a", budget_nusd=6_000_000, budget_per="day"), "b": BareKey("b", "b")}
    told = replayed(rows, bounds=Bounds(keys=keys))
    assert (told.limits.limited_requests, told.limits.refused) == (3, {"budget_exceeded": 1})


@pytest.mark.parametrize(("team", "refused"), [("x", 2), ("y", 0)])
def test_limits_of_tags_count_those_with_the_tag(past, replayed, team, refused):
    rows = [past(tags=f'{{"team":"{team}"}}') for _ in range(3)]
    scope = Scope(tag={"team": "x"})
    bounds = Bounds(limits=(Limit(scope, rpm=1),), budgets=(Budget(scope, usd=1.0),))
    limits = replayed(rows, bounds=bounds).limits
    assert (limits.refused_requests if limits else 0) == refused
