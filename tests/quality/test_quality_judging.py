"""A judge's question and verdict, and what becomes of a taste for the first or the last."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest
from madang.quality.judging import Verdict, combined, question, read_verdict
from madang.quality.prompts import read_prompts
from madang.quality.records import NextPair

PAIR = NextPair(1, [{"role": "user", "content": "Q"}], "the left one", "the right one", 1)


@pytest.mark.parametrize(
    ("straight", "swapped", "better"),
    [
        ("first", "second", "left"),
        ("second", "first", "right"),
        ("same", "same", "same"),
        ("first", "first", "same"),  # a taste for what is read first
        ("second", "second", "same"),  # or last
        ("first", "same", "same"),
    ],
)
def test_only_what_is_preferred_both_ways_round_is_better(straight, swapped, better):
    assert combined(Verdict(straight), Verdict(swapped))[0] == better


def test_the_judge_reads_both_orders_and_no_names():
    told = [
        json.loads(question("j", PAIR, swapped=swapped)["messages"][1]["content"])
        for swapped in (False, True)
    ]
    assert [one["first"] for one in told] == ["the left one", "the right one"]
    assert told[0].keys() == {"conversation", "first", "second"}


def test_a_verdict_is_found_in_whatever_stands_around_it():
    text = 'Well:\n```json\n{"better": "second", "reason": "It is right."}\n```'
    assert read_verdict(text) == Verdict("second", "It is right.")


@given(st.text())
def test_what_is_no_verdict_is_refused(text):
    with pytest.raises(InvalidRequest):
        read_verdict(text)


def test_prompts_come_in_three_shapes():
    lines = ['{"prompt": "Hi"}', "", '{"messages": [{"role": "user", "content": "Hi"}]}']
    lines.append('[{"role": "user", "content": "Hi"}]')
    assert read_prompts(lines) == [[{"role": "user", "content": "Hi"}]] * 3


@pytest.mark.parametrize(
    "line", ["{", "1", "[]", '{"prompt": ""}', '{"messages": [1]}', "[" * 9999]
)
def test_a_line_without_a_prompt_is_named(line):
    with pytest.raises(InvalidRequest, match="Line 2"):
        read_prompts(['{"prompt": "Hi"}', line])
