"""Questions to the ledger, and their answers. Rule: nothing here writes."""
