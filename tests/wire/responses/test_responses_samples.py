"""Hand-made streams and requests: what they mean, and that it survives writing."""

import json

import pytest
from responses_traffic import CONTEXT, every, fold, read_stream, relay, write, write_stream

from madang.model import Ended, Failed, Usage
from madang.wire.responses import WIRE
from stand.streams import check_promise, sse


@every("streams")
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("named", [True, False], ids=["named", "nameless"])
def test_a_stream_says_what_its_provider_meant(case, newline, named):
    events = read_stream(sse(case["events"], newline, named=named))
    check_promise(events)
    said = fold(events)
    assert said["says"] == case["says"]
    assert (said["stop"], said["end"]) == (case["stop"], Ended())
    assert said["logprobs"] == case.get("logprobs", [])
    assert said["usage"] == Usage(input=20, output=9, cache_read=8, reasoning=4)


@every("streams")
def test_what_was_read_and_written_reads_the_same(case):
    """Up to a call's empty arguments, which are written as the JSON that clients expect."""
    again = fold(read_stream(write_stream(read_stream(sse(case["events"])))))
    expected = [
        [*part[:2], part[2] or "{}"] if part[0] == "call" else part for part in case["says"]
    ]
    assert again["says"] == expected
    assert again["stop"] == case["stop"]
    assert again["logprobs"] == case.get("logprobs", [])


@every("streams")
def test_every_byte_may_arrive_alone(case):
    body = sse(case["events"])
    assert read_stream(body, range(len(body))) == read_stream(body)


@every("streams")
def test_a_relayed_stream_is_unchanged_and_counted(case):
    body = sse(case["events"])
    relayed, meter = relay(body)
    assert relayed == body
    assert (meter.ended, meter.failed) == (True, False)
    assert meter.stop == case["stop"]
    assert meter.usage == Usage(input=20, output=9, cache_read=8, reasoning=4)


@every("streams")
def test_a_whole_answer_says_the_same_as_its_stream(case):
    """The writer's final response, read as a whole answer, holds what the stream said."""
    writer = WIRE.stream_writer(CONTEXT)
    for event in read_stream(sse(case["events"])):
        writer.feed(event)
    answer = WIRE.read_answer(json.dumps(writer.response).encode())
    assert answer.choices[0].stop == case["stop"]
    assert len(answer.choices[0].parts) == len(case["says"])
    assert WIRE.skim_answer(json.dumps(writer.response).encode()).stop == case["stop"]


@every("failures")
def test_a_stream_that_ends_badly_says_why(case):
    events = read_stream(sse(case["events"]))
    check_promise(events)
    last = events[-1]
    assert isinstance(last, Failed)
    assert (last.kind, last.code) == (case["kind"], case["code"])
    assert case["message"] in {None, last.message}


@every("failures")
def test_a_failure_reaches_the_caller_as_one(case):
    again = read_stream(write_stream(read_stream(sse(case["events"]))))
    check_promise(again)
    kept = {"rate_limit", "context_overflow"}
    assert again[-1].kind == case["kind"] or case["kind"] not in kept


@every("failures")
def test_a_relay_notices_a_failure(case):
    body = sse(case["events"])
    relayed, meter = relay(body)
    assert relayed == body
    assert not meter.ended
    assert meter.failed == (case["kind"] != "broken")


@every("requests")
def test_a_request_is_written_as_it_was_read(case):
    request = WIRE.read_request(json.dumps(case["body"]).encode(), None, False)
    body, losses = write(request)
    assert losses == set()
    assert _plain(body) == _plain(case["body"])


def _plain(body):
    """A string as input means one message of the user."""
    if isinstance(body.get("input"), str):
        message = {"type": "message", "role": "user", "content": body["input"]}
        return {**body, "input": [message]}
    return body
