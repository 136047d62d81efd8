"""Keys made before secrets had rows of their own go on working, with all that they were given."""

import hashlib
import sqlite3

from madang.keys import Keyring, make_raw
from madang.state.schema import migrate, migrations
from madang.state.store import DATABASE, Store

BEFORE = 8
NOW_S = 1_795_132_800.0


def written_before(home, rows):
    """A store of the schema before, with accounts and keys."""
    connection = sqlite3.connect(home / DATABASE, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection, migrations()[:BEFORE])
    connection.execute("INSERT INTO accounts VALUES ('acc_1', 'a', 'pro', 'UTC', 1, NULL, 1)")
    for row in rows:
        places = ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO keys ({', '.join(row)}) VALUES ({places})", row)
    connection.execute("INSERT INTO revisions VALUES ('keys', 7)")
    connection.close()


def test_a_store_of_the_schema_before_is_taken_over(tmp_path):
    raw, ended = make_raw(), make_raw()
    plain = {"id": "key_a", "name": "a", "created_at": 5, "revision": 1, "account_id": "acc_1"}
    limits = {"models": '["gpt-*"]', "tags": '{"team":"search"}', "rpm": 5, "budget_nusd": 7}
    dated = {"budget_per": "day", "expires_at": int(NOW_S) + 9, "admin": 1}
    rows = [(raw, {**plain, **limits, **dated})]
    rows += [(ended, {"id": "key_b", "name": "b", "created_at": 6, "revision": 7, "revoked_at": 8})]
    written_before(
        tmp_path,
        [
            {**row, "prefix": raw[:8], "digest": hashlib.sha256(raw.encode()).digest()}
            for raw, row in rows
        ],
    )
    store = Store(tmp_path)
    keyring = Keyring(store)
    key = keyring.check(raw, NOW_S)
    assert (key.id, key.prefix, key.account_id, key.admin) == ("key_a", raw[:8], "acc_1", True)
    assert (key.models, key.tags, key.rpm) == (("gpt-*",), {"team": "search"}, 5)
    assert (key.budget_nusd, key.budget_per, key.expires_at) == (7, "day", int(NOW_S) + 9)
    assert keyring.get("key_b").revoked_at == 8
    secrets = keyring.secrets()
    assert [(one.prefix, one.created_at) for one in secrets["key_b"]] == [(ended[:8], 6)]
    assert store.read("PRAGMA foreign_key_check") == []
    store.close()
