"""Commands stop before the first paid request where a gateway cannot do all of it, and say what to do."""

import json

import pytest
from studio_doors_stand import ask, serving, studio

from madang_studio.store import Project
from stand.booth import Answer, booth

THEME = ("--theme", "Two strangers share an umbrella", "--minutes", "0.1", "--burned", "none")
STAND_INS = ("--video", "animatic", "--speech", "scratch-voice")
REFUSAL = Answer({"error": {"message": "not today", "type": "invalid_request_error"}}, 400)


@pytest.fixture
def text_only(tmp_path):
    """A project whose gateway has a provider for every text, and nobody for film and speech."""
    with booth(lambda _: REFUSAL) as server:
        home = tmp_path / "gateway"
        home.mkdir()
        provider = {
            "kind": "openai",
            "base_url": f"{server.url}/v1",
            "api_key": "k",
            "serves": "all",
        }
        config = {"providers": {"texts": provider}, "retries": {"attempts": 1}}
        (home / "madang.yaml").write_text(json.dumps(config))
        server.project = tmp_path
        yield server


def _states(folder):
    project = Project(folder)
    try:
        return {it.id: (it.state, it.code) for it in project.dramas.all()}
    finally:
        project.close()


def test_make_asks_nobody_while_somebody_is_missing_and_goes_on_with_what_is_accepted(text_only):
    done = studio("make", *THEME, cwd=text_only.project)
    assert done.returncode == 1
    for told in ("Nobody can film it", "No provider of video is configured", "--video animatic"):
        assert told in done.stderr
    assert done.stderr.count("Nobody can speak it") == 1
    assert text_only.asked == []
    (drama, stands), *_ = _states(text_only.project).items()
    assert stands == ("blocked", "not_offered")
    told = studio("plan", drama, "--json", cwd=text_only.project)
    assert told.returncode == 1
    assert "Nobody can film it" in json.loads(told.stdout)["missing"]
    assert text_only.asked == []
    accepted = studio("resume", drama, *STAND_INS, "--make", cwd=text_only.project)
    assert "Nobody can" not in accepted.stderr
    assert text_only.asked  # the script, which this provider refuses


def test_a_batch_stops_before_it_pays_for_any_of_its_dramas(text_only):
    wanted = {"defaults": {"minutes": 0.1, "burned": "none"}, "dramas": ["One", "Two"]}
    (text_only.project / "batch.yaml").write_text(json.dumps(wanted))
    done = studio("batch", "batch.yaml", "--json", cwd=text_only.project)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert {(it["state"], it["code"]) for it in report["dramas"]} == {("blocked", "not_offered")}
    assert all("--video animatic" in it["why"] for it in report["dramas"])
    assert text_only.asked == []


def test_the_api_refuses_what_cannot_be_made_and_takes_nothing_up(text_only):
    with serving(text_only.project) as running:
        brief = {"theme": "Two strangers", "minutes": 0.1}
        status, _, told = ask(running, "/dramas", {"brief": brief})
        assert (status, told["error"]["code"]) == (422, "not_offered")
        assert "Nobody can film it" in told["error"]["message"]
        assert ask(running, "/dramas")[2] == []
        named = {**brief, "video": "animatic", "speech": "scratch-voice"}
        status, _, taken = ask(running, "/dramas", {"brief": {**named, "burned": "en"}})
        assert status == 201
        address = f"/dramas/{taken['id']}/resume"
        changed = ask(running, address, {"speech": "tts-1", "burned": "none"})[2]["brief"]
        assert (changed["video"], changed["speech"]) == ("animatic", "tts-1")
        assert changed["burned"] is None
        assert ask(running, address, {"burned": "!"})[0] == 400


@pytest.mark.parametrize("command", ["make", "batch"])
def test_a_target_that_cannot_be_written_is_said_before_anybody_is_asked(text_only, command):
    (text_only.project / "file").write_text("")
    (text_only.project / "b.yaml").write_text('["One"]')
    what = THEME if command == "make" else ("b.yaml",)
    done = studio(command, *what, "--out", "file/films", cwd=text_only.project)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert text_only.asked == []


def test_an_unfit_ffmpeg_is_said_before_anybody_is_asked(text_only):
    program = text_only.project / "ffmpeg"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    environ = {"MADANG_FFMPEG": str(program)}
    done = studio("make", *THEME, *STAND_INS, cwd=text_only.project, environ=environ)
    assert done.returncode == 1
    assert "cannot do what films need: it has no aac" in done.stderr
    assert text_only.asked == []


def test_a_batch_that_has_no_room_to_be_handed_over_is_not_begun(text_only):
    """A thousand hours in each shape: no machine of tests has that."""
    shapes = {"minutes": 60, "exports": ["16:9", "1:1"]}
    wanted = {"defaults": shapes, "dramas": [f"Theme {number}" for number in range(10_000)]}
    (text_only.project / "batch.yaml").write_text(json.dumps(wanted))
    done = studio("batch", "batch.yaml", cwd=text_only.project)
    assert done.returncode == 1
    assert "about 60,000,000 MB will be needed" in done.stderr
    assert text_only.asked == []
    assert _states(text_only.project) == {}
