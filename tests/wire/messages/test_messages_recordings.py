"""Recorded traffic of Anthropic, judged by the comparison functions that come with it."""

import json

import pytest
from messages_traffic import read_stream

from madang.errors import ContextOverflow, InvalidRequest, ProviderRefusedKey, ProviderRejected
from madang.wire.messages import WIRE
from stand.many import for_all
from stand.traffic import body_of, failures, musts, needs_recordings, recorded, recording, score

pytestmark = [pytest.mark.recordings, needs_recordings]

API = "anthropic_messages"
ANSWERS = recorded(api=API, streaming=False, status=200)
STREAMS = recorded(api=API, streaming=True, status=200)
ERRORS = [name for status in (400, 401) for name in recorded(api=API, status=status)]


def _response(name):
    norm = recording(name)
    return norm, body_of(norm)


def _compare(norm, body, status):
    got = score().response_view(API, status, "application/json", body)
    return musts(score().native_view(norm), got)


@for_all(STREAMS)
def test_a_stream_that_is_cut_off_never_looks_finished(name):
    _, body = _response(name)
    stop = body.index(b'"message_stop"')
    for cut in (len(body) // 3, len(body) // 2, stop):
        assert read_stream(body[:cut])[-1].kind == "broken"


@for_all(STREAMS)
def test_a_relayed_stream_is_unchanged_and_counted(name):
    norm, body = _response(name)
    meter = WIRE.meter(False)
    relayed = b"".join(meter.feed(body[i : i + 61]) for i in range(0, len(body), 61))
    assert relayed + meter.close() == body
    usage = score().native_view(norm)["usage"]
    assert (meter.usage.input, meter.usage.output) == (usage["input"], usage["output"])
    assert (meter.usage.cache_read, meter.usage.reasoning) == (usage["cached"], usage["reasoning"])
    assert meter.ended
    assert not meter.failed


@for_all(ANSWERS + STREAMS)
def test_a_request_is_read_and_written_without_a_difference(name):
    case = score().request_case(recording(name), API)
    rendered = WIRE.write_request(_read(case["body"]), case["body"]["model"])
    got = score().request_view(API, json.loads(rendered.body))
    assert not failures(score().compare_requests(case["want"], got))
    assert rendered.losses == ()


@pytest.mark.parametrize("api", ["openai_chat", "openai_responses", "gemini_generate"])
def test_what_others_asked_their_providers_can_be_asked_in_this_dialect(api):
    """No `must` difference, but where Anthropic takes less: temperatures above 1, blank turns."""
    for name in recorded(api=api):
        case = score().request_case(recording(name), API)
        if case is None or case["body"]["model"] is None:
            continue
        rendered = WIRE.write_request(_read(case["body"]), case["body"]["model"])
        want = score().request_view(API, case["body"])
        got = score().request_view(API, json.loads(rendered.body))
        for view in (want, got):
            _leave_out_blanks(view)
        different = failures(score().compare_requests(want, got, ignore=set(rendered.losses)))
        assert not different, name


def _leave_out_blanks(view):
    """Drop texts of blanks, and take every document for its kind only: text leaves its base64."""
    for message in view["messages"]:
        kept = [part for part in message["parts"] if part.get("text", "-").strip()]
        message["parts"] = [{"k": "file"} if part["k"] == "file" else part for part in kept]


def _read(body):
    return WIRE.read_request(json.dumps(body).encode(), None, False)


@for_all(ERRORS)
def test_an_error_keeps_its_kind(name):
    norm, body = _response(name)
    status = norm["response"]["status"]
    error = WIRE.read_error(status, {}, body)
    assert isinstance(error, ProviderRejected if status == 400 else ProviderRefusedKey)
    assert (error.upstream_status, error.raw) == (status, body)
    assert not _compare(norm, WIRE.write_error(error)[1], WIRE.write_error(error)[0])


def test_a_prompt_that_is_too_long_is_told_from_other_complaints():
    kinds = {name: type(WIRE.read_error(400, {}, _response(name)[1])) for name in ERRORS}
    overflows = [name for name, kind in kinds.items() if kind is ContextOverflow]
    assert [name for name in ERRORS if "context_length" in name] == overflows


def test_what_anthropic_refused_as_malformed_is_refused_here_too():
    (name,) = [name for name in ERRORS if "completion_error" in name]
    with pytest.raises(InvalidRequest, match=r"messages\.0"):
        _read(recording(name)["request"]["body"])
