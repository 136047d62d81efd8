-- Which way a request was sent while a new target was on trial for its model: `canary` names the trial (NULL: there was none), `arm` the side that
-- was asked (canary, stable; shadow: a copy that nobody waited for), `drawn` whether the draw decided it, so that the two sides compare.
ALTER TABLE attempts ADD COLUMN canary TEXT;
ALTER TABLE attempts ADD COLUMN arm TEXT;
ALTER TABLE attempts ADD COLUMN drawn INTEGER NOT NULL DEFAULT 0;

CREATE INDEX attempts_by_canary ON attempts (canary) WHERE canary IS NOT NULL;

-- One row per canary: the trial it is in (JSON, see `routing.canary`), what was read of it up to the attempt `seq`, and what that proves (JSON).
CREATE TABLE canaries (
    name     TEXT PRIMARY KEY,
    trial    TEXT NOT NULL,
    evidence TEXT NOT NULL,
    seq      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was decided, by whom (a key's id, NULL: by the figures), why, and the figures and bounds at that moment (JSON). Moments are µs.
CREATE TABLE canary_events (
    seq     INTEGER PRIMARY KEY,
    at_us   INTEGER NOT NULL,
    name    TEXT NOT NULL,
    trial   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    by      TEXT,
    why     TEXT NOT NULL,
    figures TEXT NOT NULL
) STRICT;

CREATE INDEX canary_events_by_name ON canary_events (name, seq);

-- Pairs of answers to the same request: the caller's and a shadow's. Of the texts there is only how long and how alike they are (0 to 1, NULL: one
-- of them was no text). `tools` are JSON lists of the names that were called. Rows older than 30 days are deleted.
CREATE TABLE shadow_pairs (
    seq               INTEGER PRIMARY KEY,
    at_us             INTEGER NOT NULL,
    model             TEXT NOT NULL,
    target            TEXT NOT NULL,
    request_id        TEXT NOT NULL,
    shadow_id         TEXT NOT NULL,
    chars             INTEGER NOT NULL,
    shadow_chars      INTEGER NOT NULL,
    stop              TEXT,
    shadow_stop       TEXT,
    tools             TEXT NOT NULL,
    shadow_tools      TEXT NOT NULL,
    likeness          REAL,
    latency_us        INTEGER NOT NULL,
    shadow_latency_us INTEGER NOT NULL,
    cost_nusd         INTEGER,
    shadow_cost_nusd  INTEGER
) STRICT;

CREATE INDEX shadow_pairs_by_time ON shadow_pairs (at_us);
CREATE INDEX shadow_pairs_by_model ON shadow_pairs (model, seq);
