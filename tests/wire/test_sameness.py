"""Requests that mean the same share a text; requests that do not, never do."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.model import EMBEDDING
from madang.wire.registry import WIRES
from madang.wire.sameness import WITHOUT_EFFECT, meaning_of, spelled, unambiguous

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(
    st.sampled_from(["messages", "temperature", "seed", "stop", "tools", "n", "odd"]), values
)


def text(body, dialect="chat"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return meaning_of(raw, dialect).text


def shuffled(value, order):
    """The same value with the members of its objects in another order."""
    if isinstance(value, dict):
        names = order.sample(sorted(value), len(value))
        return {name: shuffled(value[name], order) for name in names}
    return [shuffled(one, order) for one in value] if isinstance(value, list) else value


def normal(value):
    """What a value means, worked out by Python's own JSON and comparison: 1.0 is 1, and True is not."""
    if isinstance(value, dict):
        return frozenset((name, normal(one)) for name, one in value.items())
    if isinstance(value, list):
        return tuple(normal(one) for one in value)
    return (isinstance(value, bool), value)


@given(bodies, st.randoms(use_true_random=False), st.sampled_from([None, 2]), st.booleans())
def test_spelling_does_not_matter(body, order, indent, ascii_only):
    again = json.dumps(shuffled(body, order), indent=indent, ensure_ascii=ascii_only)
    assert text(again.encode()) == text(body)


@given(bodies, bodies)
def test_two_requests_share_a_text_if_and_only_if_they_mean_the_same(one, other):
    def meaning(body):
        return normal({name: value for name, value in body.items() if value is not None})

    assert (text(one) == text(other)) == (meaning(one) == meaning(other))


@given(bodies, st.data())
def test_any_change_of_a_member_that_matters_keeps_two_requests_apart(body, data):
    name = data.draw(st.sampled_from(["messages", "temperature", "seed", "stop", "tools", "odd"]))
    value = data.draw(values.filter(lambda one: one is not None))
    if name in body and normal(body[name]) == normal(value):
        return
    assert text({**body, name: value}) != text(body)


@pytest.mark.parametrize("dialect", WITHOUT_EFFECT)
def test_what_has_no_effect_is_left_out(dialect):
    body = {"store": False, "messages": "hi"}
    for name in WITHOUT_EFFECT[dialect] - {"store"}:
        assert text({**body, name: "something"}, dialect) == text(body, dialect)


def test_every_dialect_is_known():
    assert WITHOUT_EFFECT.keys() == WIRES.keys()


@pytest.mark.parametrize(
    ("dialect", "body", "settled"),
    [
        ("chat", {"temperature": 0}, True),
        ("chat", {"temperature": 0.0, "tools": []}, True),
        ("chat", {"seed": 7, "temperature": 1}, True),
        ("chat", {}, False),
        ("chat", {"temperature": None}, False),
        ("chat", {"temperature": False}, False),
        ("chat", {"temperature": 0.1}, False),
        ("chat", {"temperature": 0, "tools": [{}]}, False),
        ("chat", {"temperature": 0, "functions": [{}]}, False),
        ("chat", {"temperature": 0, "web_search_options": {}}, True),
        ("chat", {"temperature": 0, "web_search_options": {"a": 1}}, False),
        ("messages", {"temperature": 0}, True),
        ("messages", {"temperature": 0, "mcp_servers": [{}]}, False),
        ("gemini", {"temperature": 0}, False),
        ("gemini", {"generationConfig": {"temperature": 0}}, True),
        ("gemini", {"generation_config": {"seed": 3}}, True),
        ("gemini", {"generationConfig": {"temperature": 0}, "tools": [{}]}, False),
        ("responses", {"store": False, "temperature": 0}, True),
        ("completions", {"temperature": 0}, True),
        *((dialect, {}, True) for dialect in sorted(EMBEDDING)),
    ],
)
def test_settled_is_what_leaves_nothing_to_chance_and_offers_no_tools(dialect, body, settled):
    assert meaning_of(json.dumps(body).encode(), dialect).is_settled is settled


@pytest.mark.parametrize(
    "body",
    [{}, {"store": True}, {"store": None}]
    + [
        {"store": False, name: "x"}
        for name in ("previous_response_id", "conversation", "background")
    ],
)
def test_conversations_that_are_held_have_no_meaning_by_themselves(body):
    assert meaning_of(json.dumps(body).encode(), "responses") is None


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"{", b'{"a":1e999}', b'"x"', b"\xff{}", b'{"a":"\\ud800"}', b"[" * 5000]
)
def test_what_cannot_be_read_is_nothing_to_keep(body):
    assert meaning_of(body, "chat") is None
    assert isinstance(spelled(body), bytes)


def test_a_body_written_anew_names_every_member_once():
    twice = b'{"messages":["evil"],"messages":[{"content":"bad","content":"good"}]}'
    assert json.loads(unambiguous(twice)) == {"messages": [{"content": "good"}]}
    assert unambiguous(twice).count(b"content") == 1
    assert text(twice) == text(unambiguous(twice))
