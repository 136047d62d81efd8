"""Money that was found out after the fact: at prices known later, and by a provider's own bill.

Rule: a correction is a row of its own; attempts stay as they were entered.
"""
