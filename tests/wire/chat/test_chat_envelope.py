"""The fast path of a request: little is decoded, nothing else changes."""

import json

import pytest

from madang.errors import InvalidRequest
from madang.wire.chat import WIRE, rename_max_tokens


def envelope(**members):
    body = json.dumps({"model": "m", "messages": [], **members}).encode()
    return body, WIRE.read_envelope(body, None, False)


def test_the_envelope_holds_what_routing_needs():
    _, found = envelope(
        stream=True, max_tokens=5, max_completion_tokens=7, stream_options={"include_usage": True}
    )
    assert (found.model, found.stream, found.max_tokens, found.include_usage) == (
        "m",
        True,
        7,
        True,
    )
    assert bytes(found.fields["messages"]) == b"[]"
    assert envelope(max_tokens=5)[1].max_tokens == 5
    assert envelope(max_tokens=None, stream=None, stream_options=None)[1].max_tokens is None


def test_the_path_names_the_model_where_the_body_does_not():
    assert WIRE.read_envelope(b'{"messages":[]}', "deployed", False).model == "deployed"
    with pytest.raises(InvalidRequest, match="`model` is missing"):
        WIRE.read_envelope(b'{"messages":[]}', None, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", 4),
        ("model", None),
        ("stream", "yes"),
        ("max_tokens", "many"),
        ("max_completion_tokens", 1.5),
        ("stream_options", []),
        ("stream_options", {"include_usage": "yes"}),
    ],
)
def test_a_wrong_type_is_named(name, value):
    with pytest.raises(InvalidRequest) as caught:
        envelope(**{name: value})
    assert caught.value.param == name


def test_what_needs_no_change_keeps_its_bytes():
    for members in ({}, {"stream": True, "stream_options": {"include_usage": True}}):
        body, found = envelope(**members)
        assert WIRE.retarget(body, found, "m") is body


def test_another_model_changes_the_model_and_nothing_else():
    body = b'{"model":"m","future":{"a": [1.50, "\\u00e9"]},"seed":3}'
    out = WIRE.retarget(body, WIRE.read_envelope(body, None, False), 'b"\u00e9')
    assert out == '{"model":"b\\"\u00e9","future":{"a": [1.50, "\\u00e9"]},"seed":3}'.encode()


def test_a_stream_is_made_to_report_its_usage():
    for options in (None, {}, {"include_usage": False, "include_obfuscation": False}):
        body, found = envelope(stream=True, stream_options=options)
        sent = json.loads(WIRE.retarget(body, found, "m"))
        assert sent["stream_options"] == {**(options or {}), "include_usage": True}


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"dear","model":"cheap"}',
        b'{"mod\\u0065l":"dear","model":"cheap"}',
        b'{"model":1,"model":"cheap"}',
        b'{ "model" : "dear" , "model" : "cheap" }',
    ],
)
def test_a_model_named_twice_leaves_once(body):
    """Else a provider that takes the first of them would serve what the key may not use."""
    found = WIRE.read_envelope(body, None, False)
    assert found.model == "cheap"
    assert WIRE.retarget(body, found, "cheap") == b'{"model":"cheap"}'


@pytest.mark.parametrize("body", [b'{"seed":1}', b'{ "seed" : 1 }', b"{}"])
def test_a_model_that_the_path_names_is_written_into_the_body(body):
    found = WIRE.read_envelope(body, "m", False)
    assert json.loads(WIRE.retarget(body, found, "m")) == {**json.loads(body), "model": "m"}


def test_the_older_name_of_the_bound():
    body, _ = envelope(max_completion_tokens=7)
    assert json.loads(rename_max_tokens(body)) == {"model": "m", "messages": [], "max_tokens": 7}
    untouched = b'{"messages":["\\"max_completion_tokens\\""]}'
    assert rename_max_tokens(untouched) is untouched
