"""Callers' keys: made once, shown once, kept as SHA-256, checked without I/O.

A raw key is `mdg_` and 43 characters of URL-safe base64: 32 random bytes. Rule: after `create`
returned it, no raw key appears in any file, log, message or record; its first 8 characters may.
"""

import base64
import fnmatch
import hashlib
import hmac
import logging
import re
import secrets
import threading
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from madang.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from madang.state.store import Row, Store, Transaction

log = logging.getLogger("madang.keys")

Period = Literal["day", "month"]

SHOWN = 8
"""How many characters of a raw key may ever be seen again."""

ENVIRONMENT_KEY_ID = "key_environment"

_REVISION = "keys"
_RAW = re.compile(r"mdg_[A-Za-z0-9_-]{43}")
_WEAK_BELOW = 16
_MAX_LIMIT = 10**18  # in nano-dollars, a billion dollars
_USD = re.compile(r"\$?([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_UNITS_S = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS_S))


class Key(Struct, frozen=True, kw_only=True):
    """A key as everyone but its owner may know it.

    `prefix` is the first 8 characters of the raw key. Moments are Unix seconds; None: never.
    `models` are names and globs (`openai/*`) that it may use; empty: all. None for a limit: none.
    `budget_nusd` is nano-dollars per `budget_per` (UTC; None: for good). `account_id` is who pays
    (None: nobody in particular).
    """

    id: str
    name: str
    prefix: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    models: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    rpm: int | None = None
    tpm: int | None = None
    budget_nusd: int | None = None
    budget_per: Period | None = None
    admin: bool = False
    account_id: str | None = None


class NewKey(Struct, frozen=True, kw_only=True):
    """What is asked for when a key is made; fields as in `Key`."""

    name: str
    expires_at: int | None = None
    models: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    rpm: int | None = None
    tpm: int | None = None
    budget_nusd: int | None = None
    budget_per: Period | None = None
    admin: bool = False
    account_id: str | None = None


class Keyring:
    """All keys, in memory, as the store has them; `refresh` follows what other processes change.

    Clock readings are Unix seconds, given by the caller.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision = 0
        self._refreshing = threading.Lock()  # else an older reading could be stored over a newer
        # Found by half of the digest, accepted by comparing the whole.
        self._by_digest: dict[bytes, tuple[bytes, Key]] = {}
        self._by_id: dict[str, Key] = {}
        # Keys that no store holds, by their ids: what to say to whoever wants to revoke one.
        self._unstored: dict[str, str] = {}
        self.refresh()

    def check(self, raw: str | None, now_s: float) -> Key:
        """Return the key that `raw` is.

        Raises Unauthenticated: missing, malformed, unknown, revoked or expired.
        """
        digest = _digest(raw or "")
        found = self._by_digest.get(digest[:16])
        if found is None or not hmac.compare_digest(found[0], digest):
            raise _unrecognised(raw)
        key = found[1]
        if key.revoked_at is not None or (key.expires_at is not None and now_s >= key.expires_at):
            raise _ended(key)
        return key

    def refresh(self) -> bool:
        """Take over what changed in the store; False: nothing did. Costs one look-up."""
        with self._refreshing:
            revision = self._store.revision(_REVISION)
            if revision == self._revision:
                return False
            if revision < self._revision:
                self._revision = 0  # an older store was put back: read all of it
            changed = "SELECT * FROM keys WHERE revision > ?"
            for row in self._store.read(changed, (self._revision,)):
                self._remember(row["digest"], _key(row))
            self._revision = revision
            return True

    def list(self) -> tuple[Key, ...]:
        """Every key that was ever made, oldest first."""
        return tuple(sorted(self._by_id.values(), key=lambda key: (key.created_at, key.id)))

    def get(self, key_id: str) -> Key:
        """Return a key by its id. Raises NotFound."""
        try:
            return self._by_id[key_id]
        except KeyError:
            raise NotFound(f"There is no key with the id {key_id!r}.") from None

    def create(self, new: NewKey, *, now_s: float) -> tuple[Key, str]:
        """Make a key; return it with the raw key, to be shown this once. Raises InvalidRequest."""
        _check_new(new, now_s)
        with self._store.transaction() as transaction:
            made = _insert(transaction, new, now_s)
        self.refresh()
        return made

    def revoke(self, key_id: str, *, now_s: float) -> Key:
        """End a key for good. Raises NotFound, and Conflict for a key that no store holds."""
        self.refresh()
        key = self.get(key_id)
        if key_id in self._unstored:
            raise Conflict(self._unstored[key_id])
        if key.revoked_at is None:
            with self._store.transaction() as transaction:
                transaction.write(
                    "UPDATE keys SET revoked_at = ?, revision = ? "
                    "WHERE id = ? AND revoked_at IS NULL",
                    (int(now_s), transaction.bump(_REVISION), key_id),
                )
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
            valid = transaction.read(
                "SELECT 1 FROM keys WHERE admin AND revoked_at IS NULL "
                "AND coalesce(expires_at > ?, true) LIMIT 1",
                (now_s,),
            )
            if valid:
                return None
            _, raw = _insert(transaction, NewKey(name="admin", admin=True), now_s)
        self.refresh()
        return raw

    def lend(self, name: str, raw: str, *, now_s: float) -> Key:
        """Accept `raw` (see `make_raw`) as an ordinary key for as long as this process lives.

        It is held in memory only. Its id is `key_<name>`, the same in every run.
        """
        key = Key(id=f"key_{name}", name=name, prefix=raw[:SHOWN], created_at=int(now_s))
        self._unstored[key.id] = "This key was lent for one run: it ends with the process."
        self._remember(_digest(raw), key)
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
        self._unstored[key.id] = "This key is $MADANG_ADMIN_KEY: unset it there and restart."
        self._remember(_digest(value), key)

    def _remember(self, digest: bytes, key: Key) -> None:
        self._by_digest[digest[:16]] = (digest, key)
        self._by_id[key.id] = key


def allows(key: Key, model: str) -> bool:
    """Whether the key may use a model of this name."""
    return (
        not key.models
        or model in key.models
        or any(fnmatch.fnmatchcase(model, pattern) for pattern in key.models)
    )


def make_raw() -> str:
    """A new raw key."""
    return "mdg_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def parse_duration(text: str) -> int:
    """Seconds of `30d`, `12h`, `1w2d`, `90m`, `45s`. Raises InvalidRequest."""
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = 0
    if match:
        seconds = sum(
            int(n or 0) * unit for n, unit in zip(match.groups(), _UNITS_S.values(), strict=True)
        )
    if not seconds:
        raise InvalidRequest(f"{text!r} is not a duration; write for example 30d, 12h or 1d12h.")
    return seconds


def parse_usd(text: str) -> int:
    """Nano-dollars of a positive amount in dollars (`12.50`), exactly. Raises InvalidRequest."""
    match = _USD.fullmatch(text.strip())
    nusd = 0
    if match:
        nusd = int(match[1]) * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))
    if not nusd:
        raise InvalidRequest(
            f"{text!r} is not an amount in dollars: write for example 12.50, above zero and with "
            "at most nine decimals."
        )
    return nusd


def _digest(raw: str) -> bytes:
    return hashlib.sha256(raw.encode("utf-8", "replace")).digest()


def _unrecognised(raw: str | None) -> Unauthenticated:
    if not raw:
        return Unauthenticated(
            "No API key was given. Send it as `Authorization: Bearer mdg_…`, `x-api-key` or "
            "`x-goog-api-key`.",
            code="missing_api_key",
        )
    if not _RAW.fullmatch(raw):
        return Unauthenticated(
            "This is not an API key of this gateway: those start with `mdg_` and have 47 "
            "characters.",
            code="invalid_api_key",
        )
    return Unauthenticated(f"The API key {raw[:SHOWN]}… is not known here.", code="invalid_api_key")


def _ended(key: Key) -> Unauthenticated:
    if key.revoked_at is not None:
        return Unauthenticated(f"The API key {key.prefix}… was revoked.", code="revoked_api_key")
    return Unauthenticated(f"The API key {key.prefix}… has expired.", code="expired_api_key")


def _check_new(new: NewKey, now_s: float) -> None:
    if not new.name.strip() or len(new.name) > 100:
        raise InvalidRequest("A key needs a name of 1 to 100 characters.", param="name")
    if not new.name.isprintable():
        raise InvalidRequest("A key's name must not hold control characters.", param="name")
    if new.expires_at is not None and new.expires_at <= now_s:
        raise InvalidRequest("A key must expire in the future.", param="expires_at")
    limits: Mapping[str, int | None] = {"rpm": new.rpm, "tpm": new.tpm, "budget": new.budget_nusd}
    for name, limit in limits.items():
        if limit is not None and not 0 < limit <= _MAX_LIMIT:
            raise InvalidRequest(f"`{name}` must be above zero.", param=name)
    if new.budget_per is not None and new.budget_nusd is None:
        raise InvalidRequest("`budget_per` needs a budget.", param="budget_per")
    if any(not model.strip() for model in new.models):
        raise InvalidRequest("A model's name must not be empty.", param="models")


def _insert(transaction: Transaction, new: NewKey, now_s: float) -> tuple[Key, str]:
    if new.account_id is not None:
        _check_account(transaction, new.account_id)
    raw = make_raw()
    key_id = "key_" + secrets.token_hex(8)
    asked = msgspec.structs.asdict(new)
    key = Key(id=key_id, prefix=raw[:SHOWN], created_at=int(now_s), **asked)
    row = msgspec.structs.asdict(key) | {
        "digest": _digest(raw),
        "models": msgspec.json.encode(key.models).decode(),
        "tags": msgspec.json.encode(key.tags).decode(),
        "revision": transaction.bump(_REVISION),
    }
    columns, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    transaction.write(f"INSERT INTO keys ({columns}) VALUES ({places})", row)  # noqa: S608 - names of fields
    return key, raw


def _check_account(transaction: Transaction, account_id: str) -> None:
    """Whoever pays must exist and be open; in the transaction of the key, so that neither slips past the other."""
    open_account = "SELECT 1 FROM accounts WHERE id = ? AND closed_at IS NULL"
    if not transaction.read(open_account, (account_id,)):
        raise InvalidRequest(
            f"There is no open account with the id {account_id!r}.", param="account_id"
        )


def _key(row: Row) -> Key:
    values: dict[str, Any] = dict(row) | {
        "models": msgspec.json.decode(row["models"]),
        "tags": msgspec.json.decode(row["tags"]),
    }
    return msgspec.convert(values, Key, strict=False)
