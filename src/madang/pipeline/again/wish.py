"""What a caller wishes of answers that may be there already, as its headers say it."""

import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, cast

from madang.errors import InvalidRequest

Caching = Literal["off", "on", "only", "refresh"]

_CACHING: Final = (b"off", b"on", b"only", b"refresh")
_NAME: Final = re.compile(rb"[ -~]{1,255}")


class Wish(NamedTuple):
    """`cache`: see docs/caching.md (None: as the configuration says). `name`: the Idempotency-Key."""

    cache: Caching | None = None
    name: str | None = None


NONE: Final = Wish()


def wish_of(headers: Mapping[bytes, bytes]) -> Wish:
    """The wish in a request's headers. Raises InvalidRequest."""
    cache, name = headers.get(b"x-madang-cache"), headers.get(b"idempotency-key")
    if cache is None and name is None:
        return NONE
    if cache is not None and cache not in _CACHING:
        raise InvalidRequest("x-madang-cache can be `off`, `on`, `only` or `refresh`.")
    if name is not None and not _NAME.fullmatch(name):
        raise InvalidRequest(
            "Idempotency-Key must be 1 to 255 printable ASCII characters.",
            code="idempotency_key_invalid",
        )
    return Wish(
        cast("Caching", cache.decode()) if cache is not None else None,
        name.decode() if name is not None else None,
    )
