"""What a provider said in a call back, as it is kept until its job hears of it."""

from typing import Final

import msgspec

from madang.model.media import JobSeen

_encode: Final = msgspec.msgpack.Encoder().encode
_seen: Final = msgspec.msgpack.Decoder(JobSeen)


def kept_seen(seen: JobSeen | None) -> bytes | None:
    """As bytes for the store; None: it only says that there is news."""
    return None if seen is None else _encode(seen)


def told_seen(kept: bytes) -> JobSeen:
    """What was kept."""
    return _seen.decode(kept)
