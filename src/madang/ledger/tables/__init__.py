"""What the ledger keeps in the store: attempts, the sums that follow from them, and credit."""
