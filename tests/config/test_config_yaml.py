"""The YAML that is accepted: lines kept, nothing constructed, everything bounded."""

import pytest

from madang.config import parse
from madang.config.sections.models import FallbackRef
from madang.config.sections.providers import Provider


def test_a_key_that_appears_twice_is_refused_where_it_appears_again(refused):
    problems = refused("log: json\nmodels:\n  m: {}\n  m: {}\nlog: human\n")
    assert {path: problem.line for path, problem in problems.items()} == {"models.m": 4, "log": 5}
    assert "already on line 3" in problems["models.m"].message


def test_a_tab_in_the_indentation_is_explained(refused):
    problem = refused("providers:\n  a:\n\t\tkind: openai\n")[""]
    assert (problem.line, "tab" in problem.message) == (3, True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("models:\n  m: [a/b\nlog: json\n", 3),
        ("log: 'json\n", 1),
        ("server:\n  drain_s: 1\n max_body_mb: 2\n", 3),
        ("log: json: human\n", 1),
        ("a: 1\nb: \x07\n", 2),
        ("é: ${A}\nb: \ufffe\nc: d\n", 2),
        ("log: json\n---\nlog: human\n", 2),
        ("log: json\n# \ud800\n", 2),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_line(refused, text, line):
    assert refused(text)[""].line == line


def test_only_true_and_false_are_booleans():
    settings = parse(
        "providers: {a: {region: no}}\nmodels: {on: {fallback: [{on: [timeout], to: off}]}}", {}
    )
    assert settings.providers["a"].region == "no"
    assert settings.models["on"].fallback == (FallbackRef("off", ("timeout",)),)


def test_numbers_and_dates_in_quotes_stay_text():
    settings = parse(
        "providers: {a: {api_key: '123', region: \"2026\"}, b: {api_key: !!str 5}}", {}
    )
    assert settings.providers["a"] == Provider(api_key="123", region="2026")
    assert settings.providers["b"].api_key == "5"


def test_an_alias_and_a_merge_repeat_what_stands_elsewhere():
    text = """
providers:
  a: &a {kind: openai, base_url: http://a.test, timeouts: &fast {idle_s: 1}}
  b: {<<: *a, base_url: http://b.test}
  c: {kind: gemini, timeouts: *fast}
  d: {<<: [{region: x}, *a]}
"""
    a, b, c, d = parse(text, {}).providers.values()
    assert (b.kind, b.base_url, b.timeouts) == ("openai", "http://b.test", a.timeouts)
    assert c.timeouts == a.timeouts
    assert (d.region, d.base_url) == ("x", "http://a.test")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models: {m: *nobody}", "has no `&…` above"),
        ("models: &a {m: *a}", "`*…` here contains itself"),
        ("models: {<<: text}", "`<<` takes a mapping"),
        ("? [a]\n: b", "a key must be plain text"),
        ("models: !!python/object:os.system {}", "tags are not supported"),
        ("models: !env {}", "tags are not supported"),
        ("log: !!python/name:os.system ''", "tags are not supported"),
    ],
)
def test_what_a_configuration_has_no_use_for_is_refused(refused, text, words):
    messages = [problem.message for problem in refused(text).values()]
    assert any(words in message for message in messages), messages


def test_a_billion_laughs_end_early(refused):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    problem = next(
        problem for problem in refused("\n".join(lines)).values() if "values" in problem.message
    )
    assert "aliases included" in problem.message
    assert problem.line == 6


def test_an_unclosed_quote_or_bracket_is_traced_to_where_it_begins(refused):
    assert "that begins on line 1" in refused("log: 'json\nstore: x\n")[""].message
    assert "that begins on line 2" in refused("\nmodels: [a\nlog: json\n")[""].message


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000])
def test_endless_nesting_ends_early(refused, text):
    assert any("levels deep" in problem.message for problem in refused(text).values())


def test_a_fault_under_an_alias_is_reported_where_it_is_written(refused):
    text = "providers:\n  a:\n    timeouts: &t\n      idle_s: 0\n  b: {timeouts: *t}\n"
    lines = {path: problem.line for path, problem in refused(text).items()}
    assert lines == {"providers.a.timeouts.idle_s": 4, "providers.b.timeouts.idle_s": 4}
