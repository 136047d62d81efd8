-- A key may have more than one secret: for a while after a rotation, the one that was replaced still works. Secrets are rows of their own,
-- so that a key keeps its id, limits, budget and tags whatever happens to them. Only the SHA-256 of a secret is kept.
CREATE TABLE keys_anew (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER,
    models      TEXT NOT NULL DEFAULT '[]',
    tags        TEXT NOT NULL DEFAULT '{}',
    rpm         INTEGER,
    tpm         INTEGER,
    budget_nusd INTEGER,
    budget_per  TEXT CHECK (budget_per IN ('day', 'month')),
    admin       INTEGER NOT NULL DEFAULT 0,
    account_id  TEXT REFERENCES accounts (id),
    revision    INTEGER NOT NULL
) STRICT;

-- `ends_at` NULL: the current one, of which each key has one. `uses` and `last_used_at` are entered every few seconds.
CREATE TABLE key_secrets (
    seq          INTEGER PRIMARY KEY,
    key_id       TEXT NOT NULL REFERENCES keys_anew (id),
    digest       BLOB NOT NULL UNIQUE,
    prefix       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    ends_at      INTEGER,
    last_used_at INTEGER,
    uses         INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO keys_anew (
    id, name, created_at, expires_at, revoked_at, models, tags, rpm, tpm, budget_nusd, budget_per, admin, account_id, revision
) SELECT
    id, name, created_at, expires_at, revoked_at, models, tags, rpm, tpm, budget_nusd, budget_per, admin, account_id, revision
FROM keys;

INSERT INTO key_secrets (key_id, digest, prefix, created_at)
SELECT id, digest, prefix, created_at FROM keys ORDER BY created_at, id;

DROP TABLE keys;
ALTER TABLE keys_anew RENAME TO keys;
CREATE INDEX keys_by_revision ON keys (revision);
CREATE INDEX keys_by_account ON keys (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX key_secrets_by_key ON key_secrets (key_id);
CREATE UNIQUE INDEX key_secrets_current ON key_secrets (key_id) WHERE ends_at IS NULL;

-- Keys of providers, sealed (AES-256-GCM) under a master key that is not in this store; `master_id` tells which. `prefix` is what may be
-- seen of one. Of a key that was removed `sealed` and `nonce` are empty: the row says that its provider had one.
CREATE TABLE provider_keys (
    id           TEXT PRIMARY KEY,
    provider     TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    added_at     INTEGER NOT NULL,
    removed_at   INTEGER,
    last_used_at INTEGER,
    master_id    TEXT NOT NULL,
    nonce        BLOB NOT NULL,
    sealed       BLOB NOT NULL
) STRICT;
