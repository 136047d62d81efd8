"""JSON as the dialects need it: strict about syntax, exact about where it breaks, lenient about unknown members."""

import re
from collections.abc import Mapping
from math import isnan
from typing import Any, Final, TypeVar

import msgspec

from madang.errors import InvalidRequest, ProviderBroken
from madang.model import Json

T = TypeVar("T")

_AROUND: Final = len(b'"":,')
_LEAST_MEMBER: Final = len(b',"n":0')
BOM: Final = b"\xef\xbb\xbf"
"""A byte order mark, which .NET writes first: JSON has none (RFC 8259, section 8.1)."""

_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Escapes in JSON text; a surrogate without its other half is captured."""

_HIDDEN: Final = re.compile(rb"\\u00[4-7]")

encode = msgspec.json.encode


def decode(data: bytes | str) -> Json:
    """Decode a value. Raises msgspec.DecodeError, UnicodeDecodeError, or RecursionError.

    Half a surrogate pair, which JavaScript makes by cutting a text in the middle of an emoji,
    becomes the replacement character. A byte order mark is dropped.
    """
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        raw = data.encode() if isinstance(data, str) else data
        whole = _ESCAPES.sub(_replaced, raw.removeprefix(BOM))
        if whole == raw:
            raise
        return msgspec.json.decode(whole)


def _replaced(escape: re.Match[bytes]) -> bytes:
    return escape.group() if escape.group(1) is None else b"\\ufffd"


def without_mark(body: bytes) -> bytes:
    """A relayed answer without its byte order mark, which clients would stumble over."""
    return body.removeprefix(BOM)


def request_object(body: bytes) -> dict[str, Any]:
    """Decode a caller's body into an object, or raise InvalidRequest that says what is wrong and where."""
    try:
        value = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f"The request body is not valid JSON: {error}", code="invalid_json"
        ) from error
    if not isinstance(value, dict):
        raise InvalidRequest("The request body must be a JSON object.", code="invalid_json")
    return value


def raw_fields(body: bytes) -> dict[str, msgspec.Raw]:
    """Split a caller's object into its top-level members without decoding them."""
    try:
        if not body.isascii():
            body.decode()
        return _object_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if isinstance(error, msgspec.ValidationError):
            raise InvalidRequest(
                "The request body must be a JSON object.", code="invalid_json"
            ) from error
        raise InvalidRequest(
            f"The request body is not valid JSON: {error}", code="invalid_json"
        ) from error


def are_named_once(body: bytes, fields: Mapping[str, bytes], names: Mapping[str, bytes]) -> bool:
    """Whether every reader must find the same under these names in a caller's object.

    `names` has each with its quotation marks. A body that has two `model` would be read by us as the
    last of them and by some providers as the first, which is a way around a key's list of models; two
    `max_tokens` are one around its budget. Where the members that we read leave no room for another,
    there is none, and the body need not be searched. No name is shorter than `n`.
    """
    said = sum(map(len, fields)) + sum(map(len, fields.values())) + _AROUND * len(fields)
    if (
        len(body) - 1 - said < _LEAST_MEMBER
    ):  # two braces, and one comma less than there are members
        return True
    for name in names.keys() & fields.keys():
        if body.count(names[name]) > 1:
            return False
    return not hides_letters(body)


def hides_letters(body: bytes) -> bool:
    """Whether names or words of a body may be written with escapes, so that a search for them misses them."""
    return b"\\u00" in body and _HIDDEN.search(body) is not None


def answer_object(body: bytes) -> dict[str, Any]:
    """Decode a provider's body into an object, or raise ProviderBroken."""
    try:
        value = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderBroken(f"the provider's answer is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ProviderBroken("the provider's answer is not a JSON object")
    return value


def text(value: Json) -> str:
    """JSON text of a value."""
    return encode(value).decode()


def field(data: dict[str, Any], name: str, kind: type[T], where: str = "") -> T | None:
    """Member `name` of a caller's object, checked; None where absent or null. `where` is the path of the object."""
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) and kind is not bool:
        raise _wrong(name, kind, value, where)
    if kind is float and isinstance(value, int):
        return _as_float(name, value, where)  # type: ignore[return-value]
    if not isinstance(value, kind):
        raise _wrong(name, kind, value, where)
    return value


def _as_float(name: str, value: int, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        path = f"{where}.{name}" if where else name
        raise InvalidRequest(
            f"`{path}` is out of range.", param=path, code="invalid_value"
        ) from error


def number(value: Json) -> float | None:
    """A number as lenient servers read one, also as text, which Google's JSON takes; None: it is none."""
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            return None
        return None if isnan(found) else found
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    list: "an array",
    dict: "an object",
}


def _wrong(name: str, kind: type, value: object, where: str) -> InvalidRequest:
    path = f"{where}.{name}" if where else name
    got = _NAMES.get(type(value), "null")
    return InvalidRequest(
        f"`{path}` must be {_NAMES[kind]}, not {got}.", param=path, code="invalid_type"
    )
