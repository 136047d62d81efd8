"""Conditions of alerts: what they come to is what Python says of the same text; nothing else gets through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madang.config.sections.expression import (
    MAX_DEPTH,
    MEASURES,
    ExpressionError,
    compute,
    names,
    read,
)

VALUES = {"error_rate": 0.25, "attempts": 40.0, "mean_latency_s": 6.5, "cost_usd": -3.0}

NUMBERS = st.one_of(st.integers(0, 50).map(str), st.sampled_from([*VALUES, "0.5", "7.25"]))


def _sums(inner):
    joined = st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner)
    return st.one_of(
        joined.map(lambda parts: f"{parts[0]} {parts[1]} {parts[2]}"),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"-{one}" if not one.startswith("-") else f"({one})"),
    )


SUMS = st.recursive(NUMBERS, _sums, max_leaves=6)
COMPARISONS = st.tuples(SUMS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), SUMS).map(
    " ".join
)


def _joined(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"not {one}"),
    )


CONDITIONS = st.recursive(COMPARISONS, _joined, max_leaves=5)
ODD = st.text("()<>=+-*/. 0123456789%$andornterq_", max_size=80)


@st.composite
def spoilt(draw):
    """A condition with a few characters taken away or put in: half of them are conditions still."""
    text = draw(CONDITIONS)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(ODD.map(lambda odd: odd[:2])) + text[at + draw(st.integers(0, 2)) :]


@settings(max_examples=200, deadline=None)
@given(CONDITIONS)
def test_a_condition_comes_to_what_python_says(text):
    expected = eval(text, {"__builtins__": {}}, VALUES)  # the judge: the same text has one meaning
    assert compute(read(text), VALUES.get) is expected


@settings(max_examples=400, deadline=None)
@given(st.one_of(spoilt(), spoilt(), st.text(max_size=80), ODD))
def test_any_text_is_read_or_refused(text):
    try:
        node = read(text)
    except ExpressionError:
        return
    assert set(names(node)) <= set(MEASURES)
    assert compute(node, lambda _: 1.0) in (True, False, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("5%", 0.05), ("5 %", 0.05), ("300ms", 0.3), ("15s", 15), ("2min", 120), ("1h", 3600)),
        *(("$100", 100), ("20k", 20_000), ("1.5M", 1_500_000), (".5", 0.5)),
    ],
)
def test_numbers_have_units(text, value):
    assert compute(read(f"attempts == {text}"), lambda _: value) is True


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("error_rat > 5%", "Did you mean `error_rate`?"),
        ("__import__('os')", "cannot be read|no measure"),
        ("attempts", "compares nothing"),
        ("attempts >", "missing at the end"),
        ("(attempts > 1", r"`\)` is missing"),
        ("1 < attempts < 5", "`<` was not expected"),
        ("attempts > 1 and 2", "joins comparisons"),
        ("not attempts", "needs a comparison"),
        ("attempts + (1 > 2) > 3", "between numbers"),
        ("a" * 501, "at most 500 characters"),
        ("(" * 60 + "1" + ")" * 60 + " > 0", "levels"),
        ("5q > 1", "`q` was not expected"),
        ("attempts; attempts > 1", "`; attempts` cannot be read at character 9"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(text, words):
    with pytest.raises(ExpressionError, match=words):
        read(text)


def test_depth_is_bounded_and_the_bound_can_be_reached():
    read("(" * MAX_DEPTH + "attempts > 1" + ")" * MAX_DEPTH)
    with pytest.raises(ExpressionError):
        read("not " * (MAX_DEPTH + 1) + "attempts > 1")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("p95_latency_s > 1", None),
        ("not p95_latency_s > 1", None),
        ("attempts / cache_hits > 1", None),
        ("p95_latency_s > 1 or attempts > 1", True),
        ("p95_latency_s > 1 and attempts > 100", False),
        ("p95_latency_s > 1 and attempts > 1", None),
    ],
)
def test_what_is_not_known_makes_nothing_true(text, result):
    assert compute(read(text), {"attempts": 40.0, "cache_hits": 0.0}.get) is result
