"""Forms as OpenAI's library and others send them, read and written; what is no form is refused."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest
from madang.wire.media.form import FormPart, read_form, write_form


def test_a_form_of_httpx_is_read():
    request = httpx.Request(
        "POST",
        "http://x",
        data={"model": "m"},
        files={"file": ("a b.wav", b"\r\n--x", "audio/wav")},
    )
    parts = read_form(request.headers["content-type"].encode(), request.read())
    assert [(one.name, one.data, one.filename) for one in parts] == [
        ("model", b"m", None),
        ("file", b"\r\n--x", "a b.wav"),
    ]


@given(st.lists(st.tuples(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.binary(max_size=99))))
def test_what_is_written_is_read(given_parts):
    parts = [FormPart(name, data, "f", "audio/wav") for name, data in given_parts]
    content_type, body = write_form(parts)
    assert read_form(content_type.encode(), body) == parts


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"multipart/form-data", b""),
        (b"multipart/form-data; boundary=x", b"--x\r\nno head"),
        (b"multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
        (b"multipart/form-data; boundary=x", b"--x\r\n" * 500 + b"--x--"),
    ],
)
def test_what_is_no_form_is_refused(content_type, body):
    with pytest.raises(InvalidRequest):
        read_form(content_type, body)
