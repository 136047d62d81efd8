"""Bodies of multipart/form-data (RFC 7578), with at most 64 parts; JSON bodies read as the same thing."""

from collections.abc import Mapping
from email.message import Message
from typing import Any, NamedTuple

from madang.drills.simulator.media.records import Ask
from madang.drills.simulator.records import Refused

_MAX_PARTS = 64


class Upload(NamedTuple):
    """A file of a form."""

    filename: str
    mime: str
    data: bytes


Form = dict[str, Any]
"""Fields by name: text, an Upload, or any JSON value. `name[]` is a list of text."""


def form(ask: Ask) -> Form:
    """The fields of a request, of either kind. Raises Refused."""
    mime = ask.headers.get(b"content-type", b"").decode("latin-1")
    if not mime.lower().startswith("multipart/form-data"):
        return ask.read(Form)
    header = Message()
    header["content-type"] = mime
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise Refused("invalid", "The form has no boundary.")
    return _parts(ask.body, b"--" + boundary.encode("latin-1", "replace"))


def text(fields: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    """A field that is text. Raises Refused where it is missing or something else."""
    value = fields.get(name, otherwise)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        problem = "Missing required parameter" if value is None else "Invalid type for"
        raise Refused("invalid", f"{problem}: '{name}'.", param=name)
    return value


def _parts(body: bytes, mark: bytes) -> Form:
    pieces = body.split(b"\r\n" + mark, _MAX_PARTS + 1)
    if not pieces[0].startswith(mark):
        raise Refused("invalid", "The form does not begin with its boundary.")
    pieces[0] = pieces[0][len(mark) :]
    if len(pieces) > _MAX_PARTS or not pieces[-1].startswith(b"--"):
        raise Refused("invalid", "The form has too many parts, or does not end.")
    out: Form = {}
    for piece in pieces[:-1]:
        _add(out, piece)
    return out


def _add(out: Form, piece: bytes) -> None:
    head, gap, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip():
            headers[name.strip()] = value.strip()
    field = headers.get_param("name", header="content-disposition")
    if not gap or not isinstance(field, str):
        raise Refused("invalid", "A part of the form has no name.")
    filename = headers.get_param("filename", header="content-disposition")
    if isinstance(filename, str):
        out[field] = Upload(filename, headers.get("content-type", "application/octet-stream"), data)
    elif field.endswith("[]"):
        out.setdefault(field[:-2], []).append(data.decode("utf-8", "replace"))
    else:
        out[field] = data.decode("utf-8", "replace")
