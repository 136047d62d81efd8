"""Jobs of media: what was ordered, whoever sees it through, and what providers have called to say about it.

A job is in the table before its provider hears of it. `ask` and `record` are bytes for whoever wrote
them. One process holds a job for as long as its lease runs; whoever finds a lease that has run out, or
whose holder is gone, may take the job over. Moments are Unix µs, given by the caller. Every method
does I/O and raises StoreUnavailable.
"""

from collections.abc import Collection, Iterable
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from madang.state.store import Row, Store

_COLUMNS: Final = (
    "id, key_id, at_us, state, secret, provider, handle, holder, is_open, wanted, ask, record"
)


class StoredJob(Struct, frozen=True, kw_only=True):
    """One job. `is_open`: it is not over, or not settled. `wanted`: `cancel`, when somebody wants it to end."""

    id: str
    key_id: str
    at_us: int
    state: str
    secret: str
    ask: bytes
    record: bytes
    provider: str | None = None
    handle: str | None = None
    holder: str | None = None
    is_open: bool = True
    wanted: str | None = None


class Entered(NamedTuple):
    """What became of an order: `job` is the one of its name, made now or before. other: the name is another's."""

    state: Literal["made", "there", "other"]
    job: StoredJob


class Page(Struct, frozen=True):
    """Which jobs of a key are wanted: after which id, how many, oldest first or newest first."""

    limit: int = 20
    after: str | None = None
    order: Literal["asc", "desc"] = "desc"


class Called(Struct, frozen=True):
    """A webhook: which delivery, about which job as its provider names it, and what it says."""

    provider: str
    delivery: str
    job: str
    seen: bytes | None


