-- Corrected prices are part of accounts' credit, which running processes sum up whenever it changes.
CREATE INDEX corrections_by_account ON corrections (account_id) WHERE account_id IS NOT NULL;
