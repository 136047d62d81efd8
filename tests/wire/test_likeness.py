"""Which questions may be alike at all, and how alike two vectors are: judged by hand."""

import json
from math import isclose, sqrt

import pytest

from madang.wire.likeness import distance, figures_of, question_of, similarity, vector_of
from madang.wire.sameness import meaning_of

TEXT = "What is a harbour?"


def asked(dialect, text=TEXT, system="Be brief.", **more):
    turns = {
        "chat": {"messages": [{"role": "user", "content": text}]},
        "messages": {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": text}]}]},
        "responses": {"input": [{"role": "user", "content": text}], "store": False},
        "completions": {"prompt": text},
    }[dialect]
    told = {"model": "m", "temperature": 0, "system_prompt": system, **turns, **more}
    return meaning_of(json.dumps(told).encode(), dialect).text


@pytest.mark.parametrize("dialect", ["chat", "messages", "gemini", "responses", "completions"])
def test_the_question_is_the_users_last_text_and_the_rest_is_all_else(dialect):
    question = question_of(asked(dialect), dialect)
    other = question_of(asked(dialect, "Where is one?"), dialect)
    assert question.text == TEXT
    assert other.rest == question.rest
    for more in ({"system": "Be long."}, {"temperature": 1}, {"max_tokens": 3}, {"unheard": 1}):
        assert question_of(asked(dialect, **more), dialect).rest != question.rest


def test_a_string_for_responses_is_a_question_too():
    body = {"model": "m", "input": TEXT, "store": False}
    assert question_of(json.dumps(body).encode(), "responses").text == TEXT


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"role": "user", "content": TEXT}, {"role": "assistant", "content": "It is"}],
        [{"role": "user", "content": [{"type": "text", "text": one} for one in "ab"]}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}],
        [{"role": "tool", "content": TEXT}],
        [{"role": "user", "content": " "}],
        [{"role": "user", "content": "x" * 8001}],
        [TEXT],
        None,
    ],
)
def test_what_is_not_one_text_of_the_user_is_never_compared(messages):
    assert question_of(json.dumps({"messages": messages}).encode(), "chat") is None


def test_a_picture_beside_the_question_counts_as_all_else():
    def about(url):
        content = [{"type": "text", "text": TEXT}, {"type": "image_url", "image_url": url}]
        told = {"messages": [{"role": "user", "content": content}]}
        return question_of(json.dumps(told).encode(), "chat")

    assert about("a").text == about("b").text == TEXT
    assert about("a").rest != about("b").rest


def test_embeddings_are_never_compared():
    assert question_of(b'{"input":"x"}', "embeddings") is None


def test_figures_are_found_in_their_order():
    assert figures_of("On 2026-11-20 at 9:15, 1,234.5 ships, and 3 boats") == (
        *("2026", "11", "20", "9:15"),
        *("1,234.5", "3"),
    )


def test_similarity_is_the_cosine_whatever_the_lengths():
    right, diagonal, up = vector_of([2.0, 0.0]), vector_of([3.0, 3.0]), vector_of([0.0, 0.5])
    assert isclose(similarity(right, diagonal), 1 / sqrt(2), abs_tol=1e-6)
    assert isclose(similarity(right, up), 0, abs_tol=1e-6)
    assert similarity(diagonal, diagonal) <= 1
    assert similarity(diagonal, vector_of([-1.0, -1.0])) == pytest.approx(-1)
    assert (distance(right, diagonal), distance(diagonal, vector_of([-1.0, 1.0]))) == (1, 1)


@pytest.mark.parametrize("numbers", [[], [0.0, 0.0], [float("nan")], [float("inf"), 1.0]])
def test_what_has_no_direction_is_no_vector(numbers):
    assert vector_of(numbers) is None
