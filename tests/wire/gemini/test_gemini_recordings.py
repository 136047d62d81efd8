"""Real traffic, judged by the score that lies beside it."""

import itertools
import json
import random
from typing import Any

import pytest
from gemini_views import read_stream, write_stream

from madang.errors import ProviderRefusedKey
from madang.model import ChoiceEnded, UsageSeen
from madang.wire.gemini import WIRE
from stand.many import for_all
from stand.traffic import failures, manifest, needs_recordings, recording, score

pytestmark = [pytest.mark.recordings, needs_recordings]
ROWS = [row for row in manifest() if (row["api"], row["tier"]) == ("gemini_generate", "core")]
API = "gemini_generate"


def _named(rows: list[dict[str, Any]]) -> Any:
    return for_all(row["data"] for row in rows)


def _pieces(body: bytes, longest: int) -> list[int]:
    chance = random.Random(longest)
    cuts, place = [], 0
    while place < len(body):
        place += chance.randint(1, longest)
        cuts.append(place)
    return cuts[:-1]


@_named([row for row in ROWS if row["streaming"] and row["status"] == 200])
def test_cuts_change_no_event_and_no_relayed_byte(name):
    score()
    body = recording(name)["response"]["body"].encode()
    events = read_stream(body)
    for longest in (7, 100, 2000):
        cuts = [0, *_pieces(body, longest), len(body)]
        assert read_stream(body, *cuts[1:-1]) == events
        meter = WIRE.meter(True)
        pieces = [meter.feed(body[start:end]) for start, end in itertools.pairwise(cuts)]
        relayed = b"".join(pieces) + meter.close()
        assert relayed == body or b'"functionCall"' in body
        assert read_stream(relayed) == events
        assert meter.ended
        assert not meter.failed
        assert meter.usage == [one.usage for one in events if isinstance(one, UsageSeen)][-1]
        assert meter.stop == next(one.stop for one in events if isinstance(one, ChoiceEnded))


@_named([row for row in ROWS if row["streaming"] and row["status"] == 200])
def test_a_stream_cut_before_its_reason_never_looks_finished(name):
    judge = score()
    body = recording(name)["response"]["body"].encode()
    cut = body[: body.rindex(b"finishReason")]
    got = judge.response_view(API, 200, "text/event-stream", write_stream(read_stream(cut)))
    assert got["error"]
    assert not got["complete"]


@_named([row for row in ROWS if row["status"] >= 400])
def test_an_error_keeps_its_meaning(name):
    """All but one, which keeps its status only: a provider that refuses our key is no fault of the caller."""
    judge = score()
    norm = recording(name)
    status, body = norm["response"]["status"], norm["response"]["body"].encode()
    error = WIRE.read_error(status, {}, body)
    assert (error.upstream_status, error.raw) == (status, body)
    written_status, written = WIRE.write_error(error)
    if b"API_KEY_INVALID" in body:
        assert isinstance(error, ProviderRefusedKey)
        assert (written_status, error.code) == (400, "API_KEY_INVALID")
        assert b"provider_auth" in written
        return
    got = judge.response_view(API, written_status, "application/json", written)
    assert judge.compare_responses(judge.native_view(norm), got) == []


@_named(ROWS)
def test_a_request_survives_reading_and_writing(name):
    judge = score()
    norm = recording(name)
    body, path = norm["request"]["body"], norm["request"]["path"]
    if isinstance(body.get("tools"), dict):  # Google takes a single entry too, the judge does not
        body["tools"] = [body["tools"]]
    want = judge.request_view(API, body, path)
    request = WIRE.read_request(json.dumps(body).encode(), want["model"], want["stream"])
    rendered = WIRE.write_request(request, request.model)
    sent_to = WIRE.request_path(request.model, request.stream)
    got = judge.request_view(API, json.loads(rendered.body), sent_to)
    assert failures(judge.compare_requests(want, got)) == []
    assert rendered.losses == ()