class MediaJobs:
    """The tables of jobs and notices."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def enter(
        self, job: StoredJob, name: str | None, digest: bytes, lease_us: int, since_us: int
    ) -> Entered:
        """Enter a new job, on the disk when this returns; or find the one that this name stands for already.

        Names given before `since_us` are free again.
        """
        with self._store.transaction(durable=True) as transaction:
            if name is not None:
                transaction.write(
                    "UPDATE media_jobs SET name = NULL WHERE key_id = ? AND name = ? AND at_us < ?",
                    (job.key_id, name, since_us),
                )
                found = transaction.read(
                    f"SELECT {_COLUMNS}, digest FROM media_jobs WHERE key_id = ? AND name = ?",  # noqa: S608 - our own words
                    (job.key_id, name),
                )
                if found:
                    state: Literal["there", "other"] = (
                        "there" if found[0]["digest"] == digest else "other"
                    )
                    return Entered(state, _job(found[0]))
            transaction.write(
                "INSERT INTO media_jobs "
                "(id, key_id, at_us, state, name, digest, secret, holder, lease_us, ask, record) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(job.id, job.key_id, job.at_us, job.state, name, digest),
                    *(job.secret, job.holder, lease_us, job.ask, job.record),
                ),
            )
        return Entered("made", job)

    def named(self, key_id: str, name: str, since_us: int) -> tuple[StoredJob, bytes] | None:
        """The job that a name stands for, and the digest of what was asked; None: there is none."""
        rows = self._store.read(
            f"SELECT {_COLUMNS}, digest FROM media_jobs WHERE key_id = ? AND name = ? AND at_us >= ?",  # noqa: S608
            (key_id, name, since_us),
        )
        return (_job(rows[0]), bytes(rows[0]["digest"])) if rows else None

    def change(self, job: StoredJob, *, durable: bool = False) -> bool:
        """Write a job as it stands now. False: another process holds it by now, and nothing is changed."""
        with self._store.transaction(durable=durable) as transaction:
            changed = transaction.write(
                "UPDATE media_jobs SET state = ?, provider = ?, handle = ?, is_open = ?, record = ? "
                "WHERE id = ? AND holder = ?",
                (
                    *(job.state, job.provider, job.handle, int(job.is_open), job.record),
                    *(job.id, job.holder),
                ),
            )
        return changed > 0

    def get(self, identity: str, key_id: str | None) -> StoredJob | None:
        """A job of this key (None: of anybody)."""
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM media_jobs WHERE id = ? AND is_hidden = 0 AND (? IS NULL OR key_id = ?)",  # noqa: S608
            (identity, key_id, key_id),
        )
        return _job(rows[0]) if rows else None

    def by_secret(self, secret: str) -> StoredJob | None:
        """The job whose file this word opens."""
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM media_jobs WHERE secret = ? AND is_hidden = 0",  # noqa: S608
            (secret,),
        )
        return _job(rows[0]) if rows else None

    def page(self, key_id: str | None, page: Page) -> tuple[list[StoredJob], bool]:
        """Jobs of a key (None: of all), and whether there are more."""
        ascending = page.order == "asc"
        where, params = "is_hidden = 0 AND (? IS NULL OR key_id = ?)", [key_id, key_id]
        if page.after is not None:
            where += " AND seq > " if ascending else " AND seq < "
            where += "(SELECT seq FROM media_jobs WHERE id = ?)"
            params.append(page.after)
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM media_jobs WHERE {where} "  # noqa: S608 - our own words
            f"ORDER BY seq {'ASC' if ascending else 'DESC'} LIMIT ?",
            (*params, page.limit + 1),
        )
        return [_job(row) for row in rows[: page.limit]], len(rows) > page.limit

    def want(self, identity: str, wanted: str) -> None:
        """Tell whoever holds a job what is wanted of it."""
        with self._store.transaction() as transaction:
            transaction.write("UPDATE media_jobs SET wanted = ? WHERE id = ?", (wanted, identity))

    def hide(self, identity: str) -> StoredJob | None:
        """A job is not to be found any more; its row, as it stands then, stays for its name and for the ledger."""
        with self._store.transaction() as transaction:
            rows = transaction.read(
                "UPDATE media_jobs SET is_hidden = 1, expires_us = NULL WHERE id = ? "  # noqa: S608
                f"RETURNING {_COLUMNS}",
                (identity,),
            )
        return _job(rows[0]) if rows else None

    def disown(self, identity: str) -> None:
        """Nobody has taken an order, and its caller was told so: it is not to be found, and its name is free."""
        with self._store.transaction() as transaction:
            transaction.write(
                "UPDATE media_jobs SET is_hidden = 1, name = NULL WHERE id = ?",
                (identity,),
            )

    # --- who sees them through --------------------------------------------------------------------

    def open_holders(self) -> list[str]:
        """The processes that hold jobs that are not over."""
        rows = self._store.read("SELECT DISTINCT holder FROM media_jobs WHERE is_open = 1")
        return [row["holder"] or "" for row in rows]

    def take_over(
        self, holder: str, gone: Collection[str], now_us: int, lease_us: int
    ) -> list[StoredJob]:
        """Take over what nobody holds any more: the holder is `gone`, or its lease has run out."""
        marks = ", ".join("?" for _ in gone)
        with self._store.transaction() as transaction:
            rows = transaction.read(
                f"UPDATE media_jobs SET holder = ?, lease_us = ? WHERE is_open = 1 AND "  # noqa: S608 - marks only
                f"(holder IN ({marks}) OR holder IS NULL OR (lease_us < ? AND holder != ?)) RETURNING {_COLUMNS}",
                (holder, lease_us, *gone, now_us, holder),
            )
        return [_job(row) for row in rows]

    def renew(self, holder: str, lease_us: int) -> None:
        """Say that this process is still at work."""
        with self._store.transaction() as transaction:
            transaction.write(
                "UPDATE media_jobs SET lease_us = ? WHERE is_open = 1 AND holder = ?",
                (lease_us, holder),
            )

    def wishes(self, holder: str) -> list[tuple[str, str]]:
        """What is wanted of the open jobs of a process: `cancel`, or `look` where a webhook has come."""
        rows = self._store.read(
            "SELECT id, wanted FROM media_jobs WHERE is_open = 1 AND holder = ? AND wanted IS NOT NULL",
            (holder,),
        )
        return [(row["id"], row["wanted"]) for row in rows]

    # --- what providers call to say -----------------------------------------------------------------

    def hear(self, called: Called, now_us: int) -> bool:
        """Enter a webhook, and have its job looked at; False: this delivery has been heard before."""
        with self._store.transaction() as transaction:
            new = transaction.write(
                "INSERT INTO media_notices (provider, delivery, job, at_us, seen) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (called.provider, called.delivery, called.job, now_us, called.seen),
            )
            if new:
                transaction.write(
                    "UPDATE media_jobs SET wanted = 'look' WHERE provider = ? AND (handle = ? OR id = ?) "
                    "AND is_open = 1 AND wanted IS NULL",
                    (called.provider, called.job, called.job.partition("-")[0]),
                )
        return new > 0

    def heard(self, identity: str, provider: str, names: Iterable[str]) -> list[bytes | None]:
        """What has been said of a job under any of its names and was not taken yet; it is taken now."""
        given = tuple(names)
        marks = ", ".join("?" for _ in given)
        if not self._store.read(
            f"SELECT 1 FROM media_notices WHERE provider = ? AND is_taken = 0 AND job IN ({marks}) LIMIT 1",  # noqa: S608
            (provider, *given),
        ):
            return []
        with self._store.transaction() as transaction:
            rows = transaction.read(
                f"UPDATE media_notices SET is_taken = 1 WHERE provider = ? AND is_taken = 0 "  # noqa: S608 - marks only
                f"AND job IN ({marks}) RETURNING at_us, job, seen",
                (provider, *given),
            )
            if rows:
                transaction.write(
                    "UPDATE media_jobs SET wanted = NULL WHERE id = ? AND wanted = 'look'",
                    (identity,),
                )
        return [row["seen"] for row in sorted(rows, key=lambda row: row["at_us"])]

    def told(self, provider: str, order: str) -> list[bytes]:
        """What has been said of an order, also what was taken already, oldest first."""
        rows = self._store.read(
            "SELECT seen FROM media_notices WHERE provider = ? AND job = ? AND seen IS NOT NULL "
            "ORDER BY at_us",
            (provider, order),
        )
        return [bytes(row["seen"]) for row in rows]

    # --- orders whose answers were lost -----------------------------------------------------------

    def unsure(self) -> list[StoredJob]:
        """The jobs of which nobody knows whether their provider has them, oldest first."""
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM media_jobs WHERE is_open = 1 AND state = 'unsure' ORDER BY seq"  # noqa: S608
        )
        return [_job(row) for row in rows]

    def claim(self, identity: str, provider: str, handle: str) -> bool:
        """Say that a provider's job is that of this order; False: it is another's."""
        with self._store.transaction(durable=True) as transaction:
            claimed = transaction.write(
                "UPDATE media_jobs SET handle = ? WHERE id = ? AND NOT EXISTS "
                "(SELECT 1 FROM media_jobs WHERE provider = ? AND handle = ? AND id != ?)",
                (handle, identity, provider, handle, identity),
            )
        return claimed > 0

    def at(self, provider: str, since_us: int) -> list[StoredJob]:
        """The jobs at a provider that were ordered since a moment, and those that are not over."""
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM media_jobs WHERE provider = ? AND (at_us >= ? OR is_open = 1)",  # noqa: S608
            (provider, since_us),
        )
        return [_job(row) for row in rows]

    def expired(self, now_us: int) -> list[str]:
        """The jobs whose files have had their time."""
        rows = self._store.read(
            "SELECT id FROM media_jobs WHERE is_open = 0 AND is_hidden = 0 AND expires_us <= ?",
            (now_us,),
        )
        return [row["id"] for row in rows]

    def keep_until(self, identity: str, expires_us: int) -> None:
        """Say until when the file of a job is kept."""
        with self._store.transaction() as transaction:
            transaction.write(
                "UPDATE media_jobs SET expires_us = ? WHERE id = ?", (expires_us, identity)
            )

    def purge(self, before_us: int) -> None:
        """Forget notices from before a moment, and hidden jobs whose names are free again."""
        with self._store.transaction() as transaction:
            transaction.write("DELETE FROM media_notices WHERE at_us < ?", (before_us,))
            transaction.write(
                "DELETE FROM media_jobs WHERE is_hidden = 1 AND is_open = 0 AND at_us < ?",
                (before_us,),
            )

    def is_hidden(self, identity: str) -> bool:
        """Whether nobody is to find a job any more."""
        sql = "SELECT 1 FROM media_jobs WHERE id = ? AND is_hidden = 1"
        return bool(self._store.read(sql, (identity,)))


def _job(row: Row) -> StoredJob:
    return StoredJob(
        id=row["id"],
        key_id=row["key_id"],
        at_us=row["at_us"],
        state=row["state"],
        secret=row["secret"],
        ask=row["ask"],
        record=row["record"],
        provider=row["provider"],
        handle=row["handle"],
        holder=row["holder"],
        is_open=bool(row["is_open"]),
        wanted=row["wanted"],
    )
