"""Plans: what a change would cost, held against what it then did cost in the gateway's book."""

import msgspec
import pytest
from studio_stand import BRIEF, CHAT_NUSD, CLIP_NUSD, MINA, VOICE_NUSD, gateway, running

from madang_studio.graph.estimates import Estimator
from madang_studio.graph.plan import plan
from madang_studio.model.edits import LineEdit
from madang_studio.runner import orders
from madang_studio.store import Project


@pytest.fixture
def server():
    with gateway() as server:
        yield server


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "p", create=True)
    yield project
    project.close()


def planned(project, drama, prices=None):
    return plan(project, drama, Estimator(project.money.rate, prices or {}))


def finish(project, server, drama):
    with running(project, server.url) as runner:
        assert runner.wait([drama], 60)
    assert project.dramas.get(drama).state == "done"


def paid(found):
    return {item.place for item in found.items if item.estimate is None or item.estimate.nusd}


def test_before_anything_is_made_unknown_prices_are_said(project):
    drama = project.dramas.add(BRIEF)
    found = planned(project, drama)
    assert found.nusd == 0
    assert found.unknown == (
        *("script/draft", "script/dialogue", "script/polish"),
        *("voice/*", "clip/*"),
    )


def test_price_lists_come_before_experience(project):
    drama = project.dramas.add(msgspec.structs.replace(BRIEF, minutes=1.0))
    found = planned(project, drama, {("clip", "video:auto"): 20_000.0})
    (clips,) = (item for item in found.items if item.step == "clip")
    assert (clips.times, clips.estimate.nusd) == (10, 10 * 6_000 * 20_000)


def test_a_finished_drama_has_nothing_to_plan(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    found = planned(project, drama)
    assert (found.items, found.nusd, found.seconds) == ((), 0, 0)


def test_a_changed_line_is_planned_without_a_clip_and_costs_what_was_planned(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    spoken = project.money.by_place(drama)["voice/1.2"].nusd
    orders.edit_line(project, drama, "1.2", LineEdit(text="So late? !"))
    found, before = planned(project, drama), server.book.total_nusd
    assert paid(found) == {"voice/1.2", "translation/ko/1"}
    assert found.kept == ("clip/1.2",)
    assert found.unknown == ()
    finish(project, server, drama)
    assert server.book.total_nusd - before == VOICE_NUSD + CHAT_NUSD
    assert abs(found.nusd - (spoken + CHAT_NUSD)) < VOICE_NUSD


def test_a_line_that_will_not_fit_is_planned_with_its_clip(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    orders.edit_line(project, drama, "1.2", LineEdit(text="So late? " * 12))
    found = planned(project, drama)
    assert "clip/1.2" in paid(found)
    assert found.kept == ()


def test_a_changed_coat_is_planned_as_the_clips_that_it_costs(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    orders.edit_character(project, drama, msgspec.structs.replace(MINA, clothing="a green coat"))
    found, before = planned(project, drama), server.book.total_nusd
    assert paid(found) == {"clip/1.1", "clip/2.1"}
    finish(project, server, drama)
    assert server.book.total_nusd - before == 2 * CLIP_NUSD == found.nusd


def test_another_theme_makes_everything_doubtful_and_hands_nothing_out_early(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    asked = server.book.count("video")
    project.dramas.change(drama, brief=msgspec.structs.replace(BRIEF, theme="another"))
    found = {item.place: item.why for item in planned(project, drama).items}
    assert found["script/draft"] == ("theme: “a letter comes late” → “another”",)
    finish(project, server, drama)
    assert server.book.count("video") == asked  # the same script came of it: nothing else changed
