"""Shots: every line once and in order, nothing longer than a model makes, and no scene cut anew by another."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_scripts import content, task

from madang_studio.model.script import Line, Scene, Shot
from madang_studio.writing.genres import genre_of, genres
from madang_studio.writing.languages import speech_ms
from madang_studio.writing.shots import Wish, make_shots, need_ms, share_ms, shots_of

CAMERA = genre_of("drama").camera
PEOPLE = ("Mina", "Jun", "Ara")

texts = st.text("abcdefg hijklmno, pqrst. uvwxyz 가나다 あいう", min_size=1, max_size=80)
lines = st.builds(
    Line,
    id=st.just(""),
    character=st.sampled_from([*PEOPLE, "narrator"]),
    text=texts,
    emotion=st.sampled_from(["neutral", "sad", "tense"]),
)
scenes = st.lists(lines, max_size=14).map(
    lambda some: Scene(
        id="3",
        description="They wait for the bus.",
        place="Bus stop",
        characters=PEOPLE,
        lines=tuple(msgspec.structs.replace(one, id=f"3.{i}") for i, one in enumerate(some, 1)),
        camera="crane shot",
    )
)
wishes = st.builds(
    Wish,
    language=st.sampled_from(["en", "ko", "ja"]),
    longest_ms=st.sampled_from([4_000, 5_000, 8_000, 10_000, 30_000]),
    share_ms=st.integers(0, 90_000),
)


@given(scenes, wishes)
def test_every_line_is_in_one_shot_in_order_and_every_shot_within_bounds(scene, wish):
    shots = shots_of(scene, CAMERA, wish)
    assert [one for shot in shots for one in shot.lines] == [line.id for line in scene.lines]
    assert [shot.id for shot in shots] == [f"3.{i}" for i in range(1, len(shots) + 1)]
    for shot in shots:
        assert 1_000 <= shot.duration_ms <= wish.longest_ms
        assert shot.duration_ms % 1_000 == 0
        assert set(shot.characters) <= set(PEOPLE)
        assert msgspec.convert(msgspec.to_builtins(shot), Shot) == shot


@given(scenes, wishes)
def test_a_shot_has_time_for_what_is_said_in_it_as_far_as_a_clip_can_be(scene, wish):
    said = {line.id: line.text for line in scene.lines}
    for shot in shots_of(scene, CAMERA, wish):
        spoken = sum(speech_ms(said[one], wish.language) for one in shot.lines)
        needed = spoken * 1.2 + 600 if shot.lines else 0
        assert shot.duration_ms >= min(needed, wish.longest_ms)


@given(scenes, wishes)
def test_a_scene_fills_its_share_and_goes_beyond_only_for_what_is_said(scene, wish):
    shots = shots_of(scene, CAMERA, wish)
    total = sum(shot.duration_ms for shot in shots)
    assert total > wish.share_ms - 3_000
    bare = sum(shot.duration_ms for shot in shots_of(scene, CAMERA, with_share(wish, 0)))
    assert total <= max(bare, wish.share_ms)


def with_share(wish, share):
    return msgspec.structs.replace(wish, share_ms=share)


@given(scenes, wishes, st.integers(0, 13))
def test_other_words_of_the_same_length_change_no_shot(scene, wish, chosen):
    """An edit of a line may change its shot's length, and nothing else that has been paid for."""
    told = [msgspec.structs.replace(line, text=line.text * 4) for line in scene.lines]
    alone = [line for line in told if need_ms((line,), wish.language) > 2_000]
    if not alone:
        return
    before = msgspec.structs.replace(scene, lines=tuple(alone))
    line = alone[chosen % len(alone)]
    backwards = re.sub(r"\w+", lambda word: word.group()[::-1], line.text)
    edited = msgspec.structs.replace(line, text=backwards)
    assert need_ms((edited,), wish.language) == need_ms((line,), wish.language)
    after = tuple(edited if one is line else one for one in alone)
    other = msgspec.structs.replace(scene, lines=after)
    assert shots_of(other, CAMERA, wish) == shots_of(before, CAMERA, wish)


@given(scenes, wishes)
def test_no_words_of_a_line_are_in_a_shot(scene, wish):
    marked = tuple(msgspec.structs.replace(line, text=f"zebra {line.text}") for line in scene.lines)
    for shot in shots_of(msgspec.structs.replace(scene, lines=marked), CAMERA, wish):
        assert "zebra" not in shot.action + shot.camera


@given(scenes, wishes)
def test_only_a_shot_of_everybody_tells_what_happens_to_everybody(scene, wish):
    """A model draws whoever is named, and nobody described them."""
    for shot in shots_of(scene, CAMERA, wish):
        assert ("They wait" in shot.action) == (set(shot.characters) == set(PEOPLE))


@pytest.mark.parametrize("genre", genres())
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_minute_has_at_least_six_shots(genre, count):
    said = [("Mina", "Is the bus late again?"), ("Jun", "It is always late.")]
    shots = []
    for number in range(1, count + 1):
        told = tuple(Line(f"{number}.{i}", who, what) for i, (who, what) in enumerate(said, 1))
        scene = Scene(str(number), "They wait.", "Bus stop", ("Mina", "Jun"), told)
        wish = Wish("en", 30_000, share_ms(1.0, count))
        shots += shots_of(scene, genre_of(genre).camera, wish)
    assert len(shots) >= 6
    assert 57_000 <= sum(shot.duration_ms for shot in shots) <= 60_000


def test_the_step_writes_shots_that_are_read_as_shots(tmp_path):
    scene = Scene("1", "They wait.", "Bus stop", ("Mina",), (Line("1.1", "Mina", "Late again!"),))
    params = {
        "scene": msgspec.to_builtins(scene),
        "genre": "comedy",
        "language": "en",
        "seed": 1,
        "longest_ms": 8_000,
    }
    made = make_shots(task("scene_break", tmp_path, params))
    shots = msgspec.convert(content(made, "shots.json"), list[Shot])
    assert [shot.lines for shot in shots] == [(), ("1.1",)]
    assert made.facts == {"shots": 2, "duration_ms": sum(shot.duration_ms for shot in shots)}


def test_a_narrator_is_heard_over_the_opening():
    told = (Line("1.1", "narrator", "It had rained all week."), Line("1.2", "Mina", "Hello."))
    scene = Scene("1", "They wait.", "Bus stop", ("Mina", "Jun"), told, camera="crane shot")
    first, second = shots_of(scene, CAMERA, Wish("en", 8_000))
    assert (first.lines, first.camera, first.action) == (("1.1",), "crane shot", "They wait.")
    assert (second.characters, second.action) == (
        ("Mina",),
        "Mina speaks. Nobody else is in the picture.",
    )
