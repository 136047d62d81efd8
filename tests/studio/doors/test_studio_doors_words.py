"""What commands say of money and of other work: nobody is frightened, and nobody pays unawares."""

import pytest

from madang_studio.batch.run import report, take_up
from madang_studio.batch.wanted import batch_of
from madang_studio.cli import batch
from madang_studio.cli.finishing import _hint, say_others
from madang_studio.errors import OverBudget
from madang_studio.model.brief import Brief
from madang_studio.model.work import Charge
from madang_studio.runner.budget import check
from madang_studio.store import Project

WHY = "no font on this machine has 们: " + "x" * 100 + " install Debian's fonts-noto-cjk"


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "p", create=True)
    yield project
    project.close()


def told_of(project, capsys, *, free):
    names = take_up(project, batch_of(["A", "B"], "b"))
    project.money.charge(names[0], "script/draft", "s", [Charge("n", "r", 5_000_000)])
    project.dramas.put(names[0], "done")
    project.dramas.put(names[1], "blocked", code="missing_tool", words=WHY)
    batch._print(report(project, "b", 1.0), as_json=False, free=free)
    return capsys.readouterr().out


def test_a_batch_of_the_playground_says_that_nothing_was_charged(project, capsys):
    assert "Nothing was charged" in told_of(project, capsys, free=True)
    assert "Nothing was charged" not in told_of(project, capsys, free=False)


def test_a_reason_is_told_to_its_end_where_it_says_what_to_do(project, capsys):
    told = "".join(told_of(project, capsys, free=True).split())
    assert "installDebian'sfonts-noto-cjk" in told
    assert "`madangstudiostatusb-" in told


def test_a_budget_that_is_spent_says_what_is_known_and_how_to_go_on(project):
    drama = project.dramas.add(Brief(theme="x", budget_usd=0.004))
    project.money.charge(drama, "script/draft", "s", [Charge("n", "r", 4_200_000)])
    with pytest.raises(OverBudget, match=r"nobody knows what the next step costs"):
        check(project, project.dramas.get(drama), 0)
    with pytest.raises(OverBudget, match=r"the next step costs less than \$0\.0001"):
        check(project, project.dramas.get(drama), 77_000)
    project.dramas.put(drama, "blocked", code=OverBudget.code, words="why")
    assert f"resume {drama} --budget USD --make" in _hint(project.dramas.get(drama), drama)


def test_who_makes_one_drama_hears_which_others_go_on_and_cost_money(project, capsys):
    first, second, third = take_up(project, batch_of(["A", "B", "C"], "b"))
    project.dramas.put(third, "paused")
    say_others(project, [first])
    said = capsys.readouterr().err
    assert second in said
    assert third not in said
    say_others(project, [first, second])
    assert capsys.readouterr().err == ""
