"""Captions: cut by rules of reading, on time, and only ever text. Files are read by another reader."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang_studio.film import subtitles, written
from madang_studio.film.cues import Cue, Layout, make_cues, too_fast
from madang_studio.film.letters import columns, marked, plain, script
from madang_studio.film.wrapping import captions
from madang_studio.model.timeline import LineTime, ShotTime

LONG = (
    "I have waited for you here every single night since the day you left me, and I will not "
    "wait again. Do you hear me? Go."
)
CLOCK = r"(\d\d):(\d\d):(\d\d),(\d\d\d)"


def one(text: str, start: int = 0, end: int = 4000, words=(), shot: int = 10_000) -> list[Cue]:
    """The captions of a single line."""
    line = LineTime("1.1", "1.1", start, end, words)
    return make_cues([line], [ShotTime("1.1", 0, shot)], {"1.1": text})


def read_srt(text: str) -> list[tuple[int, int, list[str]]]:
    """A strict reader of its own: number, times, text, an empty line."""
    found = []
    for number, block in enumerate(text.strip().split("\n\n"), 1):
        count, times, *rows = block.split("\n")
        assert int(count) == number
        parts = [int(part) for part in re.fullmatch(f"{CLOCK} --> {CLOCK}", times).groups()]
        start, end = (
            ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
            for hours, minutes, seconds, rest in (parts[:4], parts[4:])
        )
        found.append((start, end, rows))
    return found


def test_a_long_line_becomes_captions_of_two_rows_that_end_at_sentences():
    assert captions(LONG, 42, columns) == [
        ["I have waited for you here every", "single night since the day you left me,"],
        ["and I will not wait again.", "Do you hear me? Go."],
    ]


@pytest.mark.parametrize(
    ("text", "sort", "widest"),
    [
        (LONG, "latin", 42),
        ("오늘 밤 당신을 기다렸어요, 정말로 오래 기다렸는데 당신은 오지 않았어요.", "hangul", 32),
        ("今日はとても良い天気ですから、公園へ行きましょう。アイスも食べましょうね。", "kana", 26),
        (
            "我在这里等了你很久\uff0c可是你一直没有来\uff0c现在我再也不会等你了\uff0c再见吧。",
            "han",
            32,
        ),
        ("שלום לכולם, זה מבחן ארוך מאוד של שורה מימין לשמאל כדי לראות.", "latin", 42),
    ],
)
def test_rows_keep_to_the_width_of_their_script(text, sort, widest):
    assert script(text) == sort
    rows = [row for cue in one(text) for row in cue.lines]
    assert max(columns(row) for row in rows) <= widest
    assert "".join("".join(rows).split()) == "".join(text.split())
    assert all(len(cue.lines) <= 2 for cue in one(text))


def test_japanese_rows_do_not_begin_with_closing_marks():
    text = "「そうですか」、と彼は言った。「では、行きましょう。」、彼女は笑った。"
    for cue in captions(text, 12, columns):
        assert not any(row[0] in "、。」" or row[-1] == "「" for row in cue)


def test_a_caption_follows_the_voice_where_its_times_are_known():
    words = tuple((word, 1000 + 300 * at, 1250 + 300 * at) for at, word in enumerate(LONG.split()))
    cues = one(LONG, 1000, words[-1][2], words)
    begins = {"and": 15}
    assert cues[1].start_ms == words[begins["and"]][1]
    assert [word for word, *_ in words][15] == "and"


def test_times_of_characters_serve_as_well_as_those_of_words():
    """As ElevenLabs gives them: a row per character, spaces too."""
    pieces = tuple((letter, 10 * at, 10 * at + 10) for at, letter in enumerate(LONG))
    cues = one(LONG, 0, 10 * len(LONG), pieces)
    assert cues[1].start_ms == 10 * LONG.index("and I")


def test_a_translation_takes_the_time_of_its_line_by_length():
    words = (("안녕", 0, 1000), ("하세요", 1000, 4000))
    cues = one("A" * 42 + " " + "B" * 42 + " " + "C" * 42 + " " + "D" * 42, 0, 4000, words)
    assert [cue.start_ms for cue in cues] == [0, 2000]


def test_a_short_line_stands_until_it_can_be_read_but_not_over_its_shot():
    assert one("Go.", 1000, 1200)[0].end_ms == 1833
    assert one("Go.", 1000, 1200, shot=1500)[0].end_ms == 1420
    assert one("Stay.", 0, 9000)[0].end_ms == 9000


def test_captions_too_fast_to_read_are_noted():
    assert too_fast(one(LONG, 0, 8000)) == {}
    assert too_fast(one("A" * 42, 0, 1000, shot=1000)) == {
        "1.1": "42 letters a second to read (at most 17)"
    }


def test_a_line_without_text_has_no_caption():
    assert one("") == one("  \n\t ") == []


texts = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from([LONG, "가" * 200])


@given(st.lists(st.tuples(texts, st.integers(0, 3000), st.integers(0, 400)), max_size=6))
def test_whatever_is_said_captions_do_not_overlap_and_have_a_length(said):
    """Up to captions that would take less than a millisecond each: there is room for all here."""
    now, lines, spoken = 0, [], {}
    for number, (text, long, gap) in enumerate(said):
        lines.append(LineTime(str(number), "1.1", now, now + 40 + long))
        spoken[str(number)] = text
        now += 40 + long + gap
    shot = ShotTime("1.1", 0, now + 400)
    cues = make_cues(lines, [shot], spoken, Layout(width=26))
    assert all(cue.start_ms < cue.end_ms <= shot.end_ms for cue in cues)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(cues))
    assert [(cue.start_ms, cue.end_ms) for cue in subtitles.read(written.srt(cues))] == [
        (cue.start_ms, cue.end_ms) for cue in cues
    ]


def test_srt_is_numbered_and_on_time():
    cues = [Cue(0, 1500, ("One",)), Cue(3_723_004, 3_724_005, ("Two", "rows"))]
    assert read_srt(written.srt(cues)) == [
        (0, 1500, ["One"]),
        (3_723_004, 3_724_005, ["Two", "rows"]),
    ]


def test_vtt_shows_marks_as_text():
    text = written.vtt([Cue(0, 1000, ("a <i>b</i> & c --> d",))], "en")
    assert text.startswith("WEBVTT\n")
    assert "00:00:00.000 --> 00:00:01.000\na &lt;i&gt;b&lt;/i&gt; &amp; c --&gt; d\n" in text


def test_text_cannot_forge_a_caption():
    """A line that contains an empty line and times of its own stays one caption."""
    hostile = "Hi\n\n2\n00:00:00,000 --> 09:00:00,000\nforged"
    (cue,) = read_srt(written.srt(one(hostile, 0, 9000)))
    assert cue[1] == 9000
    assert "-->" not in "".join(cue[2])


def test_right_to_left_rows_are_marked_and_foreign_steering_is_removed():
    assert plain("a\u202eb\u2066c\u0007d") == "abc d"
    assert marked("שלום.") == "\u200fשלום.\u200f"  # noqa: RUF001 (a Hebrew letter)
    assert marked("(1) Hi") == "(1) Hi"
    assert "\u200fשלום לכולם.\u200f" in written.srt(one("שלום לכולם."))  # noqa: RUF001


def test_an_emoji_of_several_parts_is_not_torn():
    family = "👩\u200d👩\u200d👧\u200d👦"
    rows = [row for cue in captions(f"{family} {family} {family}", 9, columns) for row in cue]
    assert "".join(rows).replace(" ", "") == family * 3
    assert all(not row.startswith("\u200d") and not row.endswith("\u200d") for row in rows)


def test_marks_of_the_drawn_format_are_text():
    drawn = written.ass([Cue(0, 1000, ("{\\b1}a\\Nb",))], written.look(720, 1280))
    assert drawn.splitlines()[-1].endswith(",,\\{\\\u2060b1\\}a\\\u2060Nb")
