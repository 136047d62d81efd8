"""Recorded traffic of OpenAI and its likes, judged by the comparison functions that come with it."""

import json

import pytest
from responses_traffic import read_stream, relay, write_stream

from madang.errors import ContextOverflow, ProviderLacksModel, ProviderRejected
from madang.wire.responses import WIRE
from stand.many import for_all
from stand.traffic import body_of, musts, needs_recordings, recorded, recording, score

pytestmark = [pytest.mark.recordings, needs_recordings]

API = "openai_responses"
ANSWERS = recorded(api=API, streaming=False, status=200)
STREAMS = recorded(api=API, streaming=True, status=200)
ERRORS = recorded(api=API, status=400)


def _response(name):
    norm = recording(name)
    return norm, body_of(norm)


def _compare(norm, body, status):
    got = score().response_view(API, status, "application/json", body)
    assert not got["warnings"], "deltas and final response differ"
    return musts(score().native_view(norm), got)


@for_all(STREAMS)
def test_a_stream_that_is_cut_off_never_looks_finished(name):
    _, body = _response(name)
    stop = body.rindex(b'"response.completed"')
    for cut in (len(body) // 3, len(body) // 2, stop):
        events = read_stream(body[:cut])
        assert events[-1].kind == "broken"
        got = score().response_view(API, 200, "text/event-stream", write_stream(events))
        assert got["error"]


@for_all(STREAMS)
def test_a_relayed_stream_is_unchanged_and_counted(name):
    norm, body = _response(name)
    relayed, meter = relay(body)
    want = score().native_view(norm)
    usage = want["usage"]
    assert relayed == body
    assert (meter.usage.input, meter.usage.output) == (usage["input"], usage["output"])
    assert (meter.usage.cache_read, meter.usage.reasoning) == (usage["cached"], usage["reasoning"])
    assert (meter.ended, meter.failed, meter.stop) == (True, False, want["stop"])
    assert WIRE.read_answer(meter.response).id


@for_all(ANSWERS + STREAMS)
def test_a_request_is_read_and_written_without_a_difference(name):
    """Not even where the judge would let one pass."""
    case = score().request_case(recording(name), API)
    rendered = WIRE.write_request(_read(case["body"]), case["body"]["model"])
    got = score().request_view(API, json.loads(rendered.body))
    assert not score().compare_requests(case["want"], got)
    assert rendered.losses == ()


@for_all(ERRORS)
def test_an_error_keeps_its_kind(name):
    norm, body = _response(name)
    error = WIRE.read_error(400, {}, body)
    assert isinstance(error, ProviderRejected | ProviderLacksModel)
    assert (error.upstream_status, error.raw) == (400, body)
    status, written = WIRE.write_error(error)
    assert status == 400
    assert not _compare(norm, written, 400)


def test_errors_are_told_apart_by_their_codes():
    kinds = {json.loads(_response(name)[1])["error"]["code"]: name for name in ERRORS}
    errors = {code: WIRE.read_error(400, {}, _response(name)[1]) for code, name in kinds.items()}
    assert isinstance(errors.pop("context_length_exceeded"), ContextOverflow)
    assert isinstance(errors.pop("model_not_found"), ProviderLacksModel)
    assert {type(error) for error in errors.values()} == {ProviderRejected}


def _read(body):
    return WIRE.read_request(json.dumps(body).encode(), None, False)
