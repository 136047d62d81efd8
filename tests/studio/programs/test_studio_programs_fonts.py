"""Fonts are known before a film is made: what they draw, and what is missing."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import ImageFont

from madang_studio.errors import MissingTool
from madang_studio.programs import fonts
from madang_studio.programs.fonts import choose
from madang_studio.programs.glyphs import glyphs

CARRIER = find_spec("koreanize_matplotlib")
NANUM = Path(CARRIER.origin).parent / "fonts" / "NanumGothic.ttf" if CARRIER else None
needs_nanum = pytest.mark.skipif(NANUM is None, reason="needs koreanize-matplotlib's font")


@needs_nanum
def test_a_font_draws_what_its_table_says():
    """Judged by FreeType: a character without a glyph looks like any other character without one."""
    font, known = ImageFont.truetype(str(NANUM), 20), glyphs(NANUM)
    nothing = bytes(font.getmask("\U000e0fff"))
    for character in "aZ9가힣뷁あ「한€→":
        assert (character in known) is (bytes(font.getmask(character)) != nothing), character
    assert "你" not in known
    assert "ع" not in known
    assert "🦄" not in known


@needs_nanum
def test_a_korean_text_takes_one_font_with_latin_letters_in_it(monkeypatch):
    choice = choose("안녕하세요, Mina!", [NANUM])
    assert [font.family for font in choice.fonts] == ["NanumGothic"]
    assert not choice.left_out


@needs_nanum
def test_letters_without_a_font_stop_the_work_and_name_the_package():
    with pytest.raises(MissingTool, match=r"no font on this machine has 你.*fonts-noto-cjk"):
        choose("你好", [NANUM])
    with pytest.raises(MissingTool, match="fonts-noto-core"):
        choose("สวัสดี", [NANUM])


def test_a_machine_without_fonts_is_told_what_to_install():
    with pytest.raises(MissingTool, match="install Debian's fonts-noto"):
        choose("hello", [])


@needs_nanum
def test_an_emoji_without_a_font_is_left_out_and_said():
    choice = choose("좋아요 🦄 \N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16}", [NANUM])
    assert choice.left_out == {"🦄"}


@pytest.mark.parametrize(
    "content", [b"", b"\0\1\0\0", b"ttcf" + b"\xff" * 40, b"\0\1\0\0\xff\xff" + b"\xff" * 400]
)
def test_a_broken_font_draws_nothing(tmp_path, content):
    (tmp_path / "bad.ttf").write_bytes(content)
    assert "a" not in glyphs(tmp_path / "bad.ttf")


def test_a_font_named_by_the_setting_comes_first(monkeypatch, tmp_path):
    (tmp_path / "Mine-Italic.ttf").write_bytes(b"")
    (tmp_path / "Mine-Bold.ttf").write_bytes(b"")
    monkeypatch.setenv("MADANG_FONT", str(tmp_path))
    assert [path.stem for path in fonts.installed()[:2]] == ["Mine-Bold", "Mine-Italic"]


def test_a_setting_that_leads_nowhere_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("MADANG_FONT", str(tmp_path / "none.ttf"))
    with pytest.raises(MissingTool, match="MADANG_FONT names"):
        fonts.installed()
