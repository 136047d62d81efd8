-- Attempts learn what money needs: every priced part of an answer (so that a corrected price can be applied to old rows), the account
-- that pays, what the cache did, what was set aside, and two more outcomes. lost: the process died before the end was known. hit: the
-- cache answered. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE attempts_anew (
    seq                   INTEGER PRIMARY KEY,
    request_id            TEXT NOT NULL,
    n                     INTEGER NOT NULL,
    at_us                 INTEGER NOT NULL CHECK (at_us BETWEEN 0 AND 253402300799999999),
    key_id                TEXT NOT NULL,
    account_id            TEXT,
    dialect               TEXT NOT NULL,
    asked_model           TEXT NOT NULL,
    model                 TEXT NOT NULL,
    provider              TEXT NOT NULL,
    provider_key          TEXT,
    api                   TEXT NOT NULL,
    outcome               TEXT NOT NULL CHECK (outcome IN ('ok', 'failed', 'client_closed', 'cut', 'lost', 'hit')),
    status                INTEGER NOT NULL,
    final                 INTEGER NOT NULL CHECK (final IN (0, 1)),
    streamed              INTEGER NOT NULL CHECK (streamed IN (0, 1)),
    region                TEXT,
    tags                  TEXT NOT NULL,
    stop                  TEXT,
    cause                 TEXT,
    detail                TEXT,
    input_tokens          INTEGER NOT NULL CHECK (input_tokens BETWEEN 0 AND 10000000000),
    output_tokens         INTEGER NOT NULL CHECK (output_tokens BETWEEN 0 AND 10000000000),
    cache_read_tokens     INTEGER NOT NULL CHECK (cache_read_tokens BETWEEN 0 AND 10000000000),
    cache_write_tokens    INTEGER NOT NULL CHECK (cache_write_tokens BETWEEN 0 AND 10000000000),
    cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_1h_tokens BETWEEN 0 AND 10000000000),
    reasoning_tokens      INTEGER NOT NULL CHECK (reasoning_tokens BETWEEN 0 AND 10000000000),
    audio_input_tokens    INTEGER NOT NULL DEFAULT 0 CHECK (audio_input_tokens BETWEEN 0 AND 10000000000),
    audio_output_tokens   INTEGER NOT NULL DEFAULT 0 CHECK (audio_output_tokens BETWEEN 0 AND 10000000000),
    units                 TEXT NOT NULL DEFAULT '{}',
    tier                  TEXT,
    estimated             INTEGER NOT NULL CHECK (estimated IN (0, 1)),
    cost_nusd             INTEGER CHECK (cost_nusd BETWEEN 0 AND 1000000000000000),
    reserved_nusd         INTEGER,
    saved_nusd            INTEGER,
    price                 TEXT,
    cache                 TEXT CHECK (cache IN ('hit', 'miss', 'shared', 'replayed')),
    latency_us            INTEGER NOT NULL,
    first_token_us        INTEGER,
    overhead_us           INTEGER NOT NULL,
    losses                TEXT NOT NULL,
    UNIQUE (request_id, n)
) STRICT;

INSERT INTO attempts_anew (
    seq, request_id, n, at_us, key_id, dialect, asked_model, model, provider, api, outcome, status, final, streamed, region, tags,
    stop, cause, detail, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, estimated, cost_nusd,
    price, latency_us, first_token_us, overhead_us, losses
) SELECT
    seq, request_id, n, at_us, key_id, dialect, asked_model, model, provider, api, outcome, status, final, streamed, region, tags,
    stop, cause, detail, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, estimated, cost_nusd,
    price, latency_us, first_token_us, overhead_us, losses
FROM attempts;

DROP TABLE attempts;
ALTER TABLE attempts_anew RENAME TO attempts;
CREATE INDEX attempts_by_time ON attempts (at_us);
CREATE INDEX attempts_by_key_and_time ON attempts (key_id, at_us);
