"""Running dramas against a gateway over real sockets, judged by the gateway's own book."""

import threading
from contextlib import closing

import msgspec
import pytest
from studio_stand import BRIEF, CHAT_NUSD, CLIP_NUSD, MINA, benches, gateway, made, running

from madang_studio.batch.overview import overview
from madang_studio.batch.rewriting import script_now, take_in
from madang_studio.errors import NoRoom, StudioError
from madang_studio.graph.survey import survey
from madang_studio.model.edits import LineEdit
from madang_studio.model.script import Line, Music
from madang_studio.runner import Conductor, orders
from madang_studio.store import Project
from madang_studio.writing.script_file import yaml_of

PATIENCE_S = 60


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "p", create=True)
    yield project
    project.close()


@pytest.fixture
def server():
    with gateway() as server:
        yield server


@pytest.fixture
def hasty(monkeypatch):
    """No pause between tries is longer than ten milliseconds."""
    monkeypatch.setattr("madang_studio.runner.patience._LONGEST_S", 0.01)


def brief(**changes):
    return msgspec.structs.replace(BRIEF, **changes)


def finish(project, server, *dramas, **given):
    with running(project, server.url, **given) as runner:
        assert runner.wait(dramas, PATIENCE_S)
    return [project.dramas.get(drama).state for drama in dramas]


def versions(project, drama):
    return {place: project.shelf.now(drama)[place] for place in project.shelf.now(drama)}


def changed(before, after):
    return {place for place in after if before.get(place) != after[place]}


def test_a_drama_is_made_and_every_request_is_charged_once(project, server):
    drama = project.dramas.add(BRIEF)
    assert finish(project, server, drama) == ["done"]
    assert (server.book.count("video"), server.book.count("speech")) == (4, 4)
    assert set(server.book.charges.values()) == {1}
    assert project.money.spent(drama).nusd == server.book.total_nusd


def test_another_text_of_a_line_makes_its_voice_again_and_no_clip(project, server):
    drama = project.dramas.add(brief(burned="en"))
    finish(project, server, drama)
    before, asked = versions(project, drama), server.book.asked.copy()
    orders.edit_line(project, drama, "1.2", LineEdit(text="So very late?"))
    assert finish(project, server, drama) == ["done"]
    assert changed(before, versions(project, drama)) == {
        *(
            "script",
            "voice/1.2",
            "length/1.2",
            "translation/ko/1",
            "timeline",
            "mix",
            "captions/en",
        ),
        *("captions/ko", "cut/9:16/1.2", "picture/9:16", "film/9:16", "check/9:16", "package"),
    }
    assert server.book.asked - asked == {"speech": 1, "chat": 1}


