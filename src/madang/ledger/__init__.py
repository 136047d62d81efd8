"""The ledger: a row per attempt, from a journal that survives `kill -9` to the month's sums.

`journal` writes what ended and `open` what is under way, at `prices`; `ingest` moves it into the
`tables` of the store, `reports` answer questions of these, and `corrections` put right what was
found out later.
"""
