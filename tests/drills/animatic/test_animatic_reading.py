"""What a prompt means: who is seen, how they look, where, and how the camera moves."""

import pytest

from madang.drills.animatic import words
from madang.drills.animatic.backdrops import PLACES
from madang.drills.animatic.backdrops.ground import canvas
from madang.drills.animatic.body import POSES
from madang.drills.animatic.camera import MOVES
from madang.drills.animatic.head import FEELINGS
from madang.drills.animatic.light import HOURS, light_of
from madang.drills.animatic.reading import read
from madang.drills.animatic.voices import MANNERS

CHARACTERS = "Mina — a woman, short black hair; a red coat, blue jeans / Jun — tall man, glasses; navy suit, yellow tie"


def shot(**parts):
    return read("\n".join(f"{label.title()}: {text}" for label, text in parts.items()))


@pytest.mark.parametrize(
    ("table", "drawn"),
    [
        ("places", PLACES),
        ("hours", HOURS),
        ("poses", POSES),
        ("emotions", FEELINGS),
        ("emotions", MANNERS),
    ],
)
def test_every_word_of_the_tables_can_be_drawn_or_spoken(table, drawn):
    assert set(words.tables()[table]) <= set(drawn)


def test_every_move_and_every_colour_of_the_tables_is_known():
    assert set(words.tables()["moves"]) == {*MOVES, "shake"}
    assert set(words.tables()["colours"]) == set(words.COLOURS)


def test_a_character_looks_the_same_in_every_shot():
    first = shot(place="a café", characters=CHARACTERS, action="They talk", camera="wide")
    other = shot(place="바닷가, 밤", characters=CHARACTERS, action="Jun runs", camera="close-up")
    assert [one.look for one in first.figures] == [one.look for one in other.figures]
    assert [one.look.name for one in first.figures] == ["Mina", "Jun"]


def test_colours_belong_to_the_garment_they_stand_with():
    mina, jun = (one.look for one in shot(characters=CHARACTERS).figures)
    assert (mina.top, mina.garment) == (words.COLOURS["red"], "coat")
    assert mina.bottom == words.COLOURS["blue"]
    assert (jun.top, jun.accent) == (words.COLOURS["navy"], words.COLOURS["yellow"])
    assert mina.hair == words.COLOURS["black"]


@pytest.mark.parametrize(
    ("told", "garment", "colour"),
    [
        ("서연 — 긴 검은 머리의 여자; 베이지 코트", "coat", "beige"),
        ("林晓 — 短发女人\uff1b红色毛衣", "sweater", "red"),
        ("蓮 — 短い黒髪の男; 緑のパーカー", "hoodie", "green"),
    ],
)
def test_clothes_are_understood_in_every_language(told, garment, colour):
    (figure,) = shot(characters=told).figures
    assert (figure.look.garment, figure.look.top) == (garment, words.COLOURS[colour])


def test_lines_and_slashes_separate_people_alike():
    listed = read("Characters:\n- Mina — red coat\n- Jun — navy suit\nAction: they wait")
    joined = read("Characters: Mina — red coat / Jun — navy suit\nAction: they wait")
    assert listed.figures == joined.figures


def test_what_is_said_of_somebody_is_theirs_alone():
    mina, jun = shot(
        characters=CHARACTERS, action="Mina cries softly. Jun shouts and points."
    ).figures
    assert (mina.acting.emotion, jun.acting.emotion) == ("sad", "angry")
    assert (mina.acting.pose, jun.acting.pose) == ("stand", "point")


def test_nobody_is_drawn_where_nobody_is_seen():
    assert shot(place="a beach", characters="nobody is seen", action="waves").figures == ()


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("a narrow street, night rain", ("street", "night", "rain")),
        ("한옥 마당, 해질녘", ("hanok", "sunset", "clear")),
        ("病房 深夜", ("hospital", "night", "clear")),
        ("駅のホーム、雪の朝", ("station", "day", "snow")),
    ],
)
def test_places_hours_and_weathers(place, expected):
    read_as = shot(place=place)
    assert (read_as.place, read_as.hour, read_as.weather) == expected


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ("slow push-in, close-up", ("push", "close", False)),
        ("handheld wide shot, pan left", ("pan_left", "wide", True)),
        ("줌아웃, 클로즈업", ("pull", "close", False)),
    ],
)
def test_moves_and_framings(camera, expected):
    read_as = shot(camera=camera)
    assert (read_as.move, read_as.framing, read_as.shaky) == expected


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_laid_out_alike_at_every_hour_and_in_every_weather(place):
    ends = []
    for hour in HOURS:
        for weather in ("clear", "rain", "snow"):
            paper = canvas((90, 160), light_of(hour, weather), 7)
            PLACES[place](paper)
            ends.append(paper.chance.getstate())
    assert all(end == ends[0] for end in ends)
