# ruff: noqa: RUF001 - punctuation of many writings
"""Languages, templates, and the JSON in an answer."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang_studio.errors import BadScript
from madang_studio.writing.assembly import pieces
from madang_studio.writing.finding import object_in
from madang_studio.writing.genres import genre_of, genres, read_genre
from madang_studio.writing.judging import Fault
from madang_studio.writing.languages import LANGUAGES, can_be_spoken, speech_ms, why_not_in
from madang_studio.writing.mending import clean


@pytest.mark.parametrize(
    ("text", "language", "seconds"),
    [
        # 26 letters at 13 a second
        ("the quick brown fox jumps over", "en", 1.9),
        # 11 syllables at 5.5 a second
        ("오늘도 비가 많이 오네요 그렇죠", "ko", 2.2),
        # 10 syllables at 4.6 a second
        ("今天又下雨了真是的啊", "zh", 2.2),
        # 14 kana at 7 a second
        ("きょうもあめがふっているのよね", "ja", 2.1),
    ],
)
def test_the_time_to_say_something_follows_its_writing(text, language, seconds):
    assert speech_ms(text, language) / 1000 == pytest.approx(seconds, abs=0.3)


def test_a_han_character_takes_longer_in_japanese_and_pauses_count():
    assert speech_ms("雨", "ja") > speech_ms("雨", "zh")
    assert speech_ms("Yes. No.", "en") - speech_ms("Yes No.", "en") == 300


@given(st.text())
def test_time_and_language_are_judged_of_any_text(text):
    assert speech_ms(text, "ja") >= 0
    for language in LANGUAGES:
        why_not_in(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "We will meet at the café tomorrow, Mr Kim (김)."),
        ("ko", "OK, 내일 카페에서 만나요."),
        ("ja", "明日、カフェで会いましょう。約束ですよ。"),
        ("zh-Hant", "明天在咖啡館見面吧，別遲到了，說好了。"),
        ("ru", "Завтра встретимся в кафе."),
        ("xx", "whatever it may be"),
        ("fr", "Oui."),
    ],
)
def test_a_text_in_its_language_passes(language, text):
    assert why_not_in(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("ko", "We will meet tomorrow.", "Latin"),
        ("en", "내일 카페에서 만나요, 꼭 나와 주세요.", "Hangul"),
        ("zh", "明日我们在咖啡馆见面の約束ですよ好吗好的说好了", "kana"),
        ("ja", "明天我们在咖啡馆见面吧别迟到了说好了的事情不要忘记" * 2, "kana"),
        (
            "fr",
            "You and I have the time, and that is not what they are. " * 3,
            "looks like English",
        ),
    ],
)
def test_a_text_in_another_language_is_noticed(language, text, why):
    assert why in why_not_in(language, text)


@given(st.text(st.sampled_from("ab. ,!?。、가나 あ"), max_size=200), st.integers(500, 3_000))
def test_a_long_line_cut_in_pieces_loses_nothing_but_blanks(text, longest):
    cut = pieces(text, "en", longest)
    assert "".join("".join(cut).split()) == "".join(text.split())


@given(st.text())
def test_clean_text_can_be_sent_and_is_clean(text):
    once = clean(text)
    once.encode()
    assert clean(once) == once
    assert "\n" not in once


def test_emoji_of_several_parts_stay_whole():
    assert clean("👩‍👩‍👧 \u202eabc\u202c") == "👩‍👩‍👧 abc"
    assert not can_be_spoken("👩‍👩‍👧 …!")


@given(st.text() | st.text(st.sampled_from('{}[]":,a1 \\\n')))
def test_any_answer_has_an_object_or_a_reason(text):
    assert isinstance(object_in(text), dict | Fault)


@given(st.dictionaries(st.text(), st.lists(st.integers() | st.text())), st.text("ab .\n`"))
def test_an_object_is_found_among_words(value, around):
    assert object_in(around + json.dumps(value) + around) == value


def test_an_enormous_answer_is_refused_unread():
    assert "at most 1000000" in object_in("x" * 1_000_001).words


@pytest.mark.parametrize("name", genres())
def test_every_genre_is_complete_and_speaks_of_asia_too(name):
    genre = genre_of(name)
    assert genre.name == name
    assert {"ko", "ja", "zh"} <= genre.hints.keys()
    assert genre.music.mood == genre.moods[0]


def test_the_genres_of_the_product_are_there():
    assert {"romance", "comedy", "drama", "action", "thriller", "fantasy"} <= {*genres()}


def test_a_broken_template_says_what_is_wrong_with_it(tmp_path):
    file = tmp_path / "western.yaml"
    shipped = (files("madang_studio.writing") / "templates" / "drama.yaml").read_text()
    file.write_text(shipped.replace("calm", "gloomy"))
    with pytest.raises(BadScript, match=r"The template western\.yaml cannot be read.*gloomy"):
        read_genre(file)
