"""The report of a day: figures from the ledger, written as text, HTML or JSON."""
