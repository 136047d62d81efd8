"""Who is calling: the key in a request, and the tags it carries."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import inf
from urllib.parse import parse_qs

from madang.config.sections.keys import Keys
from madang.errors import InvalidRequest
from madang.keys import Key, Keyring
from madang.model import Dialect
from madang.server.request import Request

_MAX_TAGS = 16
_MAX_TAG_LENGTH = 100
_GOOGLE: frozenset[Dialect] = frozenset(("gemini", "gemini_embed", "gemini_batch_embed"))


def authenticate(
    keyring: Keyring, request: Request, dialect: Dialect, now_s: float, settings: Keys
) -> Key:
    """The key a request presents; its answer will say so if that ends soon. Raises Unauthenticated."""
    presented = keyring.recognise(presented_key(request.headers, request.query, dialect), now_s)
    if presented.good_until != inf:
        ends_at = presented.ending(now_s, settings.warn_s)
        if ends_at is not None:
            request.notice += b"x-madang-key-expires: %b\r\n" % _moment(ends_at)
    return presented.key


def _moment(at_s: int) -> bytes:
    """Unix seconds as `2026-11-20T09:15:00Z`."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}".encode()


def presented_key(headers: Mapping[bytes, bytes], query: bytes, dialect: Dialect) -> str:
    """The secret as any of the SDKs sends it; empty when there is none."""
    bearer = headers.get(b"authorization")
    if bearer is not None and bearer[:7].lower() == b"bearer ":
        return bearer[7:].strip().decode("latin-1")
    for name in (b"x-api-key", b"x-goog-api-key"):
        if name in headers:
            return headers[name].decode("latin-1")
    if dialect in _GOOGLE and query:
        return parse_qs(query.decode("latin-1")).get("key", [""])[0]
    return ""


def tags_of(own: dict[str, str], header: bytes | None) -> dict[str, str]:
    """The key's tags, with those of `x-madang-tags: a=b,c=d` added; the key's own cannot be overridden."""
    if header is None:
        return own
    tags: dict[str, str] = {}
    for pair in header.decode("utf-8", "replace").split(","):
        name, equals, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name or len(name) > _MAX_TAG_LENGTH or len(value) > _MAX_TAG_LENGTH:
            raise InvalidRequest(
                "x-madang-tags must look like `team=search,env=prod`.", code="invalid_tags"
            )
        tags[name] = value
    if len(tags) > _MAX_TAGS:
        raise InvalidRequest(
            f"x-madang-tags may carry at most {_MAX_TAGS} tags.", code="invalid_tags"
        )
    return {**tags, **own}
