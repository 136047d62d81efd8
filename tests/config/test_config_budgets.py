"""Limits and budgets in a file: what they can say, and what is refused."""

import pytest

from madang.config import parse
from madang.config.problems import ConfigError
from madang.config.sections.budgets import Budget, Scope


def test_a_budget_of_the_public_example():
    text = "budgets: [{scope: {tag: {team: search}}, usd: 500, per: month, warn_at: [0.5, 0.8]}]"
    assert parse(text, {}).budgets == (
        Budget(Scope(tag={"team": "search"}), 500.0, "month", warn_at=(0.5, 0.8)),
    )


def test_limits_count_all_together_or_for_some():
    text = "limits: [{scope: total, rps: 5}, {scope: {key: a, plan: pro}, rpm: 60, burst: 3}]"
    first, second = parse(text, {}).limits
    assert (first.scope, first.rps) == ("total", 5)
    assert (second.scope, second.burst) == (Scope(key="a", plan="pro"), 3)


@pytest.mark.parametrize(
    ("text", "path", "fault"),
    [
        ("limits: [{scope: total}]", "limits[0]", "it limits nothing"),
        ("limits: [{scope: total, tpm: 5, burst: 2}]", "limits[0].burst", "`rps` or `rpm`"),
        ("limits: [{scope: {}, rpm: 5}]", "limits[0].scope", "`total`"),
        ("limits: [{scope: everybody, rpm: 5}]", "limits[0].scope", "total"),
        ("limits: [{scope: total, rpm: 0}]", "limits[0].rpm", "1"),
        ("budgets: [{scope: total}]", "budgets[0]", "`usd` is missing"),
        ("budgets: [{scope: total, usd: -1}]", "budgets[0].usd", ""),
        ("budgets: [{scope: {team: a}, usd: 1}]", "budgets[0].scope.team", "unknown key"),
        (
            "budgets: [{scope: total, usd: 1, time_zone: Seoul}]",
            "budgets[0].time_zone",
            "Asia/Seoul",
        ),
        (
            "budgets: [{scope: total, usd: 1, time_zone: ../../etc/passwd}]",
            "budgets[0].time_zone",
            "time zone",
        ),
        ("budgets: [{scope: total, usd: 1, warn_at: [1.5]}]", "budgets[0].warn_at[0]", ""),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(text, path, fault):
    with pytest.raises(ConfigError) as refused:
        parse(text, {})
    problem = refused.value.problems[0]
    assert problem.path == path
    assert fault in problem.message
