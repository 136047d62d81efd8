"""The graph: what depends on what, judged by changing one thing and looking at what becomes stale.

Here nothing is made: an artefact is its stamp, and its content is whatever a test says.
"""

import json
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_stand import BRIEF, MINA, script, shots_of

from madang_studio.errors import BadScript
from madang_studio.graph.expansion import nodes_of
from madang_studio.graph.gates import guards
from madang_studio.graph.stamp import canonical, recipe_of, stamp_of
from madang_studio.graph.standing import Past, standings
from madang_studio.graph.steps import STEPS
from madang_studio.model.edits import Edits, LineEdit
from madang_studio.model.script import NARRATOR, Line
from madang_studio.store import Artefact, Recipe

SCRIPT = script(3)
SHOTS = tuple(shot for scene in SCRIPT.scenes for shot in shots_of(scene))
FULL = msgspec.structs.replace(
    BRIEF, burned="ko", captions=("en", "ko"), exports=("16:9",), gates=()
)


class Made:
    """A shelf on which everything is that was ever wanted; `contents` overrides what it contains."""

    def __init__(self, contents=None):
        self.shelf, self.contents = {}, contents or {}

    def make(self, nodes, places=None):
        """Make nodes in order; what stands at each place now."""
        content, now = {}, {}
        for node in nodes:
            recipe = recipe_of(node, content)
            stamp = stamp_of(recipe)
            content[node.key] = self.contents.get(node.key, stamp)
            self.shelf[stamp] = Artefact(
                stamp=stamp,
                content=content[node.key],
                recipe=recipe,
                files={},
                facts={},
                cost_nusd=0,
            )
            now[node.key] = stamp
        return now

    def past(self, now, **given):
        return Past(find=self.shelf.get, now=now, **given)


def stale(nodes, past):
    return {key for key, it in standings(nodes, past).items() if it.state != "fresh"}


def after(edits, brief=FULL, contents=None):
    """What is not fresh once edits are made to a finished drama."""
    made = Made(contents)
    now = made.make(nodes_of(brief, SCRIPT, SHOTS))
    return stale(nodes_of(brief, SCRIPT, SHOTS, edits), made.past(now))


def kinds(places):
    return {place.partition("/")[0] for place in places}


def test_every_node_is_of_a_known_step_and_comes_after_its_inputs():
    seen = set()
    for node in nodes_of(FULL, SCRIPT, SHOTS):
        assert STEPS[node.step].kind == node.kind
        assert seen >= set(node.inputs), node.key
        assert node.key not in seen
        seen.add(node.key)
    assert {node.step for node in nodes_of(FULL, SCRIPT, SHOTS)} == set(STEPS)


def test_the_graph_grows_by_phases_and_what_was_known_stays_as_it_was():
    first, second, third = (
        nodes_of(FULL),
        nodes_of(FULL, SCRIPT),
        nodes_of(FULL, SCRIPT, SHOTS),
    )
    assert third[: len(second)] == second
    assert second[: len(first)] == first


def test_what_was_just_made_is_fresh():
    assert after(Edits()) == set()


def test_other_words_for_a_line_reach_its_voice_and_what_shows_or_sounds_it():
    places = after(Edits(lines={"2.1": LineEdit(text="Something else.")}))
    assert {it for it in places if it.startswith("voice/")} == {"voice/2.1"}
    assert {it for it in places if it.startswith("translation/")} == {"translation/ko/2"}
    assert not kinds(places) & {"shots", "prompt", "music"}


def test_a_voice_that_comes_out_equally_long_makes_no_clip_again():
    """Early cut-off: the length of the shot is made again, and is what it was."""
    contents = {f"length/{shot.id}": "four seconds" for shot in SHOTS}
    made = Made(contents)
    now = made.make(nodes_of(FULL, SCRIPT, SHOTS))
    edited = nodes_of(FULL, SCRIPT, SHOTS, Edits(lines={"2.1": LineEdit(text="Else.")}))
    made.make(edited)
    assert not [
        place
        for place, stamp in made.make(edited).items()
        if place[:5] == "clip/" and stamp != now[place]
    ]


def test_another_coat_reaches_exactly_the_shots_with_that_character():
    coat = msgspec.structs.replace(MINA, clothing="a green coat")
    places = after(Edits(characters={"Mina": coat}))
    theirs = {f"prompt/{shot.id}" for shot in SHOTS if "Mina" in shot.characters}
    assert {it for it in places if it.startswith("prompt/")} == theirs
    assert {it[5:] for it in places if it.startswith("clip/")} == {it[7:] for it in theirs}
    assert "voice" not in kinds(places)


def test_another_voice_reaches_no_picture():
    voice = msgspec.structs.replace(MINA.voice, speed=1.2)
    places = after(Edits(characters={"Mina": msgspec.structs.replace(MINA, voice=voice)}))
    assert "prompt" not in kinds(places)
    assert {it for it in places if it.startswith("voice/")} == {
        "voice/1.1",
        "voice/2.1",
        "voice/3.1",
    }


