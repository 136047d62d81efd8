-- Money is nano-dollars, time Unix seconds (real). JSON is text.

CREATE TABLE batches (
    id          TEXT PRIMARY KEY,
    budget_nusd INTEGER,
    created     REAL NOT NULL
) STRICT;

CREATE TABLE dramas (
    id       TEXT PRIMARY KEY,
    batch    TEXT REFERENCES batches (id),
    brief    TEXT NOT NULL,
    state    TEXT NOT NULL,
    code     TEXT,              -- why it stands still: of a StudioError, or a gate's name
    words    TEXT,              -- the same for people
    priority INTEGER NOT NULL,  -- lower goes first
    created  REAL NOT NULL,
    changed  REAL NOT NULL
) STRICT;
CREATE INDEX dramas_by_state ON dramas (state, priority, created);
CREATE INDEX dramas_by_batch ON dramas (batch);

-- What may be looked up of artefacts without opening their folders.
CREATE TABLE artefacts (
    stamp     TEXT PRIMARY KEY,
    content   TEXT NOT NULL,
    step      TEXT NOT NULL,
    model     TEXT,
    cost_nusd INTEGER,          -- NULL: the gateway knows no price
    seconds   REAL NOT NULL,    -- making it took so long
    amount    INTEGER NOT NULL, -- what its price goes by: characters, milliseconds, or 1
    made      REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX artefacts_by_step ON artefacts (step, model, made);

-- Everything that ever stood at a place; the newest `at` stands there now.
CREATE TABLE versions (
    drama TEXT NOT NULL,
    place TEXT NOT NULL,
    stamp TEXT NOT NULL,
    at    REAL NOT NULL,
    PRIMARY KEY (drama, place, stamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE pins (
    drama TEXT NOT NULL,
    place TEXT NOT NULL,
    stamp TEXT NOT NULL,
    PRIMARY KEY (drama, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
    drama   TEXT NOT NULL,
    place   TEXT NOT NULL,
    content TEXT NOT NULL,
    at      REAL NOT NULL,
    PRIMARY KEY (drama, place, content)
) STRICT, WITHOUT ROWID;

-- `script`: the content that the change was made to; '' where it holds for any script.
CREATE TABLE edits (
    drama  TEXT NOT NULL,
    script TEXT NOT NULL,
    sort   TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    at     REAL NOT NULL,
    PRIMARY KEY (drama, script, sort, name)
) STRICT, WITHOUT ROWID;

-- One row per request that was paid for, also when nothing came of it.
CREATE TABLE charges (
    name      TEXT PRIMARY KEY,
    request   TEXT NOT NULL,
    drama     TEXT NOT NULL,
    place     TEXT NOT NULL,
    stamp     TEXT NOT NULL,
    cost_nusd INTEGER,
    at        REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX charges_by_drama ON charges (drama);

CREATE TABLE jobs (
    drama         TEXT NOT NULL,
    place         TEXT NOT NULL,
    stamp         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    state         TEXT NOT NULL,     -- queued running made failed held
    round         INTEGER NOT NULL,  -- how often it was handed out
    tries         INTEGER NOT NULL,  -- how often it failed
    turn          INTEGER NOT NULL,  -- how often what was asked for is over without a result: a new name
    not_before    REAL NOT NULL,
    reserved_nusd INTEGER NOT NULL,  -- of the budget, while it is queued or running
    code          TEXT,
    words         TEXT,
    changed       REAL NOT NULL,
    PRIMARY KEY (drama, place, stamp)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_open ON jobs (state) WHERE state IN ('queued', 'running');

CREATE TABLE events (
    id    INTEGER PRIMARY KEY,
    at    REAL NOT NULL,
    drama TEXT NOT NULL,
    what  TEXT NOT NULL,
    place TEXT,
    words TEXT
) STRICT;
CREATE INDEX events_by_drama ON events (drama, id);
