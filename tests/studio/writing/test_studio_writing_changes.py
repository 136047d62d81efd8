"""An edited script as edits: applied to what was written they give what was edited, and nothing is dropped."""

import msgspec
import pytest

from madang_studio.errors import BadScript
from madang_studio.graph.revision import revised
from madang_studio.model.edits import Edits
from madang_studio.model.script import Character, Line, Place, Scene, Script
from madang_studio.writing.changes import changes_between
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


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title: The Umbrella", "title: Rain", "title: that cannot be changed"),
        ("tempo_bpm: 80", "tempo_bpm: 90", "music"),
        ("description: They wait.", "description: They run.", "description of scene 1"),
        ("    character: Jun", "    character: Mina", "who speaks when in scene 1"),
        ("  - id: '1.1'", "  - {character: Jun, text: Hm.}\n  - id: '1.1'", "who speaks when"),
        ("- name: Bus stop", "- {name: Park, description: p}\n- name: Bus stop", "list of places"),
    ],
)
def test_what_is_no_edit_is_refused_by_name(old, new, told):
    with pytest.raises(BadScript, match=told):
        changes_between(WRITTEN, edited(old, new))


def test_a_scene_that_was_taken_out_is_told():
    more = msgspec.structs.replace(WRITTEN.scenes[0], id="2", lines=())
    longer = msgspec.structs.replace(WRITTEN, scenes=(*WRITTEN.scenes, more))
    with pytest.raises(BadScript, match="the list of scenes"):
        changes_between(longer, WRITTEN)
