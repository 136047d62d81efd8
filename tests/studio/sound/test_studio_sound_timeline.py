"""When shots and lines begin, against times worked out by hand."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang_studio.errors import StudioError
from madang_studio.model.timeline import Speech, Timeline, in_order, lay_out, needed_ms, starts_ms


def test_what_a_shot_needs_is_speech_and_pauses():
    """160 before, 160 between, 240 after."""
    assert needed_ms([]) == 0
    assert needed_ms([1000]) == 1400
    assert needed_ms([1000, 500, 700]) == 160 + 2200 + 2 * 160 + 240


def test_a_shot_that_fits_exactly_has_the_least_pauses():
    assert list(starts_ms(1400, [1000])) == [160]
    assert list(starts_ms(2920, [1000, 500, 700])) == [160, 160 + 1000 + 160, 160 + 1160 + 660]


def test_what_is_left_over_goes_before_between_and_after():
    """1000 ms over: 300 more before the first line, 400 more between the two."""
    length = needed_ms([1000, 1000]) + 1000
    assert list(starts_ms(length, [1000, 1000])) == [460, 460 + 1000 + 560 - 60]


def test_pauses_stop_growing_in_a_long_shot():
    assert list(starts_ms(20_000, [1000, 1000])) == [600, 600 + 1000 + 500]


def test_a_tight_shot_loses_its_pauses_evenly():
    assert list(starts_ms(2300, [1000, 1000])) == [100, 1200]


def test_shots_follow_each_other_and_lines_move_with_them():
    words = (("Hello", 0, 400), ("there", 500, 900))
    timeline = lay_out(
        [("1.1", 2000), ("1.2", 1400), ("2.1", 3000)],
        {"1.2": [Speech("1.1", 1000, words)], "2.1": [Speech("2.1", 800)]},
    )
    assert timeline.duration_ms == 6400
    assert [(shot.shot, shot.start_ms) for shot in timeline.shots] == [
        ("1.1", 0), ("1.2", 2000), ("2.1", 3400)
    ]  # fmt: skip
    first, second = timeline.lines
    assert (first.start_ms, first.end_ms, first.shot) == (2160, 3160, "1.2")
    assert first.words == (("Hello", 2160, 2560), ("there", 2660, 3060))
    assert (second.start_ms, second.end_ms) == (3400 + 160 + 440, 3400 + 600 + 800)
    assert [timeline.shot_at(time) for time in (0, 1999, 2000, 6399, 9999)] == [
        "1.1", "1.1", "1.2", "2.1", "2.1"
    ]  # fmt: skip


def test_a_timeline_is_the_same_after_json():
    timeline = lay_out([("1.1", 2000)], {"1.1": [Speech("1.1", 900, (("a", 0, 900),))]})
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(timeline)), Timeline) == timeline


@pytest.mark.parametrize(
    ("length", "words"), [(2010, "no number of frames"), (0, "no number"), (1000, "take 1200 ms")]
)
def test_a_shot_that_cannot_be_is_refused(length, words):
    with pytest.raises(StudioError, match=words):
        lay_out([("1.1", length)], {"1.1": [Speech("1.1", 1200)]})


voices = st.lists(st.integers(0, 5000), max_size=6)


@given(st.lists(st.tuples(voices, st.integers(0, 100)), min_size=1, max_size=8))
def test_nothing_overlaps_and_no_line_leaves_its_shot(drama):
    lengths, lines = [], {}
    for number, (durations, spare) in enumerate(drama):
        lengths.append((str(number), 40 * (sum(durations) // 40 + 1 + spare)))
        lines[str(number)] = [Speech(f"{number}.{at}", long) for at, long in enumerate(durations)]
    timeline = lay_out(lengths, lines)
    assert in_order(timeline)
    assert timeline.duration_ms == sum(length for _, length in lengths)
    shots = {shot.shot: shot for shot in timeline.shots}
    for line in timeline.lines:
        assert shots[line.shot].start_ms <= line.start_ms <= line.end_ms <= shots[line.shot].end_ms
