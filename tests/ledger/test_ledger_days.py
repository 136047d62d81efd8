"""Days in Python and days in SQL are the same days."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from madang.ledger.days import DAY_OF_ATTEMPT, DAY_US, day_of, moment, start_us

MOMENTS = st.integers(0, 253_402_300_799_999_999)  # to the end of the year 9999


@given(MOMENTS)
def test_a_moment_is_of_the_day_that_sqlite_says(at_us):
    row = sqlite3.connect(":memory:").execute(
        f"SELECT {DAY_OF_ATTEMPT} FROM (SELECT ? AS at_us)", (at_us,)
    )
    assert row.fetchone()[0] == day_of(at_us).isoformat() == moment(at_us)[:10]


@given(MOMENTS)
def test_a_day_begins_with_its_first_moment(at_us):
    start = start_us(day_of(at_us))
    assert start <= at_us < start + DAY_US
    assert moment(start).endswith("T00:00:00.000Z")
