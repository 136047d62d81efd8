"""Dialogue, polish and translation: every line once, under its id, and nothing else of the script changed."""

import json

import msgspec
import pytest
from studio_scripts import BRIEF, content, draft, model_that_says, stored, task

from madang_studio.errors import BadScript
from madang_studio.model.script import Script
from madang_studio.writing.steps import writing_steps


@pytest.fixture
def written(tmp_path):
    """A script as the step `draft` leaves it."""
    with model_that_says(draft()) as (_, ask):
        return writing_steps(ask)["draft"](task("draft", tmp_path / "draft", BRIEF))


def lines_in(body):
    """The lines that a model was asked about: the JSON list at the end of the order."""
    order = body["messages"][-1]["content"].split("# Your last answer")[0]
    return json.loads(order.partition("# Lines\n")[2])


def again(say=lambda line: line["text"], **more):
    """An answer that gives every line that was asked about, in words made by `say`."""

    def answer(body):
        kept = [{"id": line["id"], "text": say(line)} for line in lines_in(body)]
        return {"lines": [line | more for line in kept]}

    return answer


def go(step, written, folder, *answers):
    params = {"genre": "romance", "language": "en", "seed": 1}
    with model_that_says(*answers) as (model, ask):
        made = writing_steps(ask)[step](task(step, folder, params, {"script/before": written}))
    return made, model


@pytest.mark.parametrize("step", ["dialogue", "polish"])
def test_a_pass_changes_words_and_emotions_and_nothing_else(step, written, tmp_path):
    better = again(lambda line: line["text"] + " Really.", emotion="happy")
    made, model = go(step, written, tmp_path / step, better)
    before, after = content(written, "script.json"), content(made, "script.json")
    assert [line["text"] for line in after["scenes"][1]["lines"]] == [
        "Take half of mine. Really.",
        "Then we both get wet. Really.",
    ]
    for script in (before, after):
        for scene in script["scenes"]:
            for line in scene["lines"]:
                del line["text"], line["emotion"]
    assert before == after
    assert model.asked[0]["model"] == f"task:{step}"
    assert made.facts["title"] == "The Umbrella"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda lines: lines[1:], "lines lack 1.1"),
        (lambda lines: [*lines, lines[0]], "have 1.1 more than once"),
        (lambda lines: [*lines, lines[0] | {"id": "9.9"}], "have 9.9, which was not asked for"),
        (lambda lines: [lines[0] | {"text": "🙂"}, *lines[1:]], "nothing that can be spoken"),
        (lambda lines: [lines[0] | {"text": "word " * 90}, *lines[1:]], "takes about"),
        (lambda lines: [lines[0] | {"text": ""}, *lines[1:]], "lines[0].text is empty"),
    ],
)
def test_lines_that_are_lost_doubled_or_spoilt_are_asked_again(spoil, told, written, tmp_path):
    good = again(emotion="neutral")
    bad = lambda body: {"lines": spoil(good(body)["lines"])}  # noqa: E731
    made, model = go("polish", written, tmp_path / "polish", bad, good)
    assert told in model.users[1]
    assert made.facts["repairs"] == 1


def test_a_pass_that_stays_bad_is_refused_and_its_answers_kept(written, tmp_path):
    with pytest.raises(BadScript, match="could not write a dialogue"):
        go("dialogue", written, tmp_path / "dialogue", "no", "no", "no")
    assert len([*(tmp_path / "dialogue").glob("dialogue-answer-*.txt")]) == 3


def test_a_pass_into_another_language_is_asked_again(written, tmp_path):
    korean = again(lambda line: "우산 없으면 같이 쓰고 가요", emotion="tender")
    made, model = go("polish", written, tmp_path / "polish", korean, again(emotion="neutral"))
    assert "Hangul letters, which English is not" in model.users[1]
    assert content(made, "script.json")["scenes"][1]["lines"][0]["text"] == "Take half of mine."


def test_many_lines_are_asked_about_in_several_calls_with_names_of_their_own(written, tmp_path):
    script = content(written, "script.json")
    line = script["scenes"][0]["lines"][1]
    script["scenes"][0]["lines"] = [line | {"id": f"1.{i}"} for i in range(1, 101)]
    long = stored(tmp_path / "long", script)
    good = again(emotion="neutral")
    made, model = go("polish", long, tmp_path / "polish", good, good, good)
    assert [len(lines_in(body)) for body in model.asked] == [40, 40, 22]
    assert model.names == ["name", "name-40", "name-80"]
    assert made.facts["lines"] == 102
    assert msgspec.convert(content(made, "script.json"), Script)


def translate(folder, *answers, **params):
    lines = [
        {"id": "2.1", "character": "Mina", "text": "Take half of mine."},
        {"id": "2.2", "character": "Jun", "text": "Then we both get wet."},
    ]
    asked = {"lines": lines, "source": "en", "language": "ko"} | params
    with model_that_says(*answers) as (model, ask):
        return writing_steps(ask)["translation"](task("translation", folder, asked)), model


def test_a_translation_is_a_text_for_each_id(tmp_path):
    korean = {"2.1": "반은 당신이 쓰세요.", "2.2": "그럼 둘 다 젖겠네요."}
    made, model = translate(tmp_path, again(lambda line: korean[line["id"]]))
    assert content(made, "translation.json") == korean
    assert made.facts == {"lines": 2, "repairs": 0}
    assert model.asked[0]["model"] == "task:translate"
    assert "into Korean (ko)" in model.users[0]


@pytest.mark.parametrize(
    ("say", "told"),
    [
        (lambda line: line["text"], "Latin letters, which Korean is not"),
        (lambda line: "?!", "has no words"),
        (lambda line: "아주 긴 말 " * 200, "far more than any line"),
    ],
)
def test_a_translation_that_is_none_is_asked_again(say, told, tmp_path):
    made, model = translate(tmp_path, again(say), again(lambda line: "그럼 둘 다 젖겠네요."))
    assert told in model.users[1]
    assert made.facts["repairs"] == 1


def test_a_scene_without_lines_asks_nobody(tmp_path):
    made, model = translate(tmp_path, lines=[])
    assert content(made, "translation.json") == {}
    assert model.asked == []
