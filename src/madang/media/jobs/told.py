"""What a provider said in a call back, as it is kept until its job hears of it."""

from typing import Final

import msgspec
from msgspec import Struct

from madang.model.media import JobSeen


class News(Struct, frozen=True):
    """Of which job it was, by the provider's own id, and what was said; None: only that there is news."""

    job: str
    seen: JobSeen | None = None


_encode: Final = msgspec.msgpack.Encoder().encode
_news: Final = msgspec.msgpack.Decoder(News)


def kept_news(news: News) -> bytes:
    """As bytes for the store."""
    return _encode(news)


def told_news(kept: bytes) -> News:
    """What was kept."""
    return _news.decode(kept)
