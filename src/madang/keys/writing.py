"""What changes keys in the store, inside a transaction of the caller's.

Rule: whatever changes a key gives it the next revision, by which every process takes it over.
"""

import secrets

import msgspec
from msgspec import structs

from madang.errors import Conflict, InvalidRequest, NotFound
from madang.keys.record import Key, KeyChange, NewKey, Selection, check_asked
from madang.keys.secret import SHOWN, digest_of, make_raw
from madang.state.store import Row, Transaction, Value

REVISION = "keys"

_LIVE = "revoked_at IS NULL AND coalesce(expires_at > ?, true)"


def insert(transaction: Transaction, new: NewKey, now_s: float) -> tuple[Key, str]:
    """A new key and its raw key. Raises InvalidRequest."""
    if new.account_id is not None:
        _check_account(transaction, new.account_id)
    raw = make_raw()
    asked = structs.asdict(new)
    key = Key(id="key_" + secrets.token_hex(8), prefix=raw[:SHOWN], created_at=int(now_s), **asked)
    row = _columns(structs.asdict(key))
    del row["prefix"]
    row["revision"] = transaction.bump(REVISION)
    columns, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    transaction.write(f"INSERT INTO keys ({columns}) VALUES ({places})", row)  # noqa: S608 - names of fields
    _add_secret(transaction, key.id, raw, now_s)
    return key, raw


def has_admin(transaction: Transaction, now_s: float) -> bool:
    """Whether a live key may administer."""
    found = transaction.read(f"SELECT 1 FROM keys WHERE admin AND {_LIVE} LIMIT 1", (now_s,))  # noqa: S608
    return bool(found)


def revoke(transaction: Transaction, key_id: str, now_s: float) -> None:
    """End a key for good; one that has ended stays as it is."""
    transaction.write(
        "UPDATE keys SET revoked_at = ?, revision = ? WHERE id = ? AND revoked_at IS NULL",
        (int(now_s), transaction.bump(REVISION), key_id),
    )


def update(transaction: Transaction, key_id: str, change: KeyChange, now_s: float) -> None:
    """Change a key that is not revoked. Raises InvalidRequest, NotFound, Conflict."""
    row = _row(transaction, key_id)
    if row["revoked_at"] is not None:
        raise Conflict(f"The key {key_id} was revoked; what is revoked is not changed.")
    given = change.given
    if given.get("budget_nusd", row) is None:
        given = {"budget_per": None, **given}  # the period of no budget
    key = structs.replace(key_of(row), **given)
    if "expires_at" not in given:
        check_asked(structs.replace(key, expires_at=None), now_s)
    else:
        check_asked(key, now_s)
    values = _columns(given) | {"revision": transaction.bump(REVISION), "id": key_id}
    places = ", ".join(f"{name} = :{name}" for name in values if name != "id")
    transaction.write(f"UPDATE keys SET {places} WHERE id = :id", values)  # noqa: S608 - names of fields


def rotate(
    transaction: Transaction, which: Selection, grace_s: int, now_s: float
) -> dict[str, str]:
    """Give live keys new raw keys, returned by their ids.

    What they had works for `grace_s` more, one before that ends now. Raises NotFound, Conflict.
    """
    now = int(now_s)
    revision = transaction.bump(REVISION)
    raws: dict[str, str] = {}
    for key_id in selected(transaction, which, now_s):
        if not key_of(_row(transaction, key_id)).is_live(now_s):
            raise Conflict(f"The key {key_id} has ended: make a new one instead.")
        transaction.write(
            "UPDATE key_secrets SET ends_at = iif(ends_at IS NULL, ?, ?) "
            "WHERE key_id = ? AND coalesce(ends_at > ?, true)",
            (now + grace_s, now, key_id, now),
        )
        raws[key_id] = make_raw()
        _add_secret(transaction, key_id, raws[key_id], now_s)
        transaction.write("UPDATE keys SET revision = ? WHERE id = ?", (revision, key_id))
    return raws


def selected(transaction: Transaction, which: Selection, now_s: float) -> list[str]:
    """The ids that are meant, each once; those of live keys, unless ids are given."""
    if which.ids:
        return list(dict.fromkeys(which.ids))
    sql = f"SELECT id FROM keys WHERE {_LIVE}"  # noqa: S608
    params: list[Value] = [now_s]
    if which.account_id is not None:
        sql += " AND account_id = ?"
        params.append(which.account_id)
    for name, value in which.tags.items():
        sql += " AND EXISTS (SELECT 1 FROM json_each(tags) WHERE key = ? AND value = ?)"
        params += [name, value]
    rows = transaction.read(f"{sql} ORDER BY created_at, id", params)
    return [row["id"] for row in rows]


def key_of(row: Row) -> Key:
    """The record of a row of `keys` that has a `prefix`."""
    values = dict(row) | {
        "models": msgspec.json.decode(row["models"]),
        "tags": msgspec.json.decode(row["tags"]),
    }
    return msgspec.convert(values, Key, strict=False)


def _row(transaction: Transaction, key_id: str) -> Row:
    sql = (
        "SELECT keys.*, prefix FROM keys JOIN key_secrets ON key_id = id "
        "WHERE id = ? AND ends_at IS NULL"
    )
    rows = transaction.read(sql, (key_id,))
    if not rows:
        raise NotFound(f"There is no key with the id {key_id!r}.")
    return rows[0]


def _add_secret(transaction: Transaction, key_id: str, raw: str, now_s: float) -> None:
    transaction.write(
        "INSERT INTO key_secrets (key_id, digest, prefix, created_at) VALUES (?, ?, ?, ?)",
        (key_id, digest_of(raw), raw[:SHOWN], int(now_s)),
    )


def _columns(fields: dict[str, object]) -> dict[str, Value]:
    """Fields of a key as the store has them: lists and mappings as JSON."""
    encoded = msgspec.json.encode
    return {
        name: encoded(value).decode() if isinstance(value, tuple | dict) else value  # type: ignore[misc]
        for name, value in fields.items()
    }


def _check_account(transaction: Transaction, account_id: str) -> None:
    """Whoever pays must exist and be open; in the transaction of the key, so that neither slips past the other."""
    open_account = "SELECT 1 FROM accounts WHERE id = ? AND closed_at IS NULL"
    if not transaction.read(open_account, (account_id,)):
        raise InvalidRequest(
            f"There is no open account with the id {account_id!r}.", param="account_id"
        )
