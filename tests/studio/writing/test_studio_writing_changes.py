"""An edited script as edits: applied to what was written they give what was edited, and nothing is dropped."""

import msgspec
import pytest

from madang_studio.errors import BadScript
from madang_studio.graph.revision import revised
from madang_studio.model.edits import Edits
from madang_studio.model.script import Character, Line, Place, Scene, Script
from madang_studio.writing.changes import changes_between, differences
from madang_studio.writing.script_file import script_from, yaml_of

WRITTEN = Script(
    title="The Umbrella",
    genre="romance",
    language="en",
    logline="Two strangers share an umbrella.",
    characters=(
        Character("Mina", "28, black bob", "green raincoat"),
        Character("Jun", "30, tall", "grey coat"),
    ),
    places=(Place("Bus stop", "a glass shelter"),),
    scenes=(
        Scene(
            "1",
            "They wait.",
            "Bus stop",
            ("Mina", "Jun"),
            (Line("1.1", "Mina", "Late again."), Line("1.2", "Jun", "As always.", "tense")),
        ),
    ),
)


def edited(old, new):
    text = yaml_of(WRITTEN)
    assert old in text
    return script_from(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Late again.", "It is late again."),
        ("emotion: tense", "emotion: angry"),
        ("green raincoat", "yellow raincoat"),
        ("a glass shelter", "a wooden shelter"),
        ("gender: neutral", "gender: female"),
    ],
)
def test_edits_applied_to_what_was_written_give_what_was_edited(old, new):
    after = edited(old, new)
    changes = changes_between(WRITTEN, after)
    assert revised(WRITTEN, changes) == after
    assert sum(len(getattr(changes, kind)) for kind in ("lines", "characters", "places")) == 1


def test_a_file_that_nobody_changed_is_no_edit():
    assert changes_between(WRITTEN, script_from(yaml_of(WRITTEN))) == Edits()


TWO = msgspec.structs.replace(
    WRITTEN,
    scenes=(
        *WRITTEN.scenes,
        Scene("2", "They walk.", "Bus stop", ("Mina",), (Line("2.1", "Mina", "Come."),)),
    ),
)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title: The Umbrella", "title: Rain", ["title"]),
        ("tempo_bpm: 80", "tempo_bpm: 90", ["music"]),
        ("description: They wait.", "description: They run.", ["scene 1"]),
        ("    character: Jun", "    character: Mina", ["scene 1"]),
        ("  - id: '1.1'", "  - {character: Jun, text: Hm.}\n  - id: '1.1'", ["scene 1"]),
        ("- name: Bus stop", "- {name: Park, description: p}\n- name: Bus stop", []),
        (
            "- id: '1'",
            "- {place: Bus stop, description: d, characters: [], lines: []}\n- id: '1'",
            ["scene 3"],
        ),
    ],
)
def test_whatever_people_write_is_filmed_and_other_scenes_stay_as_they_were_cut(old, new, told):
    text = yaml_of(TWO)
    assert old in text
    after = script_from(text.replace(old, new, 1))
    changes = changes_between(TWO, after)
    assert revised(TWO, changes) == after
    assert list(differences(TWO, after)) == told
    assert TWO.scenes[1] in changes.whole.scenes


def test_words_of_a_scene_that_was_changed_before_are_an_edit_and_leave_its_shots():
    more = msgspec.structs.replace(
        TWO.scenes[0], lines=(*TWO.scenes[0].lines, Line("1.3", "Mina", "Hm."))
    )
    once = msgspec.structs.replace(TWO, scenes=(more, TWO.scenes[1]))
    base = changes_between(TWO, once).whole
    twice = script_from(yaml_of(once).replace("Hm.", "Hm, hm."))
    changes = changes_between(TWO, twice, base)
    assert changes.whole == base
    assert changes.lines["1.3"].text == "Hm, hm."
    assert revised(TWO, changes) == twice


def test_a_file_that_says_what_was_written_takes_all_back():
    rewritten = msgspec.structs.replace(WRITTEN, title="Rain")
    assert changes_between(WRITTEN, script_from(yaml_of(WRITTEN)), rewritten) == Edits()


def test_scenes_are_taken_out_and_put_in_another_order():
    swapped = msgspec.structs.replace(TWO, scenes=TWO.scenes[::-1])
    assert list(differences(TWO, swapped)) == ["the order of scenes"]
    assert list(differences(TWO, WRITTEN)) == ["scene 2"]
    for after in (swapped, WRITTEN):
        assert revised(TWO, changes_between(TWO, after)) == after


@pytest.mark.parametrize(
    ("old", "new"), [("genre: romance", "genre: drama"), ("language: en", "language: fr")]
)
def test_what_the_brief_says_is_refused_by_name(old, new):
    with pytest.raises(BadScript, match=f"{old.partition(':')[0]}: that is said by the brief"):
        changes_between(WRITTEN, edited(old, new))