def test_a_line_that_outgrows_its_shot_makes_just_that_clip_longer(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    before = versions(project, drama)
    orders.edit_line(project, drama, "1.2", LineEdit(text="So late? " * 12))
    assert finish(project, server, drama) == ["done"]
    clips = {it for it in changed(before, versions(project, drama)) if it.startswith("clip/")}
    assert clips == {"clip/1.2"}
    assert survey(project, drama).standing["length/1.2"].artefact.facts["shot_ms"] == 6_000


def test_another_coat_makes_exactly_the_shots_with_that_character(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    before = versions(project, drama)
    orders.edit_character(project, drama, msgspec.structs.replace(MINA, clothing="a green coat"))
    assert finish(project, server, drama) == ["done"]
    again = changed(before, versions(project, drama))
    assert {it for it in again if it.startswith(("clip/", "voice/"))} == {"clip/1.1", "clip/2.1"}


def told(script, **changes):
    return yaml_of(msgspec.structs.replace(script, **changes))


def test_other_music_and_another_title_cost_nothing(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    before, asked = versions(project, drama), server.book.asked.copy()
    music = Music("heroic", 120)
    take_in(project, drama, told(script_now(project, drama), title="Soon", music=music), "s.yaml")
    assert finish(project, server, drama) == ["done"]
    again = {"script", "music", "mix", "film/9:16", "check/9:16", "package"}
    assert changed(before, versions(project, drama)) == again
    assert server.book.asked == asked


def test_a_line_that_people_add_is_filmed_and_other_scenes_are_not_made_again(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    before, written = versions(project, drama), script_now(project, drama)
    first, second = written.scenes
    more = msgspec.structs.replace(second, lines=(*second.lines, Line("2.3", "Mina", "Never.")))
    take_in(project, drama, told(written, scenes=(first, more)), "s.yaml")
    assert finish(project, server, drama) == ["done"]
    again = changed(before, versions(project, drama))
    assert {it for it in again if it.startswith(("clip/", "voice/"))} == {"clip/2.3", "voice/2.3"}
    take_in(project, drama, told(written), "s.yaml")
    asked = server.book.asked.copy()
    assert finish(project, server, drama) == ["done"]
    assert versions(project, drama).items() >= before.items()
    assert server.book.asked == asked


def test_a_scene_that_people_take_out_leaves_the_others_as_they_were(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    asked, written = server.book.asked.copy(), script_now(project, drama)
    take_in(project, drama, told(written, scenes=written.scenes[1:]), "s.yaml")
    assert finish(project, server, drama) == ["done"]
    assert server.book.asked == asked
    assert [it.id for it in survey(project, drama).shots] == ["2.1", "2.2"]


def test_what_a_gate_shows_can_be_looked_at_before_it_is_approved(project, server):
    drama = project.dramas.add(brief(gates=("storyboard", "clips")))
    assert finish(project, server, drama) == ["waiting"]
    shown = overview(project, drama).to_approve
    assert [it.place for it in shown] == ["prompt/1.1", "prompt/1.2", "prompt/2.1", "prompt/2.2"]
    assert shown[0].prompt
    orders.approve(project, drama, "storyboard", ["prompt/1.1"])
    assert finish(project, server, drama) == ["waiting"]
    clips = [it for it in overview(project, drama).to_approve if it.file]
    assert [it.file for it in clips] == ["clip-1.1.mp4"]
    orders.approve(project, drama, "clips")
    assert len(overview(project, drama).to_approve) == 3


def test_a_retake_makes_one_clip_anew_and_the_old_one_can_be_picked_for_nothing(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    first, paid = versions(project, drama), server.book.total_nusd
    assert orders.retake(project, drama, "clip/1.1") == 1
    finish(project, server, drama)
    assert server.book.total_nusd == paid + CLIP_NUSD
    assert len(project.shelf.versions(drama, "clip/1.1")) == 2
    orders.pick(project, drama, "clip/1.1", first["clip/1.1"])
    assert finish(project, server, drama) == ["done"]
    assert versions(project, drama) == first
    assert server.book.total_nusd == paid + CLIP_NUSD


def test_gates_hold_until_somebody_approves(project, server):
    drama = project.dramas.add(brief(gates=("script", "storyboard", "clips")))
    for gate, clips in (("script", 0), ("storyboard", 0), ("clips", 4)):
        assert finish(project, server, drama) == ["waiting"]
        assert project.dramas.get(drama).code == gate
        assert server.book.count("video") == clips
        assert orders.approve(project, drama, gate)
    assert finish(project, server, drama) == ["done"]


def test_what_changes_behind_a_gate_waits_again_and_nothing_else(project, server):
    drama = project.dramas.add(brief(gates=("storyboard",)))
    finish(project, server, drama)
    orders.approve(project, drama, "storyboard")
    finish(project, server, drama)
    orders.edit_character(project, drama, msgspec.structs.replace(MINA, clothing="a green coat"))
    assert finish(project, server, drama) == ["waiting"]
    standing = survey(project, drama).standing
    assert {it for it in standing if standing[it].state == "waiting"} == {"clip/1.1", "clip/2.1"}


def test_work_stops_at_the_budget_and_says_how_much_is_needed(project, server):
    priced = {("clip", "video:auto"): CLIP_NUSD / 4_000, ("voice", "speech:auto"): 100.0}
    drama = project.dramas.add(brief(budget_usd=0.1))
    assert finish(project, server, drama, prices=priced) == ["blocked"]
    assert server.book.total_nusd <= 100_000_000
    assert server.book.count("video") == 2
    stands = project.dramas.get(drama)
    assert stands.code == "over_budget"
    assert "$0.08" in stands.words
    project.dramas.change(drama, budget_usd=1)
    assert finish(project, server, drama, prices=priced) == ["done"]
    assert set(server.book.charges.values()) == {1}


def test_a_batch_has_a_budget_of_its_own(project, server):
    priced = {("clip", "video:auto"): CLIP_NUSD / 4_000, ("voice", "speech:auto"): 100.0}
    project.dramas.add_batch("b", 300_000_000)
    dramas = [project.dramas.add(brief(seed=n), batch="b") for n in range(3)]
    states = finish(project, server, *dramas, prices=priced)
    assert states.count("done") == 1
    assert states.count("blocked") == 2
    assert project.money.spent_by_batch("b").nusd == server.book.total_nusd <= 300_000_000


def test_a_failure_stays_with_its_drama(project, server):
    server.book.refuse = lambda kind, body: 400 if body.get("seed") == 7 and kind == "video" else 0
    good, bad = project.dramas.add(BRIEF), project.dramas.add(brief(seed=7))
    assert finish(project, server, good, bad) == ["done", "failed"]
    assert "clip/1.1: no" in project.dramas.get(bad).words
    server.book.refuse = lambda kind, body: 0
    orders.resume(project, bad)
    assert finish(project, server, bad) == ["done"]


def test_what_may_have_been_charged_is_asked_for_again_only_where_that_is_accepted(project, server):
    server.book.refuse = lambda kind, body: lose(server.book) if kind == "video" else 0

    def lose(book):
        if not book.in_vain:  # the first clip is lost; clips are named by their stamps
            seen = survey(project, drama)
            book.in_vain.add(seen.standing["clip/1.1"].stamp)

    drama = project.dramas.add(BRIEF)
    assert finish(project, server, drama) == ["failed"]
    assert "clip/1.1: " in project.dramas.get(drama).words
    paid = server.book.count("video")
    assert orders.resume(project, drama) == ["clip/1.1"]
    assert finish(project, server, drama) == ["failed"]
    assert server.book.count("video") == paid
    assert orders.resume(project, drama, pay_again=True) == []
    assert finish(project, server, drama) == ["done"]
    assert server.book.count("video") == paid + 1
    assert project.money.spent(drama).nusd == server.book.total_nusd


def test_what_passes_is_tried_again_and_never_without_end(project, server, hasty):
    server.book.refuse = lambda kind, body: 503 if kind == "speech" else 0
    drama = project.dramas.add(BRIEF)
    assert finish(project, server, drama) == ["failed"]
    assert server.book.asked["speech"] == 4 * 8
    assert server.book.count("speech") == 0


def test_a_lost_answer_is_asked_for_again_under_its_name(project, server, hasty):
    lost = set()

    def lose(name):
        fresh = name not in lost
        lost.add(name)
        return fresh

    server.book.lose = lose
    drama = project.dramas.add(BRIEF)
    assert finish(project, server, drama) == ["done"]
    assert set(server.book.charges.values()) == {1}
    assert project.money.spent(drama).nusd == server.book.total_nusd


def test_a_paused_drama_begins_nothing_and_goes_on_where_it_was(project, server):
    server.book.clip_s = 0.3
    begun = threading.Event()
    server.book.refuse = lambda kind, body: begun.set() if kind == "video" else None
    drama = project.dramas.add(BRIEF)
    with running(project, server.url, caps={"render": 1}) as runner:
        assert begun.wait(PATIENCE_S)
        assert orders.pause(project, drama)
        assert runner.wait([drama], PATIENCE_S)
    assert server.book.count("video") == 1
    orders.resume(project, drama)
    assert finish(project, server, drama) == ["done"]
    assert set(server.book.charges.values()) == {1}


def test_a_cancelled_drama_lets_go_of_what_runs(project, server):
    server.book.clip_s = 1_000
    begun = threading.Event()
    server.book.refuse = lambda kind, body: begun.set() if kind == "video" else None
    drama = project.dramas.add(BRIEF)
    with running(project, server.url) as runner:
        assert begun.wait(PATIENCE_S)
        assert orders.cancel(project, drama)
        assert runner.wait([drama], PATIENCE_S)
    assert project.dramas.get(drama).state == "cancelled"
    assert not project.jobs.open()


def test_two_dramas_that_need_the_same_pay_for_it_once(project, server):
    dramas = [project.dramas.add(BRIEF) for _ in range(2)]
    assert finish(project, server, *dramas) == ["done", "done"]
    assert server.book.total_nusd == sum(project.money.spent(it).nusd for it in dramas)
    assert (server.book.count("video"), server.book.count("chat")) == (4, 5)
    assert server.book.total_nusd > CHAT_NUSD * 5


def test_only_one_runner_works_on_a_project(project, server):
    with running(project, server.url), pytest.raises(StudioError, match="Another process"):
        Conductor(project, benches(server.url)).start()


def test_events_tell_the_story_in_order(project, server):
    drama = project.dramas.add(BRIEF)
    finish(project, server, drama)
    told = [(it.what, it.place) for it in project.events.since(drama=drama)]
    assert told[0] == ("begun", "script/draft")
    assert told[-1] == ("done", None)
    assert told.index(("begun", "clip/1.1")) < told.index(("made", "clip/1.1"))
    assert made(told) >= {"clip/1.1", "voice/2.2", "film/9:16", "package"}


def test_a_drama_that_cannot_even_be_looked_at_stops_no_other(project, server):
    good, bad = project.dramas.add(BRIEF), project.dramas.add(brief(seed=9))
    assert finish(project, server, bad) == ["done"]
    stamp = project.shelf.now(bad)["script/polish"]
    (project.objects.folder(stamp) / "made.json").write_text("{")
    project.dramas.go_on(bad)
    with closing(Project(project.root)) as again:
        assert finish(again, server, good, bad) == ["done", "failed"]


@pytest.mark.parametrize("which", ["begin", "end", "fail"])
def test_a_disk_that_was_full_when_jobs_ended_lets_them_go_on_and_nothing_is_paid_twice(
    project, server, monkeypatch, hasty, which
):
    """A job whose end could not be written down would else seem to run for ever."""
    drama, real, lost = project.dramas.add(BRIEF), getattr(project.jobs, which), []

    def full(*given, **named):
        if len(lost) < 4:
            lost.append(given)
            raise NoRoom("the disk is full")
        return real(*given, **named)

    monkeypatch.setattr(project.jobs, which, full)
    busy = iter([503, 503, 503, 503, 503])
    server.book.refuse = lambda kind, _: next(busy, None) if kind == "speech" else None
    assert finish(project, server, drama) == ["done"]
    assert len(lost) == 4
    assert not project.jobs.open()
    assert set(server.book.charges.values()) == {1}
    assert project.money.spent(drama).nusd == server.book.total_nusd
