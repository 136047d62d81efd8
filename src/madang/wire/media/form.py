"""Forms as files are sent in them (multipart/form-data, RFC 7578): one reader, one writer, no I/O."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from madang.errors import InvalidRequest

_BOUNDARY: Final = re.compile(rb'boundary=(?:"([^"]{1,70})"|([^;,\s]{1,70}))', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_MOST_PARTS: Final = 200
_UNSAFE: Final = re.compile(r'[\x00-\x1f"\\]')


class FormPart(Struct, frozen=True):
    """One field. `filename` None: it is no file; `mime` is what its sender says it is."""

    name: str
    data: bytes
    filename: str | None = None
    mime: str = ""

    @property
    def text(self) -> str:
        """The value of a field that is no file. Raises InvalidRequest."""
        try:
            return self.data.decode()
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"`{self.name}` is not UTF-8.", param=self.name) from error


def read_form(content_type: bytes, body: bytes) -> list[FormPart]:
    """The parts of a form, in order. Raises InvalidRequest."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise _wrong("its content type names no boundary")
    mark = b"--" + (found[1] or found[2])
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise _wrong("it has no end")
    if len(pieces) - 2 > _MOST_PARTS:
        raise _wrong(f"it has more than {_MOST_PARTS} parts")
    return [_part(piece) for piece in pieces[1:-1]]


def write_form(parts: Sequence[FormPart]) -> tuple[str, bytes]:
    """The content type and the body of a form; the same parts make the same bytes."""
    boundary = _boundary(parts)
    mark = b"--" + boundary.encode()
    pieces: list[bytes] = []
    for part in parts:
        named = f'form-data; name="{_safe(part.name)}"'
        if part.filename is not None:
            named += f'; filename="{_safe(part.filename)}"'
        head = f"Content-Disposition: {named}\r\n"
        if part.mime:
            head += f"Content-Type: {_safe(part.mime)}\r\n"
        pieces += [mark, b"\r\n", head.encode(), b"\r\n", part.data, b"\r\n"]
    return f"multipart/form-data; boundary={boundary}", b"".join([*pieces, mark, b"--\r\n"])


def _boundary(parts: Sequence[FormPart]) -> str:
    """A mark that is in none of the parts."""
    digest = sha256(b"".join([part.data for part in parts])).hexdigest()[:32]
    while any(digest.encode() in part.data for part in parts):
        digest = sha256(digest.encode()).hexdigest()[:32]
    return f"madang{digest}"


def _part(piece: bytes) -> FormPart:
    head, blank, data = piece.partition(b"\r\n\r\n")
    if not blank:
        raise _wrong("a part has no head")
    named: dict[str, str] = {}
    mime = ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            named = {key.lower(): _unquoted(text) for key, text in _PARAMETER.findall(value)}
        elif name.strip().lower() == "content-type":
            mime = value.strip()
    if "name" not in named:
        raise _wrong("a part has no name")
    return FormPart(named["name"], data, named.get("filename"), mime)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text)


def _wrong(why: str) -> InvalidRequest:
    return InvalidRequest(f"The form cannot be read: {why}.", code="invalid_form")
