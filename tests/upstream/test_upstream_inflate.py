"""Compressed answers: the same wherever they are cut, in bounded steps, and whole or refused."""

import gzip
import zlib

import pytest

from madang.errors import ProviderBroken
from madang.upstream.inflate import Inflater

TEXT = b"the quick brown fox " * 50
STEP_BYTES = 262_144


def raw_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush()


CODED = {
    b"gzip": gzip.compress(TEXT, mtime=0),
    b"deflate": zlib.compress(TEXT),
    b"Deflate": raw_deflate(TEXT),
}


def inflated(coding: bytes, *pieces: bytes) -> bytes:
    inflater = Inflater(coding, "provider.test")
    out = b""
    for piece in pieces:
        inflater.feed(piece)
        while data := inflater.read():
            assert len(data) <= STEP_BYTES
            out += data
    inflater.finish()
    return out


@pytest.mark.parametrize(("coding", "wire"), CODED.items())
def test_a_body_decodes_the_same_wherever_it_is_cut(coding, wire):
    assert inflated(coding, wire) == TEXT
    assert inflated(coding, *[wire[i : i + 1] for i in range(len(wire))]) == TEXT
    for cut in range(1, len(wire)):
        assert inflated(coding, wire[:cut], wire[cut:]) == TEXT


@pytest.mark.parametrize("size", [STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 5 * STEP_BYTES])
def test_a_bomb_unfolds_in_bounded_steps(size):
    assert len(inflated(b"gzip", gzip.compress(bytes(size)))) == size


def test_all_that_can_be_decoded_is_given_before_more_is_asked_for():
    wire = gzip.compress(bytes(STEP_BYTES + 2000))
    for cut in range(1, len(wire)):
        inflater = Inflater(b"gzip", "provider.test")
        inflater.feed(wire[:cut])
        given = sum(map(len, iter(inflater.read, b"")))
        assert given == len(zlib.decompressobj(wbits=31).decompress(wire[:cut]))


@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        (b"gzip", CODED[b"gzip"][:-1]),
        (b"gzip", CODED[b"gzip"] + b"x"),
        (b"gzip", CODED[b"gzip"] + CODED[b"gzip"]),
        (b"gzip", b"not compressed at all"),
        (b"gzip", CODED[b"gzip"][:-8] + bytes(8)),
        (b"deflate", CODED[b"deflate"][:-4]),
        (b"deflate", b"\xff\xff\xff"),
    ],
)
def test_a_damaged_body_is_refused(coding, wire):
    with pytest.raises(ProviderBroken, match=r"provider\.test"):
        inflated(coding, wire)


@pytest.mark.parametrize("coding", [b"br", b"zstd", b"gzip, gzip", b"x", b""])
def test_a_coding_that_we_cannot_undo_is_refused(coding):
    with pytest.raises(ProviderBroken):
        Inflater(coding, "provider.test")


def test_an_empty_body_needs_no_stream():
    assert inflated(b"gzip") == b""
