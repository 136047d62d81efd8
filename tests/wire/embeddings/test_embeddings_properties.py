"""Embeddings on anything: no body breaks a reader, and what is written is what is read."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest, ProviderError
from madang.model import Embed, Embedded
from madang.wire.contract import WriteContext
from madang.wire.embeddings import WIRE
from madang.wire.gemini.embed import BATCH, SINGLE

ALL = pytest.mark.parametrize("wire", [WIRE, SINGLE, BATCH], ids=lambda wire: wire.dialect)
NAMES = st.sampled_from(
    [
        *(
            "model",
            "input",
            "dimensions",
            "encoding_format",
            "content",
            "parts",
            "text",
            "requests",
        ),
        *("outputDimensionality", "embedContentConfig", "data", "embedding", "embeddings"),
        *("values", "index", "usage", "usageMetadata", "error", "prompt_tokens"),
    ]
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(NAMES, JSON).map(lambda value: json.dumps(value).encode()) | st.binary(
    max_size=30
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@ALL
@given(body=BODIES)
def test_any_request_is_read_or_refused(wire, body):
    assert wire.estimate(body) >= 0
    with contextlib.suppress(InvalidRequest):
        wire.read_request(body, "m", False)
    with contextlib.suppress(InvalidRequest):
        wire.retarget(body, wire.read_envelope(body, "m", False), "other")


@ALL
@given(body=BODIES)
def test_any_answer_is_read_or_a_providers_failure(wire, body):
    wire.skim_answer(body)
    with contextlib.suppress(ProviderError):
        wire.read_answer(body)
    assert isinstance(wire.read_error(500, {}, body), ProviderError)


@pytest.mark.parametrize("wire", [WIRE, BATCH], ids=lambda wire: wire.dialect)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5), dimensions=st.none() | st.integers(1, 9999))
def test_a_request_that_is_written_is_read_again(wire, texts, dimensions):
    asked = Embed(model="m", inputs=tuple(texts), dimensions=dimensions)
    rendered = wire.write_request(asked, "m")
    assert rendered.losses == ()
    assert wire.read_request(rendered.body, "m", False) == asked


@ALL
@given(vectors=st.lists(st.lists(FLOATS, max_size=9), min_size=1, max_size=4), packed=st.booleans())
def test_vectors_that_are_written_are_read_again(wire, vectors, packed):
    vectors = vectors[:1] if wire is SINGLE else vectors
    asked = Embed(model="m", inputs=("x",) * len(vectors), base64=packed)
    answer = Embedded(vectors=tuple(vectors))
    body = wire.write_answer(answer, WriteContext("req_1", "m", 0, asked=asked))
    assert wire.read_answer(body).vectors == answer.vectors


@given(members=st.dictionaries(st.text(max_size=4), JSON, max_size=5))
def test_a_relay_keeps_every_member(members):
    body = json.dumps({**members, "model": "alias"}).encode()
    sent = WIRE.retarget(body, WIRE.read_envelope(body, None, False), "real")
    wanted = json.loads(body) | {"model": "real"}
    assert json.dumps(json.loads(sent), sort_keys=True) == json.dumps(wanted, sort_keys=True)
