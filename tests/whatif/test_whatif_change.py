"""The question as people write it, and what stands for chance."""

from collections import Counter
from decimal import Decimal

import pytest

from madang.errors import InvalidRequest
from madang.model import Usage
from madang.whatif.change import Lot, read_mix, read_moves, read_share
from madang.whatif.tokens import Scale


def test_a_lot_falls_the_same_way_again_and_in_proportion():
    lot = Lot("mix", read_mix("a=60,b=30,c=10"))
    drawn = [lot.draw(f"req_{n}") for n in range(10_000)]
    assert drawn == [lot.draw(f"req_{n}") for n in range(10_000)]
    counts = Counter(drawn)
    for name, share in (("a", 6_000), ("b", 3_000), ("c", 1_000)):
        assert abs(counts[name] - share) < 200


def test_lots_of_different_salt_do_not_go_together():
    one, other = Lot("mix", read_mix("a=1,b=1")), Lot("cache", read_mix("a=1,b=1"))
    same = sum(one.draw(f"r{n}") == other.draw(f"r{n}") for n in range(4_000))
    assert abs(same - 2_000) < 200


@pytest.mark.parametrize("text", ["", "a", "a=0", "a=-1", "a=x", "a=1,a=2", "=1", "a=nan", "a=1e9"])
def test_what_is_no_mix_is_refused(text):
    with pytest.raises(InvalidRequest):
        read_mix(text)


@pytest.mark.parametrize("texts", [["a"], ["a="], ["=b"], ["a=b", "a=c"]])
def test_what_is_no_move_is_refused(texts):
    with pytest.raises(InvalidRequest):
        read_moves(texts)


@pytest.mark.parametrize("text", ["-0.1", "1.1", "x", "inf", ""])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(InvalidRequest):
        read_share(text)


def test_shares_are_read_exactly():
    assert read_share("0.2") == Decimal("0.2")


def test_tokens_are_scaled_and_rounded_half_up():
    """1.08 for gemini, 1.0 for gpt: 50 * 1.08 = 54; back: 54 / 1.08 = 50; 13 * 1.08 = 14.04."""
    scale = Scale()
    there = scale.scaled(Usage(input=50, output=13), "gpt-4.1", "gemini-2.5-flash")
    assert (there.input, there.output) == (54, 14)
    assert scale.scaled(there, "gemini-2.5-flash", "gpt-4.1").input == 50
