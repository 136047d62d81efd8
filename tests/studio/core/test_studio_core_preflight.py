"""What a drama needs is looked for before anything is paid for it, and again when its script says more."""

from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest
from studio_stand import BRIEF, gateway, running, script

from madang_studio.errors import MissingTool, NoRoom, NotOffered
from madang_studio.gateway import Door
from madang_studio.graph.survey import survey
from madang_studio.model.brief import Brief
from madang_studio.programs import fonts
from madang_studio.programs.disk import check_room
from madang_studio.programs.fitness import check_ffmpeg
from madang_studio.runner import Needs, Preflight, needs_of, needs_of_brief
from madang_studio.store import Project
from madang_studio.writing.languages import LANGUAGES, letters_of, why_not_in
from stand.booth import Answer, booth

CARRIER = find_spec("koreanize_matplotlib")
needs_nanum = pytest.mark.skipif(CARRIER is None, reason="needs koreanize-matplotlib's font")
WRITTEN = msgspec.structs.replace(BRIEF, captions=(), burned="en")


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path / "project", create=True)
    yield opened
    opened.close()


@pytest.fixture
def one_font(monkeypatch):
    """A machine that has NanumGothic, and no other font."""
    for system in fonts.SYSTEM_FOLDERS:
        monkeypatch.setitem(fonts.SYSTEM_FOLDERS, system, ())
    monkeypatch.setenv(fonts.SETTING, str(Path(CARRIER.origin).parent / "fonts/NanumGothic.ttf"))


def stood(project, conductor, drama):
    assert conductor.wait([drama], 20)
    return project.dramas.get(drama)


def test_a_brief_says_what_its_drama_will_need():
    needs = needs_of_brief(Brief(theme="t", language="ko", burned="en", aspect="1:1", minutes=2))
    assert needs.models == ("task:script", "task:dialogue", "task:polish", "task:translate")
    assert [(it.model, it.language) for it in needs.voices] == [("speech:auto", "ko")]
    assert [(it.model, it.aspect, it.hurry) for it in needs.clips] == [("video:auto", "1:1", False)]
    assert set("the") <= set(needs.letters)
    assert needs.room_bytes > 500_000_000
    assert needs_of_brief(Brief(theme="t")).letters == ""
    assert "task:translate" not in needs_of_brief(Brief(theme="t", captions=("en",))).models


def test_what_is_there_is_needed_no_more_and_shots_say_how_long_their_clips_are(project):
    drama = project.dramas.add(WRITTEN)
    with gateway() as server, running(project, server.url) as conductor:
        before = needs_of(survey(project, drama))
        assert stood(project, conductor, drama).state == "done"
        after = needs_of(survey(project, drama))
    assert before.models[0] == "task:script"
    assert (after.models, after.voices, after.clips, after.letters) == ((), (), (), "")
    project.wishes.retake(drama, "clip/1.1")
    again = needs_of(survey(project, drama))
    assert [it.duration_ms for it in again.clips] == [4_000]
    assert again.room_bytes < before.room_bytes


@needs_nanum
def test_letters_that_no_font_has_stop_a_drama_before_its_first_request(project, one_font):
    drama = project.dramas.add(msgspec.structs.replace(WRITTEN, language="zh", burned="zh"))
    look = Preflight(project.root, None)
    with gateway() as server, running(project, server.url, preflight=look) as conductor:
        stands = stood(project, conductor, drama)
    assert (stands.state, stands.code) == ("blocked", "missing_tool")
    assert "fonts-noto-cjk" in stands.words
    assert "--burned none" in stands.words
    assert not server.book.asked


@needs_nanum
def test_a_script_with_strange_letters_stops_before_voices_and_clips_are_paid(project, one_font):
    drama = project.dramas.add(WRITTEN)
    look = Preflight(project.root, None)
    with gateway() as server, running(project, server.url, preflight=look) as conductor:
        text = msgspec.json.encode(script()).decode().replace("It came", "It came \u0e2a\u0e27")
        server.say = lambda _: text
        stands = stood(project, conductor, drama)
        assert (stands.state, stands.code) == ("blocked", "missing_tool")
        assert "no font on this machine has \u0e27 \u0e2a" in stands.words
        assert server.book.asked == {"chat": 3}
        project.dramas.change(drama, brief=msgspec.structs.replace(WRITTEN, burned=None))
        assert stood(project, conductor, drama).state == "done"
    assert server.book.asked["chat"] == 3


