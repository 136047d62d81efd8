"""Raw keys: how they look, how they are found again, and what a process remembers of each."""

import base64
import hashlib
import re
import secrets
from math import inf
from typing import NamedTuple

from madang.errors import Unauthenticated
from madang.keys.record import Key

SHOWN = 8
"""How many characters of a raw key may ever be seen again."""

_RAW = re.compile(r"mdg_[A-Za-z0-9_-]{43}")


def make_raw() -> str:
    """A new raw key."""
    return "mdg_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def digest_of(raw: str) -> bytes:
    """SHA-256: enough for what has 256 random bits."""
    return hashlib.sha256(raw.encode("utf-8", "replace")).digest()


def looks_like_key(raw: str) -> bool:
    """Whether `raw` has the shape of a key of this gateway."""
    return _RAW.fullmatch(raw) is not None


class Use(NamedTuple):
    """How often a secret was used since that was last asked, and when the last time (Unix seconds)."""

    digest: bytes
    times: int
    at_s: int


class Credential:
    """A raw key as this process knows it: whose it is, until when it is good, when it was used last.

    `ends_at` is Unix seconds, or None for a key's current secret. `good_until` sums up all that can
    end it, so that a request compares one number.
    """

    __slots__ = ("digest", "ends_at", "good_until", "key", "prefix", "used_at")

    def __init__(self, digest: bytes, prefix: str, key: Key, ends_at: int | None = None) -> None:
        self.digest = digest
        self.prefix = prefix
        self.used_at = 0.0
        self.assign(key, ends_at)

    def assign(self, key: Key, ends_at: int | None) -> None:
        """Take over what has become of the key."""
        self.key = key
        self.ends_at = ends_at
        ends = [moment for moment in (key.expires_at, ends_at) if moment is not None]
        self.good_until = -inf if key.revoked_at is not None else min(ends, default=inf)

    def ending(self, now_s: float, warn_s: float) -> int | None:
        """When it ends (Unix seconds), if its owner should act: it was replaced, or expires within `warn_s`."""
        if self.good_until == inf:
            return None
        if self.ends_at is None and self.good_until - now_s > warn_s:
            return None
        return int(self.good_until)

    def refusal(self, now_s: float) -> Unauthenticated:
        """Why it is not good any more."""
        said = f"The API key {self.prefix}…"
        if self.key.revoked_at is not None:
            return Unauthenticated(f"{said} was revoked.", code="revoked_api_key")
        if self.ends_at is not None and now_s >= self.ends_at:
            return Unauthenticated(
                f"{said} was replaced by a new one and has ended; use that.", code="rotated_api_key"
            )
        return Unauthenticated(f"{said} has expired.", code="expired_api_key")


def unrecognised(raw: str | None) -> Unauthenticated:
    """Why what was presented is no key; never repeats what may be another system's secret."""
    if not raw:
        return Unauthenticated(
            "No API key was given. Send it as `Authorization: Bearer mdg_…`, `x-api-key` or "
            "`x-goog-api-key`.",
            code="missing_api_key",
        )
    if not looks_like_key(raw):
        return Unauthenticated(
            "This is not an API key of this gateway: those start with `mdg_` and have 47 "
            "characters.",
            code="invalid_api_key",
        )
    return Unauthenticated(f"The API key {raw[:SHOWN]}… is not known here.", code="invalid_api_key")
