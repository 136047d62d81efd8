"""A script from a model that answers badly: mended where harmless, asked again, or refused and kept."""

import json

import pytest
from studio_scripts import BRIEF, content, draft, model_that_says, task, with_line

from madang_studio.errors import BadScript
from madang_studio.store.objects import Objects
from madang_studio.writing.steps import writing_steps


def write(folder, *answers, **brief):
    """The artefact and the model, after the step `draft`."""
    with model_that_says(*answers) as (model, ask):
        made = writing_steps(ask)["draft"](task("draft", folder, BRIEF | brief))
    return made, model


def mended(made):
    return "\n".join(made.facts.get("mended", []))


def test_a_good_answer_becomes_a_script_with_our_ids(tmp_path):
    made, model = write(tmp_path, draft())
    script = content(made, "script.json")
    assert [scene["id"] for scene in script["scenes"]] == ["1", "2"]
    ids = [line["id"] for scene in script["scenes"] for line in scene["lines"]]
    assert ids == ["1.1", "1.2", "1.3", "2.1", "2.2"]
    assert (script["genre"], script["language"]) == ("romance", "en")
    assert made.facts["lines"] == 5
    assert made.facts["repairs"] == 0
    assert "mended" not in made.facts
    assert (made.cost_nusd, made.requests) == (7, ("req-1",))
    assert model.asked[0]["model"] == "task:script"


def test_the_model_is_told_theme_length_and_genre_and_given_a_strict_schema(tmp_path):
    _, model = write(tmp_path, draft(), character="a bus driver", minutes=2.0)
    told = model.users[0]
    assert all(words in told for words in ("an umbrella", "a bus driver", "2 minutes", "romance"))
    asked = model.asked[0]["response_format"]["json_schema"]
    assert asked["strict"] is True
    assert "scenes" in asked["schema"]["properties"]


def test_another_model_is_asked_where_one_is_named(tmp_path):
    _, model = write(tmp_path, draft(), model="gpt-4.1")
    assert model.asked[0]["model"] == "gpt-4.1"


@pytest.mark.parametrize(
    "around", ["Here it is:\n```json\n%s\n```\nEnjoy!", "\ufeff%s", 'Like {"a": 1}? %s']
)
def test_what_stands_around_the_json_does_no_harm(tmp_path, around):
    made, _ = write(tmp_path, around % json.dumps(draft()))
    assert made.facts["repairs"] == 0


def test_a_script_in_a_wrapper_is_taken_out(tmp_path):
    made, _ = write(tmp_path, {"script": draft()})
    assert made.facts["scenes"] == 2


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"emotion": "furious"}, "became 'angry'"),
        ({"emotion": "ecstatic?"}, "became 'neutral'"),
        ({"emotion": None}, "became 'neutral'"),
        ({"text": "(sighs) Well."}, "'(sighs) ' is not spoken"),
        ({"text": "MINA: Well."}, "is not spoken"),
        ({"character": "mina", "id": "99"}, "id: is not asked for"),
    ],
)
def test_harmless_faults_are_mended_and_declared(tmp_path, change, note):
    bad = draft()
    bad["scenes"][0]["lines"][1] |= change
    made, _ = write(tmp_path, bad)
    assert note in mended(made)
    lines = content(made, "script.json")["scenes"][0]["lines"]
    assert [line["character"] for line in lines] == ["narrator", "Mina", "Jun"]


@pytest.mark.parametrize("nothing", ["", "  \n", "…", "🙂🙂", "(sighs)!"])
def test_a_line_that_nobody_can_speak_is_left_out_and_declared(tmp_path, nothing):
    made, _ = write(tmp_path, with_line(nothing))
    assert "has nothing to say and was left out" in mended(made)
    assert made.facts["lines"] == 4


def test_who_speaks_in_a_scene_is_seen_there_and_the_narrator_never_is(tmp_path):
    bad = draft()
    bad["scenes"][1]["characters"] = ["NARRATOR", "mina"]
    made, _ = write(tmp_path, bad)
    assert content(made, "script.json")["scenes"][1]["characters"] == ["Mina", "Jun"]
    assert "'Jun' speaks there and was added" in mended(made)


def test_a_first_name_is_whoever_has_it_and_nobody_where_two_have(tmp_path):
    bad = draft()
    bad["characters"][0]["name"], bad["characters"][1]["name"] = "Mina Park", "Jun Kim"
    made, _ = write(tmp_path, bad)
    assert content(made, "script.json")["scenes"][0]["characters"] == ["Mina Park", "Jun Kim"]
    bad["characters"][1]["name"] = "Mina Kim"
    _, model = write(tmp_path, bad, draft())
    assert "'Mina' is not among Mina Park, Mina Kim" in model.users[1]


