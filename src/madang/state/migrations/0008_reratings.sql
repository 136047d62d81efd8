-- What came of applying a corrected price list to what was used before: a row per run, provider and model, for people to read. The money
-- itself is in `corrections`, which says from now on also how many requests had no known price and have one (negative) or lost it.
-- `before_nusd` and `after_nusd` are sums over the `attempts` looked at; `changed` of them cost something else now.
CREATE TABLE reratings (
    seq           INTEGER PRIMARY KEY,
    at_us         INTEGER NOT NULL,
    actor         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    from_day      TEXT NOT NULL,
    to_day        TEXT NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    changed       INTEGER NOT NULL,
    newly_priced  INTEGER NOT NULL,
    before_nusd   INTEGER NOT NULL,
    after_nusd    INTEGER NOT NULL
) STRICT;

CREATE INDEX reratings_by_time ON reratings (at_us);

ALTER TABLE corrections ADD COLUMN unpriced_requests INTEGER NOT NULL DEFAULT 0;
