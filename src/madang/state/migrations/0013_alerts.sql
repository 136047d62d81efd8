-- What alerts were raised and ended, and which days have been reported. `rule` is the condition as it was written, `subject` whom it was
-- true of ('' for all together), `value` what its measures were then (JSON). Rows older than a year are deleted.
CREATE TABLE alert_events (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    at_us    INTEGER NOT NULL,
    rule     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('warning', 'critical')),
    state    TEXT NOT NULL CHECK (state IN ('firing', 'resolved')),
    value    TEXT NOT NULL
) STRICT;

CREATE INDEX alert_events_by_time ON alert_events (at_us);
CREATE INDEX alert_events_by_rule ON alert_events (rule, subject, seq);

CREATE TABLE reported_days (
    day     TEXT PRIMARY KEY,
    sent_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
