"""Whatever a stream is cut at, what two providers say becomes one answer: nothing lost, nothing doubled."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import data
from msgspec.structs import fields

from madang.model import (
    ChoiceEnded,
    Ended,
    PartEnded,
    PartStarted,
    Started,
    Text,
    TextDelta,
    Thinking,
    ToolCall,
    Usage,
    UsageSeen,
)
from madang.pipeline.joint import Joint
from madang.pipeline.overlap import LEAST_OVERLAP, MOST_OVERLAP, repeated
from madang.wire.contract import WriteContext
from madang.wire.registry import WIRES
from madang.wire.translation import Translation

WHOLE = " ".join(f"{n}번 word" for n in range(60))  # no stretch of it comes twice


def chat_stream(text, step):
    """A good stream of Chat Completions in pieces of `step` characters."""
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    chunks = [{"id": "c", "model": "m", "choices": [choice]} for choice in choices]
    chunks.append({"id": "c", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}})
    return (
        b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in chunks) + b"data: [DONE]\n\n"
    )


def said_by(stream):
    """The text and the names of the events of a Messages stream, read by hand."""
    events = [json.loads(line[6:]) for line in stream.split(b"\n") if line.startswith(b"data: ")]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return "".join(delta["text"] for delta in deltas), [event["type"] for event in events]


def messages_joint():
    return Joint(WIRES["messages"].stream_writer(WriteContext("req_1", "m", 0)))


def play(joint, stream):
    """One attempt; the bytes for the caller, and whether it has ended."""
    through = Translation(WIRES["chat"].stream_reader(), joint)
    written = through.feed(stream)
    return written + through.close(), through.ended


@given(data(), st.integers(1, 40), st.integers(1, 40))
def test_any_cut_gives_the_whole_text(data, step, other_step):
    """Also when the second repeats the end of what there was, and each time the cut may be within a character."""
    joint = messages_joint()
    stream = chat_stream(WHOLE, step)
    written, ended = play(joint, stream[: data.draw(st.integers(0, len(stream)))])
    if not ended:
        written += joint.break_off(Usage(input=5, output=1))
        so_far = joint.text
        assert WHOLE.startswith(so_far)
        again = data.draw(st.just(0) | st.integers(LEAST_OVERLAP, MOST_OVERLAP))
        again = again if again <= len(so_far) else 0
        joint.go_on()
        more, ended = play(joint, chat_stream(WHOLE[len(so_far) - again :], other_step))
        written += more
    text, names = said_by(written)
    assert (ended, text, joint.text) == (True, WHOLE, WHOLE)
    once = ["message_start", "content_block_start", "content_block_stop", "message_stop"]
    assert [names.count(name) for name in once] == [1, 1, 1, 1]


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=4))
def test_many_cuts_give_the_whole_text(cuts):
    joint, written = messages_joint(), b""
    for cut in cuts:
        more, ended = play(joint, chat_stream(WHOLE[len(joint.text) :], 7)[:cut])
        written += more
        if ended:
            break
        written += joint.break_off(Usage())
        joint.go_on()
    else:
        written += play(joint, chat_stream(WHOLE[len(joint.text) :], 7))[0]
    assert said_by(written)[0] == WHOLE


class Listed:
    """A writer that keeps what it is told."""

    def __init__(self):
        self.events = []

    def feed(self, event):
        self.events.append(event)
        return b"."


def begun(*events):
    """A joint whose first attempt has said this and broken off."""
    writer = Listed()
    joint = Joint(writer)
    for event in events:
        joint.feed(event)
    joint.break_off(Usage(input=3, output=4, cache_read=1))
    return joint, writer


SPOKEN = (Started("m"), PartStarted(0, 0, Text("")), TextDelta(0, 0, "To be or not "))


def test_the_text_goes_on_in_the_part_that_is_open():
    joint, writer = begun(*SPOKEN)
    joint.go_on()
    rest = [Started("other"), PartStarted(0, 0, Text("")), TextDelta(0, 0, "to be")]
    for event in [*rest, PartEnded(0, 0), ChoiceEnded(0, "stop"), Ended()]:
        joint.feed(event)
    ending = [PartEnded(0, 0), ChoiceEnded(0, "stop"), Ended()]
    assert writer.events == [*SPOKEN, TextDelta(0, 0, "to be"), *ending]


def test_usage_is_that_of_all():
    """Every figure there is."""
    joint, writer = begun(*SPOKEN)
    joint.break_off(Usage(units={"searches": 1}))
    joint.go_on()
    figures = {field.name: 10 for field in fields(Usage) if field.type is int}
    joint.feed(UsageSeen(Usage(**figures, units={"searches": 2})))
    sums = {**figures, "input": 13, "output": 14, "cache_read": 11, "units": {"searches": 3}}
    assert writer.events[-1] == UsageSeen(Usage(**sums))


def test_thoughts_within_a_text_are_dropped():
    joint, writer = begun(*SPOKEN)
    joint.go_on()
    for event in (PartStarted(0, 0, Thinking("")), TextDelta(0, 0, "hm"), PartEnded(0, 0)):
        assert joint.feed(event) == b""
    assert joint.losses == ("thinking",)
    joint.feed(PartStarted(0, 1, Text("")))
    joint.feed(TextDelta(0, 1, "to be, that is the question"))
    assert writer.events[-1] == TextDelta(0, 0, "to be, that is the question")


def test_thoughts_before_any_text_are_kept():
    thought = (Started("m"), PartStarted(0, 0, Thinking("")), TextDelta(0, 0, "hm"))
    joint, writer = begun(*thought)
    joint.go_on()
    joint.feed(PartStarted(0, 0, Thinking("")))
    assert writer.events[3:] == [PartEnded(0, 0), PartStarted(0, 1, Thinking(""))]


def test_a_call_after_the_seam_closes_the_text():
    joint, writer = begun(*SPOKEN)
    joint.go_on()
    call = ToolCall("c", "f", "")
    joint.feed(PartStarted(0, 0, call))
    joint.feed(TextDelta(0, 0, "{}"))
    closed = [PartEnded(0, 0), PartStarted(0, 1, call), TextDelta(0, 1, "{}")]
    assert writer.events[3:] == closed
    assert joint.is_fixed


def test_what_began_with_nothing_to_show_is_forgotten():
    """An attempt that failed before its first byte leaves the next one a clean start."""
    joint, _ = begun(*SPOKEN)
    joint.go_on()
    joint.feed(PartStarted(0, 0, ToolCall("c", "f", "")))
    joint.go_on()
    assert not joint.is_fixed


@pytest.mark.parametrize(
    ("tail", "text", "length"),
    [
        ("the quick brown fox jumps", "quick brown fox jumps over", 21),
        ("the quick brown fox", " fox and hound", 0),  # too short to be sure
        ("the quick brown fox", "over the lazy dog", 0),
        ("ha " * 20, "ha " * 20, 0),  # nobody can tell how many were meant
        ("x" + " " * 40, " " * 30 + "y", 0),
        ("", "anything", 0),
    ],
)
def test_how_much_is_repeated(tail, text, length):
    assert repeated(tail, text, is_all=True) == length


def test_it_waits_until_it_is_clear():
    assert repeated("the quick brown fox jumps", "quick bro", is_all=False) is None
    assert repeated("the quick brown fox jumps", "quick bri", is_all=False) == 0
