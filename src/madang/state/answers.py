"""Answers that can be given again: those of the cache, and those to requests with an Idempotency-Key.

A record is bytes for whoever wrote it. Clock readings are Unix seconds, given by the caller. Every
method does I/O and raises StoreUnavailable.
"""

from typing import Literal, NamedTuple

from madang.state.store import Store


class CachedAnswers:
    """The table behind the cache's memory: what one process has kept, another finds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, digest: bytes, record: bytes, now_s: float, expires_s: float) -> None:
        """Keep an answer; an earlier one to the same question is replaced."""
        with self._store.transaction() as transaction:
            transaction.write(
                "INSERT OR REPLACE INTO cached_answers (digest, at, expires, bytes, record) "
                "VALUES (?, ?, ?, ?, ?)",
                (digest, int(now_s), int(expires_s), len(record), record),
            )

    def find(self, digest: bytes, now_s: float) -> bytes | None:
        """The record; None where there is none any more."""
        rows = self._store.read(
            "SELECT record FROM cached_answers WHERE digest = ? AND expires > ?",
            (digest, int(now_s)),
        )
        return bytes(rows[0]["record"]) if rows else None

    def purge(self, now_s: float, most_bytes: int) -> int:
        """Forget what has expired, and the oldest beyond `most_bytes`; return how many."""
        with self._store.transaction() as transaction:
            gone = transaction.write("DELETE FROM cached_answers WHERE expires <= ?", (int(now_s),))
            return gone + transaction.write(
                "DELETE FROM cached_answers WHERE rowid IN (SELECT rowid FROM "
                "(SELECT rowid, SUM(bytes) OVER (ORDER BY at DESC, rowid DESC) AS newer "
                "FROM cached_answers) WHERE newer > ?)",
                (most_bytes,),
            )


class Claim(NamedTuple):
    """What became of a claim.

    mine: nobody has asked this before, so it is for the claimant to answer. running: another
    process is at it. other: the name stands for another request. done: `record` is the answer.
    """

    state: Literal["mine", "running", "other", "done"]
    record: bytes = b""


class IdempotentAnswers:
    """The table of answers by caller's key and name. `holder` names the process that claims."""

    def __init__(self, store: Store, holder: str) -> None:
        self._store = store
        self._holder = holder

    def claim(self, key_id: str, name: str, request: bytes, now_s: float, until_s: float) -> Claim:
        """Claim a name for the request of that digest, until a moment before which it has to be renewed."""
        with self._store.transaction() as transaction:
            transaction.write(
                "DELETE FROM idempotent_answers WHERE key_id = ? AND name = ? AND expires <= ?",
                (key_id, name, int(now_s)),
            )
            made = transaction.write(
                "INSERT INTO idempotent_answers (key_id, name, request, at, expires, holder) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (key_id, name, request, int(now_s), int(until_s), self._holder),
            )
            if made:
                return Claim("mine")
            row = transaction.read(
                "SELECT request, holder, record FROM idempotent_answers "
                "WHERE key_id = ? AND name = ?",
                (key_id, name),
            )[0]
        if row["request"] != request:
            return Claim("other")
        return Claim("running") if row["holder"] else Claim("done", row["record"])

    def renew(self, key_id: str, name: str, until_s: float) -> None:
        """Say that this process is still at work."""
        with self._store.transaction() as transaction:
            transaction.write(
                "UPDATE idempotent_answers SET expires = ? "
                "WHERE key_id = ? AND name = ? AND holder = ?",
                (int(until_s), key_id, name, self._holder),
            )

    def keep(self, key_id: str, name: str, record: bytes, expires_s: float) -> bool:
        """Enter the answer; False where the claim has been lost to another process meanwhile."""
        with self._store.transaction() as transaction:
            kept = transaction.write(
                "UPDATE idempotent_answers SET record = ?, bytes = ?, expires = ?, holder = NULL "
                "WHERE key_id = ? AND name = ? AND holder = ?",
                (record, len(record), int(expires_s), key_id, name, self._holder),
            )
        return kept > 0

    def release(self, key_id: str, name: str) -> None:
        """Give a claim up: there is no answer to remember."""
        with self._store.transaction() as transaction:
            transaction.write(
                "DELETE FROM idempotent_answers WHERE key_id = ? AND name = ? AND holder = ?",
                (key_id, name, self._holder),
            )

    def purge(self, now_s: float, key_bytes: int) -> int:
        """Forget what has expired, and the oldest of every key beyond `key_bytes`; return how many."""
        with self._store.transaction() as transaction:
            gone = transaction.write(
                "DELETE FROM idempotent_answers WHERE expires <= ?", (int(now_s),)
            )
            return gone + transaction.write(
                "DELETE FROM idempotent_answers WHERE rowid IN (SELECT rowid FROM (SELECT rowid, "
                "SUM(bytes) OVER (PARTITION BY key_id ORDER BY at DESC, rowid DESC) AS newer "
                "FROM idempotent_answers) WHERE newer > ?) AND holder IS NULL",
                (key_bytes,),
            )
