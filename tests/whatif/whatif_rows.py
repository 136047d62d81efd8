"""The day of the tests of replaying, and how to find a row in a report."""

from datetime import date

DAY = date(2026, 11, 20)
AT_US = 1_795_132_800_000_000
"""Its first moment."""


def row_of(told, model):
    """What the report says of a model."""
    return next(row for row in told.by_model if row.model == model)