def test_a_retake_reaches_one_clip_and_going_back_finds_the_old_one():
    made = Made()
    now = made.make(nodes_of(FULL, SCRIPT, SHOTS))
    again = nodes_of(FULL, SCRIPT, SHOTS, Edits(retakes={"clip/1.1": 1}))
    places = stale(again, made.past(now))
    assert {it for it in places if it.startswith("clip/")} == {"clip/1.1"}
    taken = made.make(again)
    assert stale(nodes_of(FULL, SCRIPT, SHOTS), made.past(taken)) == set()


@given(st.sampled_from([*range(len(SHOTS))]), st.text(min_size=1, max_size=30))
def test_whatever_a_line_says_only_its_scene_is_concerned(number, text):
    line = SHOTS[number].lines[0]
    scene = line.partition(".")[0]
    places = after(Edits(lines={line: LineEdit(text=text)}))
    made_of_shots = {"clip", "length", "voice", "cut", "translation", "prompt", "shots"}
    concerned = {it for it in places if it.partition("/")[0] in made_of_shots}
    assert all(it.rpartition("/")[2].partition(".")[0] == scene for it in concerned)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.randoms())
def test_the_order_of_members_changes_no_stamp(params, chance):
    names = [*params]
    chance.shuffle(names)
    shuffled = {name: params[name] for name in names}
    assert stamp_of(Recipe(step="mix", version=1, params=params)) == stamp_of(
        Recipe(step="mix", version=1, params=shuffled)
    )
    assert canonical({"b": [1.5, True], "a": 2}) == b'{"a":2,"b":[1.5,true]}'
    assert json.loads(canonical(params)) == params


@given(JSON, JSON)
def test_different_parameters_have_different_stamps(one, other):
    stamps = {stamp_of(Recipe(step="mix", version=1, params={"x": it})) for it in (one, other)}
    assert (len(stamps) == 1) == (canonical(one) == canonical(other))


def test_a_stamp_is_the_same_in_another_process():
    """Another process hashes strings with another seed, and must not notice."""
    source = (
        "from madang_studio.graph.stamp import stamp_of; from madang_studio.store import Recipe;"
        "print(stamp_of(Recipe(step='mix', version=1, params={'b': {'z', 'a'} and 1, 'a': 'é'})))"
    )
    said = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    ours = stamp_of(Recipe(step="mix", version=1, params={"a": "é", "b": 1}))
    assert said.stdout.strip() == ours


def test_why_something_is_stale_is_said_with_both_values():
    made = Made()
    now = made.make(nodes_of(FULL, SCRIPT, SHOTS))
    edits = Edits(lines={"1.1": LineEdit(text="New words.")})
    found = standings(nodes_of(FULL, SCRIPT, SHOTS, edits), made.past(now))
    assert found["voice/1.1"].why == ("text: “It came today, number 1.” → “New words.”",)
    assert "voice/1.1 will be made again" in found["mix"].why
    assert found["clip/1.1"].why == ("length/1.1 will be made again",)


def test_a_new_version_of_a_step_makes_what_it_made_stale(monkeypatch):
    made = Made()
    now = made.make(nodes_of(FULL, SCRIPT, SHOTS))
    row = msgspec.structs.replace(STEPS["prompt"], version=STEPS["prompt"].version + 1)
    monkeypatch.setitem(STEPS, "prompt", row)
    found = standings(nodes_of(FULL, SCRIPT, SHOTS), made.past(now))
    assert found["prompt/1.1"].state == "stale"
    assert found["prompt/1.1"].why[0].startswith("the step changed (prompt 1")


def test_what_was_picked_stays_whatever_it_depends_on_becomes():
    made = Made()
    now = made.make(nodes_of(FULL, SCRIPT, SHOTS))
    edits = Edits(retakes={"clip/1.1": 1})
    past = made.past(now, picked={"clip/1.1": now["clip/1.1"]})
    assert stale(nodes_of(FULL, SCRIPT, SHOTS, edits), past) == set()


@pytest.mark.parametrize(
    ("gate", "key", "place"),
    [
        ("script", "voice/1.1", "script/polish"),
        ("storyboard", "clip/1.1", "prompt/1.1"),
        ("clips", "cut/9:16/1.1", "clip/1.1"),
    ],
)
def test_a_gate_stands_before_what_it_is_named_for(gate, key, place):
    nodes = {node.key: node for node in nodes_of(FULL, SCRIPT, SHOTS)}
    assert guards(nodes[key], (gate,)) == ((gate, place),)
    assert guards(nodes[key], ()) == ()
    assert guards(nodes["script/dialogue"], (gate,)) == ()


def test_shots_that_do_not_fit_the_script_are_refused_by_name():
    lost = SHOTS[1:]
    with pytest.raises(BadScript, match=r"1\.1"):
        nodes_of(FULL, SCRIPT, lost)
    stranger = msgspec.structs.replace(SHOTS[0], characters=("Nobody",))
    with pytest.raises(BadScript, match="Nobody"):
        nodes_of(FULL, SCRIPT, (stranger, *SHOTS[1:]))


def test_a_narrator_speaks_without_an_entry_in_the_bible():
    scene = msgspec.structs.replace(SCRIPT.scenes[0], lines=(Line("1.1", NARRATOR, "Long ago."),))
    told = msgspec.structs.replace(SCRIPT, scenes=(scene,))
    nodes = {node.key: node for node in nodes_of(FULL, told)}
    assert nodes["voice/1.1"].params["voice"]["gender"] == "neutral"
