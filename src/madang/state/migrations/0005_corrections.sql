-- Money that was found out after the fact, signed, beside the attempts and never in them: `reconciled` makes the ledger's sum equal a
-- provider's bill, `rerated` applies a corrected price. NULL: not known, or of no single one. Sums of usage show them as `corrections_nusd`.
CREATE TABLE corrections (
    seq         INTEGER PRIMARY KEY,
    at_us       INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('reconciled', 'rerated')),
    day         TEXT NOT NULL,
    provider    TEXT NOT NULL,
    model       TEXT,
    asked_model TEXT,
    key_id      TEXT,
    account_id  TEXT,
    cost_nusd   INTEGER NOT NULL CHECK (cost_nusd BETWEEN -1000000000000000 AND 1000000000000000),
    note        TEXT NOT NULL
) STRICT;

CREATE INDEX corrections_by_day ON corrections (day);
