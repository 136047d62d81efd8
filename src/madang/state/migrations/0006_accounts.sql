-- Accounts with prepaid credit. Moments are Unix seconds (`_at`, `_s`) or µs (`_us`); money is nano-dollars (`nusd`), amounts in another
-- currency are decimal text in its major unit.
CREATE TABLE accounts (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    plan       TEXT NOT NULL,
    time_zone  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    closed_at  INTEGER,
    revision   INTEGER NOT NULL
) STRICT;

CREATE INDEX accounts_by_revision ON accounts (revision);

ALTER TABLE keys ADD COLUMN account_id TEXT REFERENCES accounts (id);
CREATE INDEX keys_by_account ON keys (account_id) WHERE account_id IS NOT NULL;

-- Credit given and taken. Nothing here is ever changed or deleted: a mistake is put right by another entry. `reference` is what makes an
-- entry unique, so that whatever is told twice counts once. `amount` … `rate_source`: what was paid and how it became dollars.
CREATE TABLE credit_entries (
    seq         INTEGER PRIMARY KEY,
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    at_us       INTEGER NOT NULL CHECK (at_us BETWEEN 0 AND 253402300799999999),
    kind        TEXT NOT NULL CHECK (kind IN ('grant', 'top_up', 'refund', 'correction', 'expiry')),
    nusd        INTEGER NOT NULL CHECK (nusd <> 0 AND nusd BETWEEN -10000000000000000 AND 10000000000000000),
    reference   TEXT NOT NULL UNIQUE,
    payment_id  TEXT,
    currency    TEXT,
    amount      TEXT,
    per_usd     TEXT,
    rate_source TEXT,
    actor       TEXT NOT NULL,
    note        TEXT NOT NULL
) STRICT;

CREATE INDEX credit_entries_by_account ON credit_entries (account_id, at_us);
CREATE INDEX credit_entries_by_payment ON credit_entries (payment_id) WHERE payment_id IS NOT NULL;

CREATE TRIGGER credit_entries_are_not_changed BEFORE UPDATE ON credit_entries
BEGIN SELECT RAISE(ABORT, 'an entry of the credit ledger is never changed'); END;

CREATE TRIGGER credit_entries_are_not_deleted BEFORE DELETE ON credit_entries
BEGIN SELECT RAISE(ABORT, 'an entry of the credit ledger is never deleted'); END;

-- What accounts used, per quarter of an hour (in which a day of every time zone begins) and model: entries of the ledger of credit that
-- grow in the transaction that enters the attempts. `at_s` is the quarter's beginning.
CREATE TABLE account_usage (
    account_id        TEXT NOT NULL,
    at_s              INTEGER NOT NULL,
    model             TEXT NOT NULL,
    requests          INTEGER NOT NULL,
    unpriced_requests INTEGER NOT NULL,
    input_tokens      INTEGER NOT NULL,
    output_tokens     INTEGER NOT NULL,
    nusd              INTEGER NOT NULL CHECK (nusd >= 0),
    PRIMARY KEY (account_id, at_s, model)
) STRICT, WITHOUT ROWID;

-- The ledger of credit: an account's balance is the sum of its rows here, and nothing else. A price that was put right later counts as it
-- was found out; a provider's bill that was reconciled is our affair and not the account's.
CREATE VIEW credit AS
SELECT account_id, at_us, kind, nusd, reference FROM credit_entries
UNION ALL
SELECT account_id, at_s * 1000000, 'usage', -nusd, model FROM account_usage
UNION ALL
SELECT account_id, at_us, 'rerated', -cost_nusd, coalesce(model, provider) FROM corrections
WHERE kind = 'rerated' AND account_id IS NOT NULL;

-- Payments that a payment provider told of, whether or not they could be credited. `named` is the account that the payment named. It waits
-- for somebody to decide while `credited_nusd` is NULL.
CREATE TABLE payments (
    id            TEXT PRIMARY KEY,
    provider      TEXT NOT NULL,
    named         TEXT NOT NULL,
    account_id    TEXT REFERENCES accounts (id),
    currency      TEXT NOT NULL,
    amount        TEXT NOT NULL,
    received_us   INTEGER NOT NULL,
    credited_nusd INTEGER
) STRICT;

CREATE INDEX payments_waiting ON payments (received_us) WHERE credited_nusd IS NULL;

-- Refunds that a payment provider told of, also before their payment is known. `id` is the provider's; empty: its running total.
CREATE TABLE payment_refunds (
    payment_id  TEXT NOT NULL,
    id          TEXT NOT NULL,
    amount      TEXT NOT NULL,
    failed      INTEGER NOT NULL CHECK (failed IN (0, 1)),
    received_us INTEGER NOT NULL,
    PRIMARY KEY (payment_id, id)
) STRICT, WITHOUT ROWID;
