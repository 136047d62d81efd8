-- Media that are made as jobs. `ask` and `record` are for whoever wrote them (madang.media.job); `name` is the caller's
-- Idempotency-Key and `digest` what was asked under it. `holder` is the process that sees the job through, until `lease_us`.
CREATE TABLE media_jobs (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    key_id    TEXT NOT NULL,
    at_us     INTEGER NOT NULL,
    state     TEXT NOT NULL,
    name      TEXT,
    digest    BLOB,
    secret    TEXT NOT NULL UNIQUE,
    provider  TEXT,
    handle    TEXT,
    holder    TEXT,
    lease_us  INTEGER NOT NULL DEFAULT 0,
    is_open   INTEGER NOT NULL DEFAULT 1,
    is_hidden INTEGER NOT NULL DEFAULT 0,
    wanted    TEXT,
    expires_us INTEGER,
    ask       BLOB NOT NULL,
    record    BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX media_jobs_by_name ON media_jobs (key_id, name) WHERE name IS NOT NULL;
CREATE INDEX media_jobs_by_key ON media_jobs (key_id, seq);
CREATE INDEX media_jobs_open ON media_jobs (is_open) WHERE is_open = 1;
CREATE INDEX media_jobs_by_handle ON media_jobs (provider, handle);

-- Webhooks that have been heard: each counts once, and one may come before the job's handle is known.
CREATE TABLE media_notices (
    provider TEXT NOT NULL,
    delivery TEXT NOT NULL,
    job      TEXT NOT NULL,
    at_us    INTEGER NOT NULL,
    is_taken INTEGER NOT NULL DEFAULT 0,
    seen     BLOB,
    PRIMARY KEY (provider, delivery)
) STRICT;

CREATE INDEX media_notices_by_job ON media_notices (provider, job);