@needs_nanum
def test_an_emoji_that_no_font_has_is_told_before_it_is_left_out(project, one_font):
    drama = project.dramas.add(WRITTEN)
    look = Preflight(project.root, None)
    with gateway() as server, running(project, server.url, preflight=look) as conductor:
        text = msgspec.json.encode(script()).decode().replace("It came", "It came \U0001f984")
        server.say = lambda _: text
        assert stood(project, conductor, drama).state == "done"
    noted = [it for it in project.events.since(0, drama=drama) if it.what == "noted"]
    assert [it.words for it in noted] == [
        "No font has \U0001f984: left out of the captions in the picture."
    ]
    begun = [it.id for it in project.events.since(0, drama=drama) if it.place == "voice/1.1"]
    assert noted[0].id < begun[0]


@pytest.mark.parametrize("tag", [*LANGUAGES, "zh-Hant", "ja-JP"])
def test_letters_of_a_language_are_of_its_writing(tag):
    """Judged by the rules that scripts are judged by, and by fonts of the East Asian ones."""
    letters = letters_of(tag)
    assert len(letters) > 12
    if tag.partition("-")[0] not in ("ja", "zh", "yue"):
        assert why_not_in(tag, letters) is None
    assert ("\u8fd9" in letters) is (tag == "zh")
    assert ("\u9019" in letters) is (tag in ("yue", "zh-Hant"))


def test_a_disk_without_room_or_that_nobody_may_write_is_said(tmp_path):
    check_room(tmp_path / "new" / "films", 1)
    with pytest.raises(NoRoom, match=r"has [\d,]+ MB left, and about 1,000,000,000 MB"):
        check_room(tmp_path, 10**15)
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRoom, match="cannot be written"):
        check_room(tmp_path / "file" / "films", 1)
    with pytest.raises(NoRoom):
        Preflight(tmp_path, None).check(Needs(room_bytes=10**15))


def test_an_ffmpeg_that_cannot_do_what_films_need_is_said(monkeypatch, tmp_path):
    check_ffmpeg()
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho ' A....D aac  AAC'\n")
    poor.chmod(0o755)
    monkeypatch.setenv("MADANG_FFMPEG", str(poor))
    with pytest.raises(MissingTool, match=r"has no flac, libx264, .*ass,"):
        check_ffmpeg()
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("MADANG_FFMPEG", str(broken))
    with pytest.raises(MissingTool, match="does not run"):
        check_ffmpeg()


def test_all_that_nobody_does_is_named_at_once_with_what_to_do(tmp_path):
    refusal = {"error": {"message": "Nobody there.", "code": "model_not_found"}}
    with booth(lambda _: Answer(refusal, 404)) as server, pytest.raises(NotOffered) as refused:
        Preflight(tmp_path, Door(server.url, "k")).check(needs_of_brief(Brief(theme="t")))
    words = str(refused.value)
    for told in ("write it: Nobody there.", "--speech scratch-voice", "--video animatic"):
        assert words.count(told) == 1
    assert {"/v1/videos/plan", "/v1/audio/speech/plan", "/v1/models/task%3Ascript"} <= {
        it.path for it in server.asked
    }


def test_who_could_do_it_a_moment_ago_is_not_asked_again(tmp_path):
    with booth(lambda _: Answer({})) as server:
        look = Preflight(tmp_path, Door(server.url, "k"))
        for _ in range(3):
            look.check(needs_of_brief(Brief(theme="t")))
        assert len(server.asked) == 5


@pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (503, "overloaded")])
def test_a_gateway_that_cannot_be_asked_so_is_no_hindrance(tmp_path, status, code):
    """An older one, or one that is not there now: the work itself will tell, or wait."""
    told = Answer({"error": {"message": "no", "code": code}}, status)
    with booth(lambda _: told) as server:
        needs = needs_of_brief(Brief(theme="t"))
        assert Preflight(tmp_path, Door(server.url, "k")).check(needs) == ()