def test_a_long_speech_becomes_lines_that_fit_a_shot(tmp_path):
    speech = "I waited for you every single evening of that long winter. You never came. " * 2
    made, _ = write(tmp_path, with_line(speech.strip()))
    lines = content(made, "script.json")["scenes"][0]["lines"]
    said = " ".join(line["text"] for line in lines if line["character"] == "Mina")
    assert said == speech.strip()
    assert "too long for a shot" in mended(made)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("I cannot help with that.", "the answer has no JSON object in it"),
        (json.dumps(draft())[:-200], "before its JSON is complete"),
        ('{"title": NaN}', "NaN is not a value"),
        ("{" * 50_000, "no JSON"),
        ('{"a":' * 50_000, "nested too deep"),
        ({"title": "x"}, "scenes is missing"),
        (draft(scenes=[]), "scenes are 0"),
        (draft(scenes="none"), "scenes is 'none', not of type array"),
        (draft(characters=[{"name": "Mina"}]), "characters[0].appearance is missing"),
        (draft(places=[]), "'Bus stop' is not among no names at all"),
        (draft(scenes=draft()["scenes"] * 9), "scenes are 18; between 1 and 8"),
        (with_line("word " * 400), "takes about"),
        (with_line("a" * 10_000), "has 10000 characters; at most 2000"),
        (with_line("Hello.", character="Bob"), "'Bob' is not among Mina, Jun, narrator"),
        (with_line(7), "text is 7, not of type string"),
    ],
)
def test_the_model_is_told_exactly_what_is_wrong_and_asked_again(tmp_path, bad, told):
    made, model = write(tmp_path, bad, draft())
    assert made.facts["repairs"] == 1
    assert told in model.users[1]
    assert model.names == ["name", "name-repair-1"]
    assert (made.cost_nusd, made.requests) == (14, ("req-1", "req-2"))


def test_two_people_of_one_name_are_told_apart_by_the_model(tmp_path):
    twins = draft()
    twins["characters"].append(twins["characters"][0] | {"name": "MINA", "clothing": "a red dress"})
    _, model = write(tmp_path, twins, draft())
    assert "'MINA' is there twice" in model.users[1]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("ko", "Latin letters, which Korean is not"),
        ("ar", "Latin letters, which Arabic is not"),
    ],
)
def test_a_script_in_another_language_is_asked_again(tmp_path, language, told):
    with pytest.raises(BadScript, match=told):
        write(tmp_path, draft(), draft(), draft(), language=language)


def test_after_two_repairs_it_fails_clearly_and_what_was_paid_for_is_kept(tmp_path):
    """As the runner has it: made in a workshop, which is cleared when the work in it is over."""
    told = pytest.raises(BadScript, match=r"bad-model could not write a script.*asked 3 times")
    with told as got, Objects(tmp_path).workshop() as folder:
        write(folder, "no", "never", draft(scenes=[]), "not asked any more")
    (place,) = (tmp_path / "refused").iterdir()
    assert str(got.value).endswith(f"is kept in {place}.")
    kept = [file.read_text() for file in sorted(place.iterdir())]
    assert kept[:2] == ["no", "never"]
    assert json.loads(kept[2])["title"] == "The Umbrella"
    assert not any((tmp_path / "making").iterdir())


def test_what_cannot_be_seen_or_turns_the_text_round_is_taken_out(tmp_path):
    hostile = "Is\u202e the\u0000 bus\u200b late\ud800 again?\n"
    made, _ = write(tmp_path, json.dumps(with_line(hostile)))
    assert content(made, "script.json")["scenes"][0]["lines"][1]["text"] == "Is the bus late again?"


def test_right_to_left_writing_and_emoji_in_a_line_stay(tmp_path):
    arabic = draft()
    for scene in arabic["scenes"]:
        for line in scene["lines"]:
            line["text"] = "هل تأخر الباص مرة أخرى؟ 👩‍👩‍👧"
    made, _ = write(tmp_path, arabic, language="ar")
    assert content(made, "script.json")["scenes"][0]["lines"][0]["text"].endswith("👩‍👩‍👧")


def test_an_unknown_genre_names_the_nearest_and_asks_nobody(tmp_path):
    with pytest.raises(BadScript, match="Did you mean romance"):
        write(tmp_path, genre="romanse")
