"""Keys that end soon: found, and put into words."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from madang.keys.record import Key

DAY_S = 86_400
_MOST_NAMED = 10


def expiring(keys: Iterable[Key], now_s: float, warn_s: float) -> tuple[Key, ...]:
    """Live keys that expire within `warn_s`, the soonest first."""
    soon = [key for key in keys if is_expiring(key, now_s, warn_s)]
    return tuple(sorted(soon, key=lambda key: (key.expires_at or 0, key.id)))


def is_expiring(key: Key, now_s: float, warn_s: float) -> bool:
    """Whether a key is live and expires within `warn_s`."""
    return key.expires_at is not None and key.is_live(now_s) and key.expires_at - now_s <= warn_s


def spelled(soon: Sequence[Key]) -> str:
    """Names, ids and moments of the first few, for one line."""
    named = [f"{key.name!r} ({key.id}) on {_moment(key.expires_at or 0)}" for key in soon]
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return ", ".join(named[:_MOST_NAMED]) + more


def _moment(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
