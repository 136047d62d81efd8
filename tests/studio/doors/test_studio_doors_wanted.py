"""Briefs and batches as people write them: read whole or refused by name, before anything is begun."""

import pytest

from madang_studio.batch.run import report, take_up
from madang_studio.batch.tally import Counter
from madang_studio.batch.wanted import batch_of, read_batch, read_brief
from madang_studio.cli.init import _sample
from madang_studio.errors import BadScript
from madang_studio.model.work import Charge
from madang_studio.store import Project

BARE = {"theme": "x", "burned": "none", "captions": "none"}


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_samples_of_init_can_be_read(tmp_path):
    assert read_brief(written(tmp_path, "b.yaml", _sample("brief.yaml"))).captions == ("en",)
    assert len(read_batch(written(tmp_path, "many.yaml", _sample("batch.yaml"))).dramas) == 3


def test_csv_and_yaml_say_the_same(tmp_path):
    table = "theme,genre,minutes,captions,seed,id\nA letter,romance,0.5,en;ja,3,one\n“Two”,,,,,\n"
    tree = "dramas:\n- {id: one, theme: A letter, genre: romance, minutes: 0.5, captions: [en, ja], seed: 3}\n- “Two”\n"
    csv, yaml = (
        read_batch(written(tmp_path, name, text))
        for name, text in (("t.csv", table), ("t.yaml", tree))
    )
    assert csv == yaml
    assert csv.dramas[0].name == "t-one"
    assert csv.dramas[0].brief.captions == ("en", "ja")


def test_captions_are_there_unless_somebody_says_none():
    usual, none = (
        one.brief for one in batch_of([{"theme": "x", "language": "ko"}, BARE], "b").dramas
    )
    assert (usual.burned, usual.captions) == ("ko", ("en",))
    assert (none.burned, none.captions) == (None, ())


def test_a_drama_keeps_its_name_when_others_come_before_it(tmp_path):
    (first,) = batch_of(["A letter"], "b").dramas
    assert first in batch_of(["Something new", "A letter"], "b").dramas


def test_equal_briefs_are_different_dramas():
    assert len({it.name for it in batch_of(["A letter", "A letter", "A letter"], "b").dramas}) == 3


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("b.yaml", "dramas: [{theme: x, gerne: y}]", "b.yaml, drama 1: .*gerne"),
        ("b.yaml", "dramas: [{theme: x, minutes: 99}]", "drama 1: .*minutes"),
        (
            "b.yaml",
            "dramas: [x, {genre: drama}, {theme: y, genre: noir}]",
            r"(?s)drama 2: .*drama 3: ",
        ),
        ("b.yaml", "dramas: [x, {theme: y, id: ../../etc}]", "drama 2: id"),
        ("b.yaml", "a: &a [x]\ndramas: [*a, *a]", "aliases"),
        ("b.yaml", "dramas: [x\n", "b.yaml, line 2"),
        ("b.yaml", "dramas: [x, {theme: y, budget: 3}]", "budget is not known.*mean budget_usd?"),
        ("b.yaml", "dramas: [x, {theme: y, language: EN}]", "'EN', not the tag of a .* ko, en or"),
        ("b.yaml", "dramas: [{theme: x, minutes: 0}]", "0, not more than 0 and at most 60"),
        ("b.yaml", "dramas: [{id: a, theme: x}, {id: a, theme: y}]", "drama 2: id 'a' is there al"),
        ("b.yaml", "dramas: []", "dramas is empty"),
        ("b.yaml", "7", "b.yaml is 7, not of type object"),
        (
            "b.csv",
            "theme,minutes\nx,1\n\n,2\ny,abc\n",
            "(?s)line 4: theme is mis.*line 5: minutes is",
        ),
        ("b.csv", "theme,theme\nx,y\n", "column `theme` is there twice"),
        ("b.csv", "thema\nx\n", "one of them is `theme`"),
        ("b.csv", "theme\nx,y\n", "line 2: more cells"),
        ("no such.yaml", "dramas: [x]", "the name of the batch is 'no such', not up to 64 Latin"),
    ],
)
def test_a_mistake_is_refused_by_name(tmp_path, name, text, said):
    with pytest.raises(BadScript, match=said):
        read_batch(written(tmp_path, name, text))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_tables_are_read_as_spreadsheets_write_them(tmp_path, mark):
    rows = [["Theme", " genre", "minutes"], ['"One, two; three"', "comedy ", "0.5"], ["", "", ""]]
    text = "\ufeff" + "\r\n".join(mark.join(row) for row in rows)
    (one,) = read_batch(written(tmp_path, "t.csv", text)).dramas
    assert (one.brief.theme, one.brief.genre, one.brief.minutes) == (
        "One, two; three",
        "comedy",
        0.5,
    )


def test_a_table_in_another_encoding_is_told_how_to_be_saved(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("theme\n마지막 극장\n".encode("cp949"))
    with pytest.raises(BadScript, match="save it as UTF-8"):
        read_batch(path)


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "p", create=True)
    yield project
    project.close()


def test_a_batch_that_is_taken_up_again_goes_on(project):
    wanted = batch_of({"dramas": ["A", "B", "C"], "budget_usd": 5}, "b")
    names = take_up(project, wanted)
    project.dramas.put(names[0], "done")
    project.dramas.put(names[1], "failed", code="failed", words="why")
    project.dramas.put(names[2], "paused")
    assert take_up(project, wanted) == names
    assert [project.dramas.get(it).state for it in names] == ["done", "going", "paused"]
    assert len(project.dramas.all()) == 3


def test_the_report_names_who_failed_and_why_and_adds_up(project):
    names = take_up(project, batch_of(["A", "B"], "b"))
    project.money.charge(names[0], "clip/1.1", "s", [Charge("n", "r", 70), Charge("m", "q", None)])
    project.dramas.put(names[1], "failed", code="failed", words="clip/1.1: no")
    made = report(project, "b", 1.0)
    assert (made.cost_nusd, made.unpriced, made.states) == (70, 1, {"going": 1, "failed": 1})
    assert [it.why for it in made.dramas if it.state == "failed"] == ["clip/1.1: no"]


def test_a_tally_tells_what_is_to_come_from_what_was_finished(project):
    names = take_up(project, batch_of(["A", "B", "C", "D"], "b"))
    counter = Counter(project, names, 1000.0)
    assert counter.tally(1010.0).coming_nusd is None
    assert counter.tally(1010.0).left_s is None
    project.money.charge(names[0], "clip/1.1", "s", [Charge("n", "r", 100)])
    project.money.charge(names[1], "clip/1.1", "s", [Charge("m", "r", 30)])
    project.dramas.put(names[0], "done")
    project.dramas.put(names[2], "blocked", code="over_budget", words="needs more")
    now = counter.tally(1010.0)
    assert (now.done, now.spent_nusd, now.coming_nusd) == (1, 130, 70 + 100 + 100)
    assert now.left_s == 10.0 * 2  # ten seconds for one, and two are going
    assert [(it.drama, it.why) for it in now.held] == [(names[2], "needs more")]
