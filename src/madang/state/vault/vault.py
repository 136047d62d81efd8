"""The sealed keys of providers: added, removed, opened for the configuration in force, sealed anew."""

import re
import secrets
from collections import defaultdict
from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

from msgspec import Struct

from madang.config.sections.providers import key_fault
from madang.errors import Conflict, InvalidRequest, NotFound
from madang.state.store import Row, Store, Transaction
from madang.state.vault.master import ENV, MasterKey, MasterKeys, new_master

SHOWN = 8
"""How many characters of a provider's key may ever be seen again; fewer of a short one."""

_REVISION = "provider_keys"
_PROVIDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST = 8192
_LIVE = "SELECT * FROM provider_keys WHERE removed_at IS NULL ORDER BY added_at, id"


class StoredKey(Struct, frozen=True, kw_only=True):
    """A provider's key as it may be shown. Moments are Unix seconds; None: not used yet.

    Uses are known by provider and `prefix`: two keys that begin alike share them. `is_resting`: its
    provider has refused it, or is out of money; known to a running gateway only (None: not known).
    """

    id: str
    provider: str
    prefix: str
    added_at: int
    last_used_at: int | None
    master_id: str
    is_resting: bool | None = None


class Opened(NamedTuple):
    """Raw keys by provider. Empty: it had some, and none can be used now. `faults`: why, for people."""

    keys: Mapping[str, tuple[str, ...]]
    faults: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Opened({', '.join(self.keys)})"


NOTHING = Opened({}, ())


