"""Usage of other systems, from their CSV files, as rows to replay. It never enters the ledger.

Rule: a row is understood or refused, with its line and the reason; nothing is guessed about money.
"""
