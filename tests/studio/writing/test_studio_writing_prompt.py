"""The prompt of a shot: labelled, only who is seen, within a provider's bound, and nothing cut in silence."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_scripts import DRAFT, content, task

from madang_studio.errors import BadScript
from madang_studio.writing.shot_prompt import cut_to, make_prompt, prompt_of, utf16_units

PARAMS = {
    "shot": {"id": "1.2", "action": "Mina speaks, tender.", "camera": "close-up"},
    "scene": {"description": "They wait.", "camera": "wide shot", "setting": "evening, rain"},
    "place": DRAFT["places"][0],
    "characters": [
        {name: DRAFT["characters"][0][name] for name in ("name", "appearance", "clothing")}
    ],
    "genre": "romance",
    "aspect": "9:16",
}


def test_a_prompt_has_its_parts_on_labelled_lines(tmp_path):
    made = make_prompt(task("prompt", tmp_path, PARAMS))
    assert content(made, "prompt.json")["prompt"].splitlines()[1:] == [
        "Place: Bus stop — a glass shelter on a wet street; evening, rain",
        "Characters: Mina — 28, black bob, freckles; green raincoat",
        "Action: Mina speaks, tender.",
        "Camera: close-up",
        "No music, no subtitles, no captions, no text on screen; nobody mouths the narrator.",
    ]
    assert made.facts == content(made, "prompt.json")
    assert "subtitles" in made.facts["negative"]


def test_a_changed_coat_changes_the_prompt_of_those_who_wear_it():
    other = copy.deepcopy(PARAMS)
    other["characters"][0]["clothing"] = "yellow raincoat"
    assert "green raincoat" in prompt_of(PARAMS).prompt
    assert "yellow raincoat" in prompt_of(other).prompt


words = st.text(min_size=0, max_size=600)


@given(words, words, words, words, st.integers(500, 1_500))
def test_a_prompt_is_within_its_bound_and_says_what_was_shortened(action, place, coat, face, most):
    params = PARAMS | {
        "shot": {"id": "1.1", "action": action, "camera": "close-up"},
        "place": {"name": "Bus stop", "description": place or "x"},
        "characters": [
            {"name": name, "appearance": face or "x", "clothing": coat or "x"}
            for name in ("A", "B")
        ],
        "most_utf16": most,
    }
    shown = prompt_of(params)
    shown.prompt.encode()
    assert len(shown.prompt.encode("utf-16-le")) // 2 <= most
    assert shown.prompt.endswith("nobody mouths the narrator.")
    assert bool(shown.shortened) == (
        "…" in shown.prompt.replace(action + place + coat + face, "")
    ) or ("…" in action + place + coat + face)


def test_people_are_shortened_last():
    long = PARAMS | {"scene": {"setting": "rain " * 200}}
    shown = prompt_of(long)
    assert shown.shortened == ("Style", "Place")
    assert "Mina — 28, black bob, freckles; green raincoat" in shown.prompt


@pytest.mark.parametrize(
    ("text", "units", "cut"),
    [
        ("rain on glass", 20, "rain on glass"),
        ("rain on glass", 9, "rain on…"),
        ("👍" * 9, 6, "👍👍…"),
    ],
)
def test_a_text_is_cut_after_a_word_and_never_inside_a_character(text, units, cut):
    assert cut_to(text, units) == cut
    assert utf16_units(cut) <= units


def test_a_place_that_is_not_there_is_told():
    with pytest.raises(BadScript, match=r"Shot 1\.2 is in a place that the script does not have"):
        prompt_of(PARAMS | {"place": None})
