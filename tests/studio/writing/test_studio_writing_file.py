"""A script as a file: what is written is read back, and every mistake names its line."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang_studio.errors import BadScript
from madang_studio.model.script import Character, Line, Music, Place, Scene, Script, Voice
from madang_studio.writing.script_file import json_of, script_from, yaml_of

SCRIPT = Script(
    title="우산",
    genre="romance",
    language="ko",
    logline="비 오는 날: 둘이서 우산 하나.",
    characters=(
        Character("미나", "28, black bob", "green raincoat", Voice(None, "female", "young", 1.1)),
        Character("no", "30, tall", "grey coat"),
    ),
    places=(Place("정류장", "a glass shelter"),),
    scenes=(
        Scene(
            "1",
            "They wait.",
            "정류장",
            ("미나", "no"),
            (Line("1.1", "미나", "버스 또 늦네요."), Line("1.10", "no", "12:30", "tense")),
        ),
    ),
    music=Music("warm", 72, "piano"),
)


def changed(old, new, text=None):
    """The script's YAML with something else written in it."""
    written = text or yaml_of(SCRIPT)
    assert old in written
    return written.replace(old, new, 1)


@pytest.mark.parametrize(("write", "name"), [(yaml_of, "s.yaml"), (json_of, "s.json")])
def test_a_script_is_read_back_as_it_was_written(write, name):
    """Texts stay texts where YAML knows better: `no`, `12:30`, `1.10`."""
    assert script_from(write(SCRIPT), name) == SCRIPT


plain = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20
)


@given(plain, plain, plain)
def test_any_words_survive_the_file(title, clothing, said):
    coat = msgspec.structs.replace(SCRIPT.characters[0], clothing=clothing)
    line = msgspec.structs.replace(SCRIPT.scenes[0].lines[0], text=f"가 {said}")
    scene = msgspec.structs.replace(SCRIPT.scenes[0], lines=(line,))
    script = msgspec.structs.replace(
        SCRIPT, title=title, characters=(coat, SCRIPT.characters[1]), scenes=(scene,), language="xx"
    )
    read = [script_from(yaml_of(script)), script_from(json_of(script), "s.json")]
    composed = script_from(yaml_of(read[0]))
    assert read[0] == read[1] == composed


def test_a_new_line_gets_the_next_free_id_and_the_others_keep_theirs():
    text = changed("  - id: '1.10'", "  - character: 미나\n    text: 저기요.\n  - id: '1.10'")
    assert [line.id for line in script_from(text).scenes[0].lines] == ["1.1", "1.11", "1.10"]


def test_a_new_scene_gets_a_number_of_its_own():
    scene = "- {place: 정류장, description: d, characters: [], lines: [*]}\n"
    scene = scene.replace("*", "{character: narrator, text: 끝.}")
    written = yaml_of(SCRIPT).replace("\n- id: '1'", "\n- id: '7'")
    script = script_from(written + scene)
    assert [one.id for one in script.scenes] == ["7", "8"]
    assert script.scenes[1].lines[0].id == "8.1"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("text: 버스 또 늦네요.", "text: ''", "text is empty"),
        ("text: 버스 또 늦네요.", "text: 🙂", "nothing that can be spoken"),
        ("text: 버스 또 늦네요.", "text: " + "버스가 늦네요 " * 20, "make two lines of it"),
        ("text: 버스 또 늦네요.", "text: " + "a" * 10_000, "10000 characters; at most 2000"),
        ("character: 미나", "character: 나미", "'나미' is not among 미나, no, narrator"),
        ("emotion: tense", "emotion: angry!", "'angry!', not one of afraid, angry"),
        ("emotion: tense", "mood: tense", "mood is not known; there are id, character"),
        ("emotion: tense", "text: twice", "'text' is there twice"),
        ("tempo_bpm: 72", "tempo_bpm: fast", "'fast', not of type integer"),
        ("tempo_bpm: 72", "tempo_bpm: 900", "900, outside 40 to 200"),
        ("place: 정류장", "place: 공원", "'공원' is not among 정류장"),
        ("id: '1.10'", "id: '1.1'", "'1.1' is there twice"),
        ("id: '1.10'", "id: ../../x", "an id is a few letters and digits"),
        ("title: 우산", "title: [우산", "line 4"),
        ("title: 우산", "title: *x\nx: &x 1", "alias"),
        ("text: 버스 또 늦네요.", "text: 버스: 또", 'stands in "quotation marks"'),
        ("text: 버스 또 늦네요.", "text: %버스", 'stands in "quotation marks"'),
    ],
)
def test_a_mistake_is_told_with_its_line(old, new, told):
    text = changed(old, new)
    line = yaml_of(SCRIPT).partition(old)[0].count("\n") + 1
    with pytest.raises(BadScript) as got:
        script_from(text, "mine.yaml")
    assert told in str(got.value)
    assert f"mine.yaml, line {line}" in str(got.value) or "title" in new


def test_a_mistake_in_json_is_told_with_its_line():
    text = changed('"text": "12:30"', '"text": ""', json_of(SCRIPT))
    line = text[: text.index('"text": ""')].count("\n") + 1
    with pytest.raises(BadScript, match=rf"s\.json, line {line}: .* is empty"):
        script_from(text, "s.json")


@pytest.mark.parametrize(
    "text",
    ["", "- a", "just words", "{" * 5_000, "a: " * 3_000, "\x00", "? [a]\n: b", "x" * 600_000],
)
@pytest.mark.parametrize("name", ["s.yaml", "s.json"])
def test_what_is_no_script_is_refused_in_words(text, name):
    with pytest.raises(BadScript, match=r"s\.(yaml|json)"):
        script_from(text, name)


def test_aliases_cannot_make_a_short_file_endless():
    bomb = "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(30))
    with pytest.raises(BadScript, match="alias"):
        script_from(bomb)


def test_json_with_tabs_is_read_too():
    assert script_from(json_of(SCRIPT).replace("\n ", "\n\t"), "s.json") == SCRIPT
