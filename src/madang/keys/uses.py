"""When each secret was used: counted in memory, entered in the store now and then, read from it."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from madang.keys.record import Secret
from madang.keys.secret import Use
from madang.state.store import Row, Store

_HOUR_S = 3600
_REPLACED = (
    "SELECT key_id, last_used_at, (SELECT max(created_at) FROM key_secrets AS newer "
    "WHERE newer.key_id = this.key_id) AS replaced_at "
    "FROM key_secrets AS this WHERE digest = ? AND ends_at IS NOT NULL"
)


def save(store: Store, uses: Sequence[Use]) -> tuple[str, ...]:
    """Add uses to the store's; return the ids of keys to tell of, whose replaced secret is still in use.

    Each of those is returned once an hour, whichever process saw it.
    """
    tell: dict[str, None] = {}
    with store.transaction() as transaction:
        for use in uses:
            rows = transaction.read(_REPLACED, (use.digest,))
            transaction.write(
                "UPDATE key_secrets SET uses = uses + ?, "
                "last_used_at = max(coalesce(last_used_at, 0), ?) WHERE digest = ?",
                (use.times, use.at_s, use.digest),
            )
            if rows and _is_news(rows[0], use.at_s):
                tell[rows[0]["key_id"]] = None
    return tuple(tell)


def secrets_by_key(store: Store, key_id: str | None = None) -> dict[str, tuple[Secret, ...]]:
    """The secrets of one key, or of every key, the current one first."""
    sql = "SELECT key_id, prefix, created_at, ends_at, last_used_at, uses FROM key_secrets"
    where, params = (" WHERE key_id = ?", (key_id,)) if key_id is not None else ("", ())
    found: dict[str, list[Secret]] = defaultdict(list)
    for row in store.read(f"{sql}{where} ORDER BY seq DESC", params):
        found[row["key_id"]].append(msgspec.convert(dict(row), Secret))
    return {key_id: tuple(secrets) for key_id, secrets in found.items()}


def _is_news(row: Row, at_s: int) -> bool:
    """Whether it was used after it was replaced, and for the first time so in this hour."""
    before, since = row["last_used_at"] or 0, row["replaced_at"]
    return at_s > since and (before <= since or before // _HOUR_S != at_s // _HOUR_S)
