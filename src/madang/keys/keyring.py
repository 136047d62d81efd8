"""All keys of an installation, in memory as the store has them."""

import hmac
import logging
import threading
from collections.abc import Mapping

from madang.errors import Conflict, NotFound, StoreUnavailable
from madang.keys import uses, writing
from madang.keys.record import Key, KeyChange, NewKey, Secret, Selection, check_asked
from madang.keys.secret import SHOWN, Credential, Use, digest_of, looks_like_key, unrecognised
from madang.state.store import Refused, Row, Store

log = logging.getLogger("madang.keys")

ENVIRONMENT_KEY_ID = "key_environment"

_WEAK_BELOW = 16
_SEEK_S = 0.05
"""Strangers make a process read the store no oftener: guessing keys costs it nothing else."""

_CHANGED = (
    "SELECT keys.*, digest, prefix, ends_at FROM keys JOIN key_secrets ON key_id = id "
    "WHERE revision > ?"
)


class Keyring:
    """All keys, in memory, as the store has them; `refresh` follows what other processes change.

    Clock readings are Unix seconds, given by the caller. `replaced_uses` counts requests with a
    secret that a rotation has replaced, since this process began.
    """

    def __init__(self, store: Store) -> None:
        self.replaced_uses = 0
        self._store = store
        self._revision = 0
        self._sought_at = -_SEEK_S
        self._refreshing = threading.Lock()  # else an older reading could be stored over a newer
        # Found by half of the digest, accepted by comparing the whole.
        self._by_digest: dict[bytes, Credential] = {}
        self._by_id: dict[str, Key] = {}
        # Keys that no store holds, by their ids: what to say to whoever wants to change one.
        self._unstored: dict[str, str] = {}
        self._used: dict[Credential, int] = {}
        self.refresh()

    # --- on every request -----------------------------------------------------------------------

    def recognise(self, raw: str | None, now_s: float) -> Credential:
        """Return the key that `raw` is, with what is known of this secret, and count a use of it.

        Raises Unauthenticated: missing, malformed, unknown, revoked, expired or replaced.
        """
        digest = digest_of(raw or "")
        found = self._by_digest.get(digest[:16])
        if found is None or not hmac.compare_digest(found.digest, digest):
            found = self._sought(raw, digest, now_s)
        if now_s >= found.good_until:
            raise found.refusal(now_s)
        used = self._used
        used[found] = used.get(found, 0) + 1
        found.used_at = now_s
        return found

    def _sought(self, raw: str | None, digest: bytes, now_s: float) -> Credential:
        """A key that another process may just have made: the store is asked, for all strangers together now and then.

        Raises Unauthenticated.
        """
        if raw and looks_like_key(raw) and not 0 <= now_s - self._sought_at < _SEEK_S:
            self._sought_at = now_s
            try:
                self.refresh()
            except (StoreUnavailable, Refused):  # who is known goes on to be served
                log.warning("an unknown key could not be looked up: the store cannot be read")
            found = self._by_digest.get(digest[:16])
            if found is not None and hmac.compare_digest(found.digest, digest):
                return found
        raise unrecognised(raw)

    def check(self, raw: str | None, now_s: float) -> Key:
        """Return the key that `raw` is. Raises Unauthenticated, as `recognise`."""
        return self.recognise(raw, now_s).key

    def take_uses(self) -> Mapping[Credential, int]:
        """How often each was used since the last time, for `save_uses`. To be called in the thread of `check`."""
        used, self._used = self._used, {}
        return used

    def save_uses(self, used: Mapping[Credential, int]) -> tuple[Key, ...]:
        """Enter uses in the store, in any thread; return keys whose replaced secret is in use, each once an hour."""
        replaced = [times for credential, times in used.items() if credential.ends_at is not None]
        self.replaced_uses += sum(replaced)
        taken = [Use(one.digest, times, int(one.used_at)) for one, times in used.items()]
        told = uses.save(self._store, taken) if taken else ()
        return tuple(self.get(key_id) for key_id in told)

    # --- what there is --------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Take over what changed in the store; False: nothing did. Costs one look-up."""
        with self._refreshing:
            revision = self._store.revision(writing.REVISION)
            if revision == self._revision:
                return False
            if revision < self._revision:  # an older store was put back: read all of it
                self._forget_stored()
            rows = self._store.read(_CHANGED, (self._revision,))
            keys = {row["id"]: writing.key_of(row) for row in rows if row["ends_at"] is None}
            for row in rows:
                self._take_over(row, keys[row["id"]])
            self._revision = revision
            return True

    def list(self) -> tuple[Key, ...]:
        """Every key that was ever made, oldest first."""
        keys = tuple(self._by_id.values())
        return tuple(sorted(keys, key=lambda key: (key.created_at, key.id)))

    def get(self, key_id: str) -> Key:
        """Return a key by its id. Raises NotFound."""
        try:
            return self._by_id[key_id]
        except KeyError:
            raise NotFound(f"There is no key with the id {key_id!r}.") from None

    def secrets(self, key_id: str | None = None) -> dict[str, tuple[Secret, ...]]:
        """The secrets of one key or of all by its id, the current one first, as the store has them."""
        return uses.secrets_by_key(self._store, key_id)

    # --- what changes it ------------------------------------------------------------------------

    def create(self, new: NewKey, *, now_s: float) -> tuple[Key, str]:
        """Make a key; return it with the raw key, to be shown this once. Raises InvalidRequest."""
        check_asked(new, now_s)
        with self._store.transaction() as transaction:
            made = writing.insert(transaction, new, now_s)
        self.refresh()
        return made

    def update(self, key_id: str, change: KeyChange, *, now_s: float) -> Key:
        """Change a key. Raises InvalidRequest, NotFound, Conflict."""
        self._check_stored(key_id)
        with self._store.transaction() as transaction:
            writing.update(transaction, key_id, change, now_s)
        self.refresh()
        return self.get(key_id)

    def rotate(
        self, which: Selection, *, grace_s: int, now_s: float
    ) -> tuple[tuple[Key, str], ...]:
        """Give keys new raw keys, all or none; return each with its raw key, to be shown this once.

        What they had works for `grace_s` seconds more; a secret that an earlier rotation replaced
        ends now. Raises NotFound, Conflict.
        """
        for key_id in which.ids:
            self._check_stored(key_id)
        with self._store.transaction() as transaction:
            raws = writing.rotate(transaction, which, grace_s, now_s)
        self.refresh()
        return tuple((self.get(key_id), raw) for key_id, raw in raws.items())

    def revoke(self, key_id: str, *, now_s: float) -> Key:
        """End a key for good. Raises NotFound, and Conflict for a key that no store holds."""
        self.refresh()
        self._check_stored(key_id)
        if self.get(key_id).revoked_at is None:
            with self._store.transaction() as transaction:
                writing.revoke(transaction, key_id, now_s)
            self.refresh()
        return self.get(key_id)

    def ensure_admin(self, env_value: str | None, *, now_s: float) -> str | None:
        """See to it that someone can administer this installation.

        `env_value` ($MADANG_ADMIN_KEY) is an admin key where it is set, kept in memory only.
        Otherwise, when no valid admin key exists, one is made and returned, to be shown this once.
        """
        value = (env_value or "").strip()
        if value:
            self._accept(value, now_s)
            return None
        with self._store.transaction() as transaction:
            if writing.has_admin(transaction, now_s):
                return None
            _, raw = writing.insert(transaction, NewKey(name="admin", admin=True), now_s)
        self.refresh()
        return raw

    def lend(self, name: str, raw: str, *, now_s: float) -> Key:
        """Accept `raw` (see `make_raw`) as an ordinary key for as long as this process lives.

        It is held in memory only. Its id is `key_<name>`, the same in every run.
        """
        key = Key(id=f"key_{name}", name=name, prefix=raw[:SHOWN], created_at=int(now_s))
        self._hold(raw, key, "This key was lent for one run: it ends with the process.")
        return key

    def _accept(self, value: str, now_s: float) -> None:
        if len(value) < _WEAK_BELOW:
            log.warning("$MADANG_ADMIN_KEY is shorter than %d characters: weak", _WEAK_BELOW)
        key = Key(
            id=ENVIRONMENT_KEY_ID,
            name="admin ($MADANG_ADMIN_KEY)",
            prefix="",  # chosen by hand: its beginning may be all there is to guess
            created_at=int(now_s),
            admin=True,
        )
        self._hold(value, key, "This key is $MADANG_ADMIN_KEY: change it there and restart.")

    def _hold(self, raw: str, key: Key, refusal: str) -> None:
        digest = digest_of(raw)
        self._unstored[key.id] = refusal
        self._by_digest[digest[:16]] = Credential(digest, key.prefix, key)
        self._by_id[key.id] = key

    def _check_stored(self, key_id: str) -> None:
        if key_id in self._unstored:
            raise Conflict(self._unstored[key_id])

    def _take_over(self, row: Row, key: Key) -> None:
        digest, ends_at = row["digest"], row["ends_at"]
        known = self._by_digest.get(digest[:16])
        if known is not None and known.digest == digest:
            known.assign(key, ends_at)  # its uses stay counted
        else:
            self._by_digest[digest[:16]] = Credential(digest, row["prefix"], key, ends_at)
        self._by_id[key.id] = key

    def _forget_stored(self) -> None:
        self._revision = 0
        self._by_id = {key_id: self._by_id[key_id] for key_id in self._unstored}
        self._by_digest = {
            half: credential
            for half, credential in self._by_digest.items()
            if credential.key.id in self._unstored
        }
