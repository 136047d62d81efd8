"""The report of the reference results says what it assumes, and what does not reproduce."""

import asyncio

import pytest

from madang.drills.disaster.caller import Told
from madang.drills.reference import mixes
from madang.drills.reference.migration import _seen
from madang.drills.reference.page import page
from madang.drills.reference.parts import CHAT, Line, Part, crowd


def test_the_mixes_save_what_is_claimed():
    assert [line.holds for line in mixes.measure().lines] == [True, True, True]


def test_the_report_says_what_does_not_reproduce():
    part = Part("Title", "Assumed.", (Line("what", "9", "8", holds=False),), "Remark.")
    assert "| what | 9 | 8 | **no** |" in page([part], "Facts.")


def test_a_month_is_down_where_most_requests_of_a_tenth_of_a_second_fail():
    kinds = [(0.01, "ok"), (0.02, "500"), (0.03, "ok"), (0.11, "500"), (0.12, "500"), (0.25, "ok")]
    told = [Told(CHAT, at_s, 0.1, 0.2, kind, ended=True) for at_s, kind in kinds]
    month = _seen(told, {"deepseek-v3.2": 6})
    assert (month.errors, month.available) == (0.5, pytest.approx(2 / 3))
    assert month.nusd == 3_000 * 420 + 1_000 * 1_900


def test_a_crowd_makes_exactly_so_many_requests_and_no_more_at_once():
    under_way, most, made = 0, 0, 0

    async def one():
        nonlocal under_way, most, made
        under_way, made = under_way + 1, made + 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    asyncio.run(crowd(50, 7, one))
    assert (made, most) == (50, 7)
