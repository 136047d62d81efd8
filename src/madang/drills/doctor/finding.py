"""What a look at an installation found: one record."""

from typing import Literal

from msgspec import Struct

State = Literal["ok", "warning", "broken"]
"""broken: it will not work as it is. warning: it works, and someone should know something."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at.

    `advice` says what to do (None: nothing). Milliseconds are of reaching a provider (None: it was
    not reached, or this is about something else).
    """

    what: str
    state: State
    detail: str
    advice: str | None = None
    connect_ms: float | None = None
    first_byte_ms: float | None = None
