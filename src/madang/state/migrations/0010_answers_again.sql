-- Answers that can be given again. Those of the cache are found by what was asked (a SHA-256), those of an Idempotency-Key by the caller's key
-- and that name. `record` is for whoever wrote it; `at` and `expires` are Unix seconds.
CREATE TABLE cached_answers (
    digest  BLOB PRIMARY KEY,
    at      INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    record  BLOB NOT NULL
) STRICT;

CREATE INDEX cached_answers_by_time ON cached_answers (at);
CREATE INDEX cached_answers_by_end ON cached_answers (expires);

-- `request` is the SHA-256 of what was asked. While `holder` is set, that process is at work on the answer, and has to say so again before
-- `expires`; afterwards `record` is the answer.
CREATE TABLE idempotent_answers (
    key_id  TEXT NOT NULL,
    name    TEXT NOT NULL,
    request BLOB NOT NULL,
    at      INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    holder  TEXT,
    bytes   INTEGER NOT NULL DEFAULT 0,
    record  BLOB,
    PRIMARY KEY (key_id, name)
) STRICT;

CREATE INDEX idempotent_answers_by_end ON idempotent_answers (expires);
