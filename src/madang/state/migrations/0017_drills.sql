-- Faults that were injected on purpose, into few requests and for a bounded time. `injected` of an attempt names the drill that struck it.
ALTER TABLE attempts ADD COLUMN injected TEXT;
CREATE INDEX attempts_by_drill ON attempts (injected) WHERE injected IS NOT NULL;

-- `drill` is what strikes whom (JSON, see `config.drills`), `by` the key's id of whoever began it (NULL: the schedule). `ended_us` and `why`: it was ended
-- before `until_us` (NULL: it was not). `report` is what it showed (JSON, NULL: it is not over). Moments are Unix µs.
CREATE TABLE drills (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    drill    TEXT NOT NULL,
    by       TEXT,
    began_us INTEGER NOT NULL,
    until_us INTEGER NOT NULL,
    ended_us INTEGER,
    why      TEXT,
    report   TEXT
) STRICT;
