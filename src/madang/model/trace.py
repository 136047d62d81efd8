"""A caller's trace, as the headers `traceparent` and `tracestate` tell of it (W3C Trace Context, level 1, 2021)."""

import re
from typing import Final, NamedTuple

_PARENT: Final = re.compile(
    rb"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    rb"(?P<more>-[!-~]*)?"
)
_KEY: Final = rb"[a-z0-9][a-z0-9_*/@-]{0,255}"
_MEMBER: Final = re.compile(_KEY + rb"=[ -+\--<>-~]{0,255}[!-+\--<>-~]")
_MOST_STATE: Final = 512
_LENGTH: Final = 55
_MOST_PARENT: Final = 128
_MOST_MEMBERS: Final = 32
_SAMPLED: Final = 1


class Trace(NamedTuple):
    """Where a request belongs: `parent` as it came, `state` what systems before us have added (None: nothing)."""

    parent: str
    state: str | None = None

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return self.parent[3:35]

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits: the span that the request is a part of."""
        return self.parent[36:52]

    @property
    def is_sampled(self) -> bool:
        """Whether those before us keep this trace."""
        return bool(int(self.parent[53:55], 16) & _SAMPLED)

    @property
    def head(self) -> bytes:
        """The same as header lines."""
        lines = f"traceparent: {self.parent}\r\n"
        return (lines if self.state is None else f"{lines}tracestate: {self.state}\r\n").encode()


def read_trace(parent: bytes, state: bytes | None) -> Trace | None:
    """A caller's trace; None where `parent` is not valid: then a new one begins, as the standard wants it.

    A `state` that is not valid is left out.
    """
    found = _PARENT.fullmatch(parent) if len(parent) <= _MOST_PARENT else None
    if found is None or found["version"] == b"ff":
        return None
    if found["version"] == b"00" and found["more"] is not None:
        return None
    if not found["trace"].strip(b"0") or not found["span"].strip(b"0"):
        return None
    kept = state.strip(b" \t") if state is not None else b""
    of_ours = f"00{parent[2:_LENGTH].decode()}"  # what later versions add is not known here
    return Trace(of_ours, kept.decode() if kept and _is_valid(kept) else None)


def _is_valid(state: bytes) -> bool:
    if len(state) > _MOST_STATE:
        return False
    members = [one.strip(b" \t") for one in state.split(b",")]
    named = [one for one in members if one]
    keys = {one.partition(b"=")[0] for one in named}
    is_short = len(members) <= _MOST_MEMBERS and len(keys) == len(named)
    return is_short and all(map(_MEMBER.fullmatch, named))
