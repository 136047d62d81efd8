"""A long text in pieces: joined they are the text, each fits, and the cuts are where a reader would make them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.wire.families import family_of
from madang.wire.pieces import Ruler, cuts_character, split

WORDS = "The harbour was quiet. 배들은 조용했습니다. 港は静かだった。"
FAMILY = "👩\u200d👩\u200d👧\u200d👦"
FLAGS = "🇰🇷🇫🇷🇯🇵"


def characters(most):
    """A room of so many code points, so that a test can count."""
    return lambda text: len(text) / most


def ends(text, most):
    """The pieces, each without the white space it ends with."""
    return [piece.strip() for piece in split(text, characters(most))]


@given(st.text(max_size=400), st.integers(1, 60))
def test_the_pieces_joined_are_the_text_and_each_fits(text, most):
    pieces = split(text, characters(most))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= most for piece in pieces)


@given(
    st.lists(st.sampled_from([WORDS, "\n\n", "\n```\nx = 1\n```\n", "A" * 300, FAMILY, FLAGS])),
    st.sampled_from(["gpt-4.1", "claude-sonnet-4", "gemini-2.5-pro"]),
    st.integers(20, 300),
)
def test_each_fits_by_the_estimate_of_the_model(parts, model, tokens):
    text, ruler = "".join(parts), Ruler(((family_of(model), tokens),))
    pieces = split(text, ruler.share)
    assert "".join(pieces) == text
    assert all(ruler.share(piece) <= 1 for piece in pieces)


def test_with_several_models_a_piece_fits_the_one_that_takes_most():
    gpt, claude = family_of("gpt-4.1"), family_of("claude-sonnet-4")
    ruler = Ruler(((gpt, 100.0), (claude, 100.0)))
    korean = "배들은 조용했습니다. " * 20
    assert ruler.share(korean) == Ruler(((claude, 100.0),)).share(korean)
    assert ruler.share(korean) > Ruler(((gpt, 100.0),)).share(korean)


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("One.\nTwo.\n\nThree. Four.", 18, ["One.\nTwo.", "Three. Four."]),
        ("One is. Two is. Three is here", 20, ["One is. Two is.", "Three is here"]),
        ("하나입니다. 둘입니다 셋입니다만 넷", 14, ["하나입니다. 둘입니다", "셋입니다만 넷"]),
        ("一つ。二つ！三つ？四つ", 8, ["一つ。二つ！", "三つ？四つ"]),  # noqa: RUF001 - full width
        ("one two three four", 10, ["one two", "three four"]),
        ("「静かだ。」港は", 7, ["「静かだ。」", "港は"]),
    ],
)
def test_a_cut_is_after_a_paragraph_else_a_sentence_else_a_word(text, most, expected):
    assert ends(text, most) == expected


def test_code_stays_in_one_piece_where_it_fits():
    code = "```python\n" + "x = 1\n\n" * 5 + "```\n"
    text = "Some words before it.\n\n" + code + "\nAnd after it, more words."
    assert any(code in piece for piece in split(text, characters(60)))


def test_code_that_is_too_long_is_cut_at_its_lines():
    code = "```\n" + "value = 12\n" * 30 + "```\n"
    pieces = split(code, characters(100))
    assert all(piece.endswith("\n") for piece in pieces)


def test_no_cut_goes_through_a_character():
    """Judged by the letters themselves: each comes out whole as often as it went in."""
    for letter in (FAMILY, "🇰🇷", "각", "e\u0301\u0323", "👍🏽", "1\ufe0f\u20e3", "\r\n"):
        pieces = split(letter * 40, characters(len(letter) * 3 - 1))
        assert sum(piece.count(letter) for piece in pieces) == 40, letter


def test_what_is_no_character_any_more_is_cut_nevertheless():
    pieces = split("e" + "\u0301" * 5000, characters(3000))
    assert len(pieces) == 2


def test_flags_are_pairs_wherever_they_begin():
    flags = "ab" + FLAGS
    assert [at for at in range(2, len(flags)) if not cuts_character(flags, at)] == [2, 4, 6]


def test_a_text_without_any_boundary_is_read_a_bounded_number_of_times():
    text, read = "x" * 200_000, []
    split(text, lambda piece: read.append(len(piece)) or len(piece) / 20_000)
    assert sum(read) < 20 * len(text)


def test_blanks_alone_and_nothing_at_all():
    assert split("", characters(3)) == []
    assert re.fullmatch(r"\s*", "".join(split(" \n" * 10, characters(7))))
