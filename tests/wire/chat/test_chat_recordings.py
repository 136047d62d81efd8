"""Real provider traffic through the dialect and back, judged by the reference comparison."""

import json
import random
import re

import pytest
from chat_traffic import answers, read_stream, recordings, relay, write_stream

from madang.wire.chat import WIRE
from stand.traffic import failures, musts, needs_recordings, score

pytestmark = [pytest.mark.recordings, needs_recordings]


def test_a_stream_cut_anywhere_never_looks_finished():
    chance = random.Random(8)
    for name, recording, body in answers(streamed=True):
        if not score().native_view(recording)["stop"]:
            continue
        finish = body.index(re.search(rb'"finish_reason": ?"', body).group())
        cut = body[: chance.randrange(finish)]
        out = write_stream(read_stream(cut))
        assert not score().chat_stream_view(out.decode())["complete"], name
        assert not relay(cut)[1].ended, name


def test_relayed_streams_say_the_same_and_are_metered():
    for name, recording, body in answers(streamed=True):
        want = score().native_view(recording)
        out, meter = relay(body)
        assert not musts(want, score().chat_stream_view(out.decode()))
        assert meter.ended, name
        assert meter.text_bytes == len(out)
        if want["usage"]:
            usage = (meter.usage.input, meter.usage.output, meter.usage.cache_read)
            assert usage == tuple(want["usage"][k] for k in ("input", "output", "cached")), name


def test_a_relay_changes_no_byte_of_what_clients_can_take():
    same = [relay(body)[0] == body for _, _, body in answers(streamed=True)]
    assert all(same)


def test_a_usage_chunk_is_dropped_for_a_caller_who_did_not_ask():
    for name, _, body in answers(streamed=True):
        out, meter = relay(body, keep_usage=False)
        lone = [o for _, o in score().sse_json(out.decode()) if o.get("usage") and not o["choices"]]
        assert not lone, name
        assert meter.usage == relay(body)[1].usage


def test_requests_survive_reading_and_writing():
    for name, recording in recordings():
        body = recording["request"]["body"]
        if not isinstance(body, dict):
            continue
        request = WIRE.read_request(json.dumps(body).encode(), "in-the-path", False)
        rendered = WIRE.write_request(request, body.get("model") or "in-the-path")
        got = score().chat_request(json.loads(rendered.body))
        assert not failures(score().compare_requests(score().chat_request(body), got)), name
        assert rendered.losses == (), name


def test_errors_keep_their_kind_of_status():
    for name, recording in recordings():
        response = recording["response"]
        if response["status"] < 400:
            continue
        headers = {k.encode(): v.encode() for k, v in response["headers"].items()}
        error = WIRE.read_error(response["status"], headers, response["body"].encode())
        status, out = WIRE.write_error(error)
        got = score().response_view("openai_chat", status, "application/json", out)
        assert not musts(score().native_view(recording), got), name
        assert error.upstream_status == response["status"]
