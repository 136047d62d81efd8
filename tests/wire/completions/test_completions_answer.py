"""An answer as a completion: whole, streamed, and both the same."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest, ProviderBroken
from madang.model import (
    Answer,
    Choice,
    ChoiceEnded,
    Ended,
    Failed,
    LogprobsAdded,
    Message,
    PartEnded,
    PartStarted,
    Refusal,
    Request,
    Started,
    Text,
    TextDelta,
    Thinking,
    Usage,
    UsageSeen,
)
from madang.wire.completions import WIRE
from madang.wire.contract import WriteContext

LIKELY = [
    {"token": "He", "logprob": -0.1, "top_logprobs": [{"token": "He", "logprob": -0.1}]},
    {"token": "llo", "logprob": -0.2, "top_logprobs": []},
]


def context(*, echo: bool = False, include_usage: bool = True) -> WriteContext:
    asked = Request(
        dialect="completions",
        model="m",
        messages=(Message("user", (Text("Ask: "),)),),
        kept={"echo": True} if echo else {},
    )
    return WriteContext("req_1", "m", 7, include_usage=include_usage, asked=asked)


def whole(*choices: Choice, usage: Usage | None = None, **wishes: bool) -> dict:
    answer = Answer(model="n", choices=choices, usage=usage)
    return json.loads(WIRE.write_answer(answer, context(**wishes)))


def streamed(*events, **wishes: bool) -> list:
    writer = WIRE.stream_writer(context(**wishes))
    lines = b"".join(writer.feed(event) for event in events).split(b"\n\n")
    assert lines.pop() == b""
    assert all(line.startswith(b"data: ") for line in lines)
    return [line[6:].decode() if line[6:] == b"[DONE]" else json.loads(line[6:]) for line in lines]


def part(*texts: str, kind=Text, index: int = 0, choice: int = 0) -> list:
    deltas = [TextDelta(choice, index, text) for text in texts]
    return [PartStarted(choice, index, kind("")), *deltas, PartEnded(choice, index)]


def test_a_whole_answer():
    choice = Choice(parts=(Thinking("hm"), Text("Hello"), Text(".")), stop="length")
    assert whole(choice, usage=Usage(input=3, output=2)) == {
        "id": "cmpl-req_1",
        "object": "text_completion",
        "created": 7,
        "model": "m",
        "choices": [{"text": "Hello.", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }


@pytest.mark.parametrize(
    ("stop", "word"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "stop"),
        ("pause", "stop"),
        ("error", "error"),
        (None, "stop"),
    ],
)
def test_why_it_ended(stop, word):
    assert whole(Choice(parts=(), stop=stop))["choices"][0]["finish_reason"] == word


def test_a_refusal_is_said_in_its_words():
    assert (
        whole(Choice(parts=(Refusal("No."),), stop="content_filter"))["choices"][0]["text"] == "No."
    )


@pytest.mark.parametrize("echo", [False, True])
def test_log_probabilities_whole_and_streamed(echo):
    """Offsets count from the start of what the caller sees."""
    start = 5 if echo else 0
    wanted = {
        "tokens": ["He", "llo"],
        "token_logprobs": [-0.1, -0.2],
        "top_logprobs": [{"He": -0.1}, {}],
        "text_offset": [start, start + 2],
    }
    choice = Choice(parts=(Text("Hello"),), stop="stop", logprobs=LIKELY)
    assert whole(choice, echo=echo)["choices"][0]["logprobs"] == wanted
    started, delta, ended = part("Hello")
    first, second = (LogprobsAdded(0, [entry]) for entry in LIKELY)
    chunks = streamed(
        started, delta, first, second, ended, ChoiceEnded(0, "stop"), Ended(), echo=echo
    )
    found = [c["choices"][0]["logprobs"] for c in chunks[:-1] if c["choices"][0]["logprobs"]]
    assert [one["text_offset"] for one in found] == [[start], [start + 2]]


def test_a_stream_has_one_end_and_then_the_usage_if_it_was_asked_for():
    events = [*part("Hi"), UsageSeen(Usage(input=3, output=1)), ChoiceEnded(0, "stop"), Ended()]
    *chunks, last, done = streamed(*events)
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, "stop"]
    assert (last["choices"], last["usage"]["total_tokens"], done) == ([], 4, "[DONE]")
    assert all("usage" not in chunk for chunk in streamed(*events, include_usage=False)[:-1])


def test_nothing_goes_out_before_the_first_text():
    """Until then another provider may still take over."""
    events = [Started("n"), *part("hm", kind=Thinking), UsageSeen(Usage(input=3))]
    assert streamed(*events, echo=True) == []


def test_the_prompt_comes_first_even_where_nothing_follows():
    said = streamed(ChoiceEnded(0, "stop"), Ended(), echo=True)
    assert [chunk["choices"][0]["text"] for chunk in said[:-1]] == ["Ask: ", ""]


def test_a_failure_ends_a_stream_without_a_finish():
    *chunks, error, done = streamed(*part("Hi"), Failed("gone", "broken"))
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)
    assert (error["error"]["message"], done) == ("gone", "[DONE]")
    late = WIRE.write_stream_error(ProviderBroken("gone"), context())
    assert late.startswith(b'data: {"error"')
    assert late.endswith(b"data: [DONE]\n\n")


PARTS = st.lists(
    st.tuples(
        st.sampled_from([Text, Refusal, Thinking]), st.lists(st.text(max_size=5), max_size=4)
    ),
    max_size=4,
)


@given(choices=st.lists(PARTS, min_size=1, max_size=3), echo=st.booleans())
def test_streamed_and_whole_are_the_same_text(choices, echo):
    spoken = [tuple(kind("".join(texts)) for kind, texts in parts) for parts in choices]
    wanted = whole(*(Choice(parts=parts, stop="stop") for parts in spoken), echo=echo)["choices"]
    events = []
    for n, parts in enumerate(choices):
        for index, (kind, texts) in enumerate(parts):
            events += part(*texts, kind=kind, index=index, choice=n)
        events.append(ChoiceEnded(n, "stop"))
    chunks = [chunk["choices"][0] for chunk in streamed(*events, Ended(), echo=echo)[:-1]]
    for n, choice in enumerate(wanted):
        assert "".join(c["text"] for c in chunks if c["index"] == n) == choice["text"]
        assert [c["finish_reason"] for c in chunks if c["index"] == n and c["finish_reason"]] == [
            "stop"
        ]


NAMES = st.sampled_from(
    [
        *("model", "prompt", "suffix", "echo", "best_of", "logprobs", "max_tokens", "stop", "n"),
        *("stream", "stream_options", "user", "odd", "token", "logprob", "top_logprobs"),
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(body=st.dictionaries(NAMES, JSON).map(json.dumps) | st.text(max_size=20))
def test_any_request_is_read_or_refused(body):
    for read in (WIRE.read_request, WIRE.read_envelope):
        with contextlib.suppress(InvalidRequest):
            read(body.encode("utf-8", "replace"), "m", False)


@given(entries=JSON)
def test_any_log_probabilities_leave_an_answer(entries):
    """They come from a provider in whatever shape."""
    choice = Choice(parts=(Text("x"),), stop="stop", logprobs=entries)
    assert whole(choice)["choices"][0]["text"] == "x"
    assert streamed(LogprobsAdded(0, entries), Ended())[-1] == "[DONE]"
