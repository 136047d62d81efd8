"""Tasks, tiers and rules in a file: what they may say."""

import pytest

from madang.config import parse
from madang.config.sections.routes import Rule, Task, Tiers, When


def test_tasks_tiers_and_rules_are_read():
    settings = parse(
        """
        server: {region: kr, near: [jp]}
        tasks: {script: {candidates: [gpt-4.1, claude-sonnet-4], prefer: cost}}
        models:
          auto: {tiers: {simple: gpt-4.1-mini, complex: "task:script"}}
          m:
            rules: [{when: {tag: {team: a}, tools: true}, targets: [gpt-4.1], only: true}]
            sticky: true
            latency_budget_ms: 800
        """,
        {},
    )
    assert settings.tasks == {"script": Task(("gpt-4.1", "claude-sonnet-4"), "cost")}
    assert settings.models["auto"].tiers == Tiers("gpt-4.1-mini", None, "task:script")
    rule = Rule(When(tag={"team": "a"}, tools=True), ("gpt-4.1",), only=True)
    assert settings.models["m"].rules == (rule,)
    assert (settings.server.region, settings.server.near) == ("kr", ("jp",))


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("tasks: {'a b': {candidates: [x]}}", "tasks.a…", "a task's name"),
        ("tasks: {a: {candidates: []}}", "tasks.a.candidates", "at least one"),
        ("tasks: {a: {candidates: ['task:b']}}", "tasks.a.candidates[0]", "no task"),
        ("tasks: {a: {}}", "tasks.a", "`candidates` is missing"),
        ("tasks: {a: {candidates: [x], prefer: speedy}}", "tasks.a.prefer", "Did you mean"),
        ("models: {auto: {tiers: {}}}", "models.auto.tiers", "at least one"),
        (
            "models: {auto: {targets: [openai/x], tiers: {simple: a}}}",
            "models.auto.tiers",
            "either",
        ),
        ("models: {auto: {tiers: {simple: auto}}}", "models.auto.tiers.simple", "without tiers"),
        (
            "{models: {auto: {tiers: {simple: a}}}, tasks: {t: {candidates: [auto]}}}",
            "tasks.t.candidates[0]",
            "none with tiers",
        ),
        ("models: {m: {rules: [{when: {}, targets: [a]}]}}", "models.m.rules[0].when", "at least"),
        (
            "models: {m: {rules: [{when: {stream: true}, targets: []}]}}",
            "models.m.rules[0].targets",
            "at least one",
        ),
        (
            "models: {m: {rules: [{when: {stream: true}, targets: ['task:a']}]}}",
            "models.m.rules[0].targets[0]",
            "no task",
        ),
        ("models: {m: {rules: [{when: {priority: urgent}, targets: [a]}]}}",
         "models.m.rules[0].when.priority", "one of"),
        ("models: {m: {latency_budget_ms: 0}}", "models.m.latency_budget_ms", "from 1"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_where_it_stands(refused, text, path, words):
    problems = refused(text)
    assert path in problems, problems
    assert words.lower() in problems[path].message.lower()