class Vault:
    """The keys of providers that the store holds; `refresh` follows what other processes change."""

    def __init__(self, store: Store, masters: MasterKeys) -> None:
        self._store = store
        self._masters = masters
        self._revision = 0
        self.opened = NOTHING
        self.refresh()

    def refresh(self) -> bool:
        """Take over what changed in the store; False: nothing did. Costs one look-up."""
        revision = self._store.revision(_REVISION)
        if revision == self._revision:
            return False
        self.opened = self._open()
        self._revision = revision
        return True

    def list(self) -> tuple[StoredKey, ...]:
        """Every key that can be used, oldest first, without the secrets."""
        return tuple(_shown(row) for row in self._store.read(_LIVE))

    def add(self, provider: str, raw: str, *, now_s: float) -> StoredKey:
        """Seal a key and keep it. Raises InvalidRequest, Conflict."""
        raw = raw.strip()
        _check(provider, raw)
        key_id = "pk_" + secrets.token_hex(8)
        prefix = raw[: min(SHOWN, len(raw) // 4)]
        with self._store.transaction(durable=True) as transaction:
            master = self._sealing_master(transaction)
            if raw in self._open().keys.get(provider, ()):
                raise Conflict(f"This key of {provider} is stored already.")
            nonce, sealed = _sealing().seal(master.raw, raw.encode(), _context(provider, key_id))
            transaction.write(
                "INSERT INTO provider_keys (id, provider, prefix, added_at, master_id, nonce, "
                "sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (key_id, provider, prefix, int(now_s), master.id, nonce, sealed),
            )
            transaction.bump(_REVISION)
        return self._get(key_id)

    def remove(self, key_id: str, *, now_s: float) -> StoredKey:
        """Forget a key. Raises NotFound."""
        removed = self._get(key_id)
        with self._store.transaction() as transaction:
            transaction.write(
                "UPDATE provider_keys SET removed_at = ?, nonce = x'', sealed = x'' WHERE id = ?",
                (int(now_s), key_id),
            )
            transaction.bump(_REVISION)
        return removed

    def rekey(self) -> tuple[str, int]:
        """Seal every key anew; return the id of the master key and how many keys it seals now.

        A master key in a file is replaced by a new one; of those in the environment the first is
        taken. Ended at any moment, it leaves keys that can be opened. Raises Conflict.
        """
        with self._store.transaction(durable=True) as transaction:
            self._sealing_master(transaction)  # what cannot be opened now is not made worse
            if self._masters.in_file:
                self._masters.write((new_master(), *self._masters.read()))
            masters = self._masters.read()
            rows = transaction.read(_LIVE)
            for row in rows:
                self._seal_anew(transaction, row, masters)
            transaction.bump(_REVISION)
        if self._masters.in_file:
            self._masters.write(masters[:1])
        return masters[0].id, len(rows)

    def save_uses(self, uses: Mapping[tuple[str, str], int]) -> None:
        """Enter when keys were last used: Unix seconds by provider and first characters."""
        with self._store.transaction() as transaction:
            for (provider, prefix), at_s in uses.items():
                transaction.write(
                    "UPDATE provider_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) "
                    "WHERE provider = ? AND substr(?, 1, length(prefix)) = prefix "
                    "AND removed_at IS NULL",
                    (at_s, provider, prefix),
                )

    def _open(self) -> Opened:
        """Every key that a master key of ours opens."""
        rows = self._store.read("SELECT * FROM provider_keys ORDER BY added_at, id")
        keys: dict[str, list[str]] = defaultdict(list)
        shut: dict[str, set[str]] = defaultdict(set)
        masters, fault = self._read_masters() if rows else ((), None)
        for row in rows:
            found = keys[row["provider"]]
            if row["removed_at"] is None:
                raw = _unsealed(row, masters)
                if raw is None:
                    shut[row["provider"]].add(row["master_id"])
                else:
                    found.append(raw)
        faults = tuple(
            fault or self._explained(provider, ids, masters) for provider, ids in shut.items()
        )
        return Opened({name: tuple(found) for name, found in keys.items()}, faults)

    def _read_masters(self) -> tuple[tuple[MasterKey, ...], str | None]:
        try:
            return self._masters.read(), None
        except Conflict as problem:
            return (), f"The stored keys of providers cannot be opened. {problem.message}"

    def _sealing_master(self, transaction: Transaction) -> MasterKey:
        """The master key to seal with, made where there is none. Raises Conflict where some key has another."""
        masters = self._masters.read()
        used = {row["master_id"] for row in transaction.read(_LIVE)}
        if used - {master.id for master in masters}:
            raise Conflict(self._explained("providers", used, masters))
        return masters[0] if masters else self._masters.make()

    def _seal_anew(
        self, transaction: Transaction, row: Row, masters: tuple[MasterKey, ...]
    ) -> None:
        master = masters[0]
        raw = _unsealed(row, masters)
        if raw is None:
            raise Conflict(self._explained(row["provider"], {row["master_id"]}, masters))
        context = _context(row["provider"], row["id"])
        nonce, sealed = _sealing().seal(master.raw, raw.encode(), context)
        transaction.write(
            "UPDATE provider_keys SET master_id = ?, nonce = ?, sealed = ? WHERE id = ?",
            (master.id, nonce, sealed, row["id"]),
        )

    def _explained(self, whose: str, ids: set[str], masters: tuple[MasterKey, ...]) -> str:
        sealed_with = ", ".join(sorted(ids))
        here = ", ".join(master.id for master in masters)
        found = (
            f"{self._masters.place} holds {here}" if here else f"there is no {self._masters.file}"
        )
        return (
            f"Stored keys of {whose} cannot be opened: they were sealed with master key "
            f"{sealed_with}, and {found}. Set ${ENV} to that key, or put it back into "
            f"{self._masters.file}; or else remove these keys and add them again."
        )

    def _get(self, key_id: str) -> StoredKey:
        sql = "SELECT * FROM provider_keys WHERE id = ? AND removed_at IS NULL"
        rows = self._store.read(sql, (key_id,))
        if not rows:
            raise NotFound(f"There is no stored provider key with the id {key_id!r}.")
        return _shown(rows[0])


def _check(provider: str, raw: str) -> None:
    if not _PROVIDER.fullmatch(provider):
        raise InvalidRequest("A provider's name is up to 64 letters, digits, `.`, `_`, `-`.")
    fault = key_fault(raw) if len(raw) <= _LONGEST else "the key is too long"
    if fault:
        raise InvalidRequest(f"This cannot be a provider's key: {fault}.", param="key")


def _context(provider: str, key_id: str) -> bytes:
    """What a sealed key is bound to: in another row, or for another provider, it does not open."""
    return f"madang provider key\0{provider}\0{key_id}".encode()


def _unsealed(row: Row, masters: tuple[MasterKey, ...]) -> str | None:
    context = _context(row["provider"], row["id"])
    for master in masters:
        if master.id == row["master_id"]:
            raw = _sealing().unseal(master.raw, row["nonce"], row["sealed"], context)
            if raw is not None:
                return bytes(raw).decode()
    return None


def _shown(row: Row) -> StoredKey:
    return StoredKey(
        id=row["id"],
        provider=row["provider"],
        prefix=row["prefix"],
        added_at=row["added_at"],
        last_used_at=row["last_used_at"],
        master_id=row["master_id"],
    )


def _sealing() -> ModuleType:
    """Imported only now: a gateway that stores no provider's key need not carry the cryptography."""
    from madang.state.vault import sealing  # noqa: PLC0415

    return sealing
