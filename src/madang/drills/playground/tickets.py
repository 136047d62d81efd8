"""Ids of jobs hold what was ordered: a clip can be rendered again by its id after the process that took it has gone.

`video_<nonce>_<order>`: the order as compressed JSON in base64url. Orders that are too long for that get a plain id.
"""

import base64
import binascii
import zlib
from hashlib import blake2b
from secrets import token_hex

import msgspec

from madang.drills.playground import shapes

_START = "video_"
_NONCE_CHARS = 16
_LONGEST = 4_000
_MOST_JSON = 64 * 1024


def ticket(order: shapes.VideoOrder, name: str | None) -> str:
    """An id for an order; the same name (None: none) and order get the same id."""
    nonce = token_hex(_NONCE_CHARS // 2)
    if name is not None:
        nonce = blake2b(name.encode(), digest_size=_NONCE_CHARS // 2).hexdigest()
    packed = zlib.compress(msgspec.json.encode(order.fields()), 9)
    told = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{_START}{nonce}_{told}" if len(told) <= _LONGEST else f"{_START}{nonce}"


def order_of(job_id: str) -> shapes.VideoOrder | None:
    """The order in an id; None where it holds none that can be rendered."""
    told = job_id.removeprefix(_START)[_NONCE_CHARS:].removeprefix("_")
    if not job_id.startswith(_START) or not 0 < len(told) <= _LONGEST:
        return None
    try:
        packed = base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))
        fields = msgspec.json.decode(zlib.decompressobj().decompress(packed, _MOST_JSON), type=dict)
        return shapes.video(fields)
    except (binascii.Error, zlib.error, msgspec.DecodeError, UnicodeError, shapes.Bad):
        return None
