"""What a request needs, told from itself and, quickly, from its bytes; and what it is without that."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from madang.model import (
    Audio,
    Document,
    Feature,
    Format,
    Image,
    Media,
    Message,
    Reasoning,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Video,
)
from madang.wire import chat, gemini, messages, responses
from madang.wire.bound import set_bound
from madang.wire.degrade import degrade
from madang.wire.json import raw_fields
from madang.wire.needs import FEATURES, HARD_LOSSES, REFUSED, hard_losses, needs_of
from madang.wire.screen import Screen

MEDIA = Media(mime="x/y", data="AAAA")
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def asked(*parts, **more) -> Request:
    turns = (Message("user", (Text("Look."), *parts)),)
    return Request(**{"dialect": "chat", "model": "m", "messages": turns, **more})


NEEDING = {
    "tools": asked(tools=(Tool("w"),)),
    "images": asked(Image(MEDIA)),
    "audio_input": asked(Audio(MEDIA)),
    "video_input": asked(Video(MEDIA)),
    "documents": asked(Document(MEDIA)),
    "audio_output": asked(modalities=("text", "audio"), extra={"audio": {"voice": "a"}}),
    "logprobs": asked(logprobs=True, top_logprobs=2),
    "n": asked(n=2),
    "json_schema": asked(format=Format("json_schema", schema=SCHEMA)),
    "json_mode": asked(format=Format("json")),
    "system": asked(system=(Text("Be kind."),)),
}
UNNEEDING = [
    asked(),
    asked(n=1, logprobs=False, tools=(), modalities=("text",)),
    asked(Document(text="plain text is text")),
    asked(reasoning=Reasoning(effort="high"), parallel_tools=True, stop=("x",)),
]


def test_every_feature_has_a_row_with_a_reason():
    assert set(FEATURES) == set(get_args(Feature))
    assert all(row.reason and row.words for row in FEATURES.values())


@pytest.mark.parametrize("feature", NEEDING)
def test_a_need_is_seen_wherever_it_stands(feature):
    request = NEEDING[feature]
    assert needs_of(request) == {feature}
    if feature in REFUSED and request.messages[0].parts[1:]:
        result = ToolResult("c", request.messages[0].parts)
        assert needs_of(asked(result)) == {feature}


@pytest.mark.parametrize("request_", UNNEEDING)
def test_what_changes_nothing_is_no_need(request_):
    assert needs_of(request_) == set()


@pytest.mark.parametrize("feature", NEEDING)
def test_without_a_feature_nothing_needs_it_and_the_loss_is_named(feature):
    request, losses = degrade(NEEDING[feature], frozenset({feature}))
    assert feature not in needs_of(request)
    assert losses == (
        {"json_schema": "format.json_schema", "json_mode": "format.json_object"}.get(
            feature, feature
        ),
    )


@pytest.mark.parametrize("feature", NEEDING)
def test_only_what_is_there_is_lost(feature):
    others = frozenset(FEATURES) - {feature}
    assert degrade(NEEDING[feature], others - {"system"}) == (NEEDING[feature], ())


def test_the_rest_of_a_degraded_request_stays():
    request = asked(Image(MEDIA), n=2, temperature=0.5, stop=("x",))
    degraded, losses = degrade(request, frozenset({"n", "images"}))
    note = Text("[A picture stood here.]")
    assert degraded == replace(asked(note, temperature=0.5, stop=("x",)), n=None)
    assert losses == ("n", "images")


def test_an_emulated_schema_stands_in_the_system_prompt_or_where_that_goes():
    request = replace(NEEDING["json_schema"], system=(Text("Be kind."),))
    only_schema, _ = degrade(request, frozenset({"json_schema"}))
    assert [part.text[:8] for part in only_schema.system] == ["Be kind.", "Answer w"]
    neither, losses = degrade(request, frozenset({"json_schema", "system"}))
    assert [part.text[:8] for part in neither.messages[0].parts] == [
        "Be kind.",
        "Answer w",
        "Look.",
    ]
    assert losses == ("format.json_schema", "system")


def test_calls_that_were_answered_are_told_when_tools_go():
    turns = (
        Message("user", (Text("Rain?"),)),
        Message("assistant", (ToolCall("c", "weather", '{"city":"Seoul"}'),)),
        Message("user", (ToolResult("c", (Text("wet"),), name="weather"),)),
    )
    told, _ = degrade(asked(messages=turns, tools=(Tool("weather"),)), frozenset({"tools"}))
    said = [message.parts[0].text for message in told.messages]
    assert said == ["Rain?", '[Called weather with {"city":"Seoul"}]', "[weather answered: wet]"]


def test_hard_losses_are_those_that_change_the_question():
    request = asked(extra={"video": 1})
    losses = ("seed", "n", "user", "file_id", "thinking_history", "tools.strict", "video")
    assert hard_losses(losses, request) == ("n", "file_id")
    assert all(words for words in HARD_LOSSES.values())


def test_a_providers_own_tools_are_soft_beside_ones_own():
    builtin = Tool("search", origin="gemini", builtin={"googleSearch": {}})
    assert hard_losses(("tools.builtin", "n"), asked(tools=(builtin,))) == ("tools.builtin", "n")
    assert hard_losses(("tools.search",), asked(tools=(builtin,))) == ("tools.search",)
    assert hard_losses(("tools.builtin", "n"), asked(tools=(builtin, Tool("own")))) == ("n",)


WIRES = {
    "chat": chat.WIRE,
    "responses": responses.WIRE,
    "messages": messages.WIRE,
    "gemini": gemini.WIRE,
}


@pytest.mark.parametrize("dialect", WIRES)
@pytest.mark.parametrize("feature", NEEDING)
def test_a_written_need_is_suspected_from_the_bytes(dialect, feature):
    """What a dialect can say of a need, read again, is suspected; no dialect says all."""
    wire = WIRES[dialect]
    body = wire.write_request(NEEDING[feature], "m").body
    found = needs_of(wire.read_request(body, "m", False))
    fields = {name: bytes(raw) for name, raw in raw_fields(body).items()}
    for need in found:
        assert Screen(dialect, frozenset({need})).suspects(fields), need


@pytest.mark.parametrize("dialect", WIRES)
def test_plain_text_is_never_suspected_of_media(dialect):
    """Not even text about pictures: quotation marks in a text are escaped."""
    lacks = frozenset(
        {"images", "audio_input", "video_input", "documents", "tools", "n", "logprobs"}
    )
    said = 'Write {"type": "image_url", "file_id": 1} and \\"image\\" and "input_audio"'
    body = WIRES[dialect].write_request(asked(messages=(Message("user", (Text(said),)),)), "m").body
    assert not Screen(dialect, lacks).suspects(raw_fields(body))


def test_a_dialect_that_is_not_known_is_always_looked_into():
    assert Screen("completions", frozenset({"n"})).suspects({})


BOUNDED = {
    "chat": (
        {"max_tokens": 50, "max_completion_tokens": 90},
        {"max_tokens": 16, "max_completion_tokens": 16},
    ),
    "responses": ({"max_output_tokens": 50}, {"max_output_tokens": 16}),
    "messages": ({"max_tokens": 50}, {"max_tokens": 16}),
    "gemini": (
        {"generationConfig": {"maxOutputTokens": 50, "topK": 1}},
        {"generationConfig": {"maxOutputTokens": 16, "topK": 1}},
    ),
}


@pytest.mark.parametrize("dialect", BOUNDED)
def test_a_bound_is_lowered_where_the_dialect_has_it_and_nowhere_else(dialect):
    given, expected = BOUNDED[dialect]
    rest = {"a": [1.0, None, "\\u00e9"], "tools": [{"max_tokens": 99}]}
    lowered = set_bound(json.dumps({**rest, **given}).encode(), dialect, 16)
    assert json.loads(lowered) == {**rest, **expected}


@given(
    st.one_of(
        st.booleans(),
        st.text("abc€"),
        st.lists(st.integers()),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_what_is_no_bound_or_low_enough_stays(value):
    """What is no number is for the provider to refuse."""
    body = json.dumps({"max_tokens": value}).encode()
    sent = json.loads(set_bound(body, "messages", 16))["max_tokens"]
    is_high = isinstance(value, float) and not 0 < value <= 16
    assert sent == (16 if is_high else value)


@pytest.mark.parametrize(
    ("written", "sent"), [("5000", 16), ("-1", 16), ("1e400", 16), ("9", "9"), ("nan", "nan")]
)
def test_a_bound_that_is_written_as_text_is_a_bound(written, sent):
    """Google's JSON of integers may be text."""
    body = json.dumps({"generationConfig": {"maxOutputTokens": written}}).encode()
    assert json.loads(set_bound(body, "gemini", 16)) == {
        "generationConfig": {"maxOutputTokens": sent}
    }


@pytest.mark.parametrize(
    ("dialect", "given", "sent"),
    [
        ("chat", {}, {"max_completion_tokens": 16}),
        ("chat", {"max_tokens": None}, {"max_tokens": None, "max_completion_tokens": 16}),
        ("responses", {"input": "hi"}, {"input": "hi", "max_output_tokens": 16}),
        ("messages", {"max_tokens": None}, {"max_tokens": 16}),
        ("gemini", {}, {"generationConfig": {"maxOutputTokens": 16}}),
        (
            "gemini",
            {"generation_config": {"topK": 1}},
            {"generation_config": {"topK": 1, "maxOutputTokens": 16}},
        ),
        ("gemini", {"generationConfig": None}, {"generationConfig": {"maxOutputTokens": 16}}),
    ],
)
def test_a_bound_is_set_where_there_is_none(dialect, given, sent):
    body = json.dumps(given).encode()
    assert json.loads(set_bound(body, dialect, 16, "max_completion_tokens")) == sent
