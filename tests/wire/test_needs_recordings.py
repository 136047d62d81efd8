"""The matrix of features, judged by what real providers accepted and refused."""

import json

import pytest
from estimate_traffic import WIRES

from madang import catalog
from madang.errors import InvalidRequest
from madang.wire.needs import needs_of
from madang.wire.screen import Screen
from stand.traffic import manifest, needs_recordings, recording

pytestmark = [pytest.mark.recordings, needs_recordings]
CATALOG = catalog.load()


def asked():
    """Manifest line, body and request of what was recorded for models that the catalogue knows."""
    for row in manifest():
        given = recording(row["data"])["request"]
        known = CATALOG.find(row["model"]) if row["model"] else None
        if known is None or not isinstance(given["body"], dict):
            continue
        body = json.dumps(given["body"], ensure_ascii=False).encode()
        wire = WIRES[row["api"]]
        try:
            request = wire.read_request(body, row["model"], row["streaming"])
        except InvalidRequest:
            continue
        yield row, known, wire, body, request


def test_what_a_provider_accepted_is_nothing_that_its_model_lacks():
    seen = 0
    for row, known, _, _, request in asked():
        if row["status"] == 200:
            seen += 1
            assert not needs_of(request) & set(known.lacks), row["data"]
    assert seen > 300


def test_a_kind_of_content_that_a_provider_refused_is_known_to_be_lacking():
    """DeepSeek's words: unknown variant `input_audio`, expected `text`."""
    refused = [
        (known, needs_of(request))
        for row, known, _, _, request in asked()
        if row["status"] == 400 and "audio" in row["req_features"]
    ]
    assert refused
    for known, needs in refused:
        assert needs & set(known.lacks)


def test_a_quick_no_is_never_wrong():
    """For every single feature: what the request needs, the screen suspects from the bytes."""
    for row, _, wire, body, request in asked():
        envelope = wire.read_envelope(body, row["model"], row["streaming"])
        for feature in needs_of(request):
            screen = Screen(wire.dialect, frozenset({feature}))
            assert screen.suspects(envelope.fields), (row["data"], feature)
