-- Comparisons of two models on the same prompts. `a` and `b` are the two, always in this order; who rates sees them as left and right, in an
-- order that follows from `seed`, which nobody outside is told. `prompt` is a JSON list of chat messages. Moments are µs, money nano-dollars.
CREATE TABLE comparisons (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    a          TEXT NOT NULL,
    b          TEXT NOT NULL,
    seed       BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE comparison_pairs (
    id            INTEGER PRIMARY KEY,
    comparison_id TEXT NOT NULL REFERENCES comparisons (id),
    place         INTEGER NOT NULL,
    prompt        TEXT NOT NULL,
    UNIQUE (comparison_id, place)
) STRICT;

-- `text` is NULL where there was no answer, and `error` says why. `answered_by` is `provider/model`.
CREATE TABLE comparison_answers (
    pair_id       INTEGER NOT NULL REFERENCES comparison_pairs (id),
    side          TEXT NOT NULL CHECK (side IN ('a', 'b')),
    text          TEXT,
    error         TEXT,
    request_id    TEXT,
    answered_by   TEXT,
    input_tokens  INTEGER,
    output_tokens INTEGER,
    cost_nusd     INTEGER,
    latency_us    INTEGER,
    PRIMARY KEY (pair_id, side)
) STRICT, WITHOUT ROWID;

-- One verdict per pair and rater, the last counts. `kind`: who rated, a person or a model.
CREATE TABLE comparison_ratings (
    pair_id INTEGER NOT NULL REFERENCES comparison_pairs (id),
    rater   TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('human', 'model')),
    better  TEXT NOT NULL CHECK (better IN ('a', 'b', 'same')),
    note    TEXT NOT NULL,
    at_us   INTEGER NOT NULL,
    PRIMARY KEY (pair_id, kind, rater)
) STRICT, WITHOUT ROWID;

-- What the ratings make of each model: 0 to 1, see docs/quality.md. `prior` is what the catalogue says (NULL: nothing).
CREATE TABLE quality (
    model   TEXT PRIMARY KEY,
    quality REAL NOT NULL CHECK (quality BETWEEN 0 AND 1),
    prior   REAL,
    ratings INTEGER NOT NULL,
    at_us   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
