"""What holds for the recorded traffic of every dialect, judged by the comparison that comes with it."""

import json
import random
import re

import pytest

from madang.wire import chat, gemini, messages, responses
from madang.wire.contract import WriteContext
from stand.many import for_all
from stand.streams import check_promise, read_stream, relay, write_stream
from stand.traffic import APIS, body_of, musts, needs_recordings, recorded, recording, score

pytestmark = [pytest.mark.recordings, needs_recordings]

WIRES = {
    "chat": chat.WIRE,
    "responses": responses.WIRE,
    "messages": messages.WIRE,
    "gemini": gemini.WIRE,
}
CONTEXT = WriteContext(
    request_id="req_01abc", model="asked-for", created_s=1_700_000_000, include_usage=True
)
EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def of(*dialects, **wanted):
    """A rule about the recordings of dialects whose rows say this."""
    return for_all(
        (dialect, name) for dialect in dialects for name in recorded(api=APIS[dialect], **wanted)
    )


every_answer = of(*WIRES, streaming=False, status=200)
every_stream = of(*WIRES, streaming=True, status=200)


def differences(dialect, norm, written, kind):
    got = score().response_view(APIS[dialect], 200, kind, written)
    assert not (dialect == "responses" and got["warnings"]), "deltas and final response differ"
    return musts(score().native_view(norm), got)


@every_answer
def test_an_answer_is_read_and_written_without_a_difference(dialect, name):
    norm, wire = recording(name), WIRES[dialect]
    written = wire.write_answer(wire.read_answer(body_of(norm)), CONTEXT)
    assert not differences(dialect, norm, written, "application/json")


@every_stream
def test_a_stream_is_read_and_written_without_a_difference(dialect, name):
    norm, wire = recording(name), WIRES[dialect]
    events = read_stream(wire, body_of(norm))
    check_promise(events)
    written = write_stream(wire, events, CONTEXT)
    assert not differences(dialect, norm, written, "text/event-stream")


@every_stream
def test_a_stream_reads_and_relays_the_same_however_it_is_cut(dialect, name):
    wire, body = WIRES[dialect], body_of(recording(name))
    ends = [end.end() for end in EVENT_END.finditer(body)]
    for cuts in (ends, random.Random(7).choices(range(len(body)), k=len(body) // 7)):
        assert read_stream(wire, body, cuts) == read_stream(wire, body)
        assert relay(wire, body, cuts)[0] == relay(wire, body)[0]


@every_answer
def test_skimming_an_answer_finds_what_reading_it_finds(dialect, name):
    wire, body = WIRES[dialect], body_of(recording(name))
    answer, skimmed = wire.read_answer(body), wire.skim_answer(body)
    assert (skimmed.usage, skimmed.stop) == (answer.usage, answer.choices[0].stop)


@of("messages", "responses", status=200)
def test_a_relayed_request_changes_its_model_only(dialect, name):
    wire, body = WIRES[dialect], recording(name)["request"]["body"]
    sent = json.dumps(body, separators=(",", ":")).encode()
    envelope = wire.read_envelope(sent, None, False)
    assert (envelope.model, envelope.stream) == (body["model"], bool(body.get("stream")))
    assert wire.retarget(sent, envelope, body["model"]) == sent
    assert json.loads(wire.retarget(sent, envelope, "other")) == {**body, "model": "other"}
