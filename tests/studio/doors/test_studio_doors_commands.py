"""The commands, run as a user runs them; what they made is judged by ffmpeg and by the project itself."""

import json
import re
import subprocess
import sys
from contextlib import closing

import imageio_ffmpeg
import pytest
from studio_doors_stand import BARE, studio

from madang.cli.elsewhere import load
from madang_studio.store import Project


def said_by_ffmpeg(path):
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-hide_banner",
        "-i",
        path,
        "-af",
        "ebur128",
        "-f",
        "null",
        "-",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_one_command_on_a_bare_machine_makes_a_film_that_ffmpeg_agrees_about(film):
    said = said_by_ffmpeg(film.made["films"][0])
    minutes, seconds = re.search(r"Duration: 00:(\d\d):([\d.]+)", said).groups()
    assert abs(int(minutes) * 60 + float(seconds) - film.made["duration_ms"] / 1000) < 0.1
    assert re.search(r"Video: h264.*720x1280.*25 fps", said)
    assert re.search(r"Audio: aac.*48000 Hz, stereo", said)
    assert -15 <= float(re.findall(r"I:\s+(-[\d.]+) LUFS", said)[-1]) <= -13


def test_what_is_a_stand_in_is_said_in_plain_words(film, told):
    assert any("animatic" in words for words in film.made["stand_ins"])
    assert any("scratch voices" in words for words in film.made["stand_ins"])
    assert "Stand-in: the picture is an animatic" in told("status", film.drama).stdout


def test_the_gateway_that_was_started_is_ended_and_its_keys_are_for_the_owner_only(film):
    home = film.project / "gateway"
    assert not (home / "serving.json").exists()
    for name in ("studio.key", "admin.key"):
        assert (home / name).stat().st_mode & 0o077 == 0
        assert (home / name).read_text() not in film.said


def test_making_the_same_again_makes_nothing(film):
    done = studio("make", film.drama, "--json", cwd=film.project)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cost_nusd"] == film.made["cost_nusd"]
    assert "is drafted" not in done.stderr
    assert "clip of shot" not in done.stderr


def test_a_changed_line_is_planned_and_the_plan_asks_for_no_clip(told, film, copy, tmp_path):
    file = tmp_path / "script.json"
    assert told("script", film.drama, "--out", file, project=copy).exit_code == 0
    tree = json.loads(file.read_text())
    line = next(line for scene in tree["scenes"] for line in scene["lines"])
    line["text"] = line["text"].replace(" ", " - ", 1)
    file.write_text(json.dumps(tree))
    taken = told("script", film.drama, "--in", file, "--json", project=copy)
    changed = json.loads(taken.stdout)["changed"]
    assert changed == {"lines": [line["id"]], "characters": [], "places": [], "others": []}
    steps = {
        it["step"]
        for it in json.loads(told("plan", film.drama, "--json", project=copy).stdout)["items"]
    }
    assert {"voice", "mix", "film"} <= steps
    assert not steps & {"clip", "prompt", "music", "draft"}


def test_a_file_that_says_nothing_of_a_change_takes_it_back(told, film, copy, tmp_path):
    before, after = tmp_path / "before.yaml", tmp_path / "after.yaml"
    told("script", film.drama, "--out", before, project=copy)
    text = before.read_text()
    coat = re.search(r"clothing: (.+)", text)[1]
    after.write_text(text.replace(coat, "a green raincoat", 1))
    told("script", film.drama, "--in", after, project=copy)
    assert json.loads(told("plan", film.drama, "--json", project=copy).stdout)["items"]
    told("script", film.drama, "--in", before, project=copy)
    assert told("plan", film.drama, project=copy).stdout == "Nothing has to be made.\n"


def test_a_mistake_in_a_script_is_told_with_its_line_and_changes_nothing(
    told, film, copy, tmp_path
):
    file = tmp_path / "script.yaml"
    told("script", film.drama, "--out", file, project=copy)
    file.write_text(file.read_text().replace("emotion: ", "emotion: furiously ", 1))
    done = told("script", film.drama, "--in", file, project=copy)
    assert done.exit_code == 1
    assert re.search(r"Error: script.yaml, line \d+: ", done.stderr)
    assert told("plan", film.drama, project=copy).stdout == "Nothing has to be made.\n"


def test_status_says_what_each_part_has_cost_and_all_of_them_are_what_the_drama_cost(told, film):
    found = json.loads(told("status", film.drama, "--json").stdout)
    costs = {it["place"]: it["cost_nusd"] for it in found["parts"]}
    assert sum(costs.values()) == found["cost_nusd"] == film.made["cost_nusd"]
    assert costs["script/draft"] > 0
    assert costs["mix"] == 0
    lines = told("status", film.drama, "--all").stdout.splitlines()
    draft = next(line for line in lines if "script/draft" in line)
    assert f"${costs['script/draft'] / 1e9:.6f}"[:6] in draft


def test_takes_are_numbered_as_they_were_made(told, film, copy):
    (only,) = json.loads(
        told("retake", film.drama, "1.1", "--takes", "--json", project=copy).stdout
    )
    assert only["now"]
    again = json.loads(told("retake", film.drama, "1.1", "--json", project=copy).stdout)
    assert again["take"] == 2
    assert "clip/1.1" in {it["place"] for it in again["plan"]["items"]}
    assert told("retake", film.drama, "1.1", "--take", "1", project=copy).exit_code == 0
    assert told("plan", film.drama, project=copy).stdout == "Nothing has to be made.\n"


def test_pause_cancel_and_resume_say_what_became_of_it(told, film, copy):
    assert told("pause", film.drama, project=copy).exit_code == 1  # it is done
    told("resume", film.drama, project=copy)
    assert told("pause", film.drama, project=copy).stdout == f"{film.drama} is paused.\n"
    assert told("cancel", film.drama[:6], project=copy).stdout == f"{film.drama} is cancelled.\n"
    assert json.loads(told("list", "--json", project=copy).stdout)[0]["state"] == "cancelled"


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (["status", "nope"], 1, "There is no drama nope"),
        (["make", "missing.yaml"], 1, "There is no file missing.yaml"),
        (["make"], 2, "Give a --theme"),
        (["make", "--theme", "x", "--genre", "romcom"], 2, "Did you mean romance?"),
        (["make", "--theme", "x", "--minutes", "0"], 2, "minutes"),
        (["approve", "x", "everything"], 2, "everything"),
        (["plan"], 2, "DRAMA"),
    ],
)
def test_failures_are_one_clear_line_with_their_exit_status(told, args, status, words):
    done = told(*args)
    assert (done.exit_code, words in done.stderr) == (status, True), done.output
    assert "Traceback" not in done.output


def test_a_folder_that_is_no_project_is_told(told, tmp_path):
    done = told("list", project=tmp_path)
    assert done.exit_code == 1
    assert "madang studio init" in done.stderr


def test_init_makes_a_project_whose_samples_can_be_read(told, tmp_path):
    assert studio("init", "p", cwd=tmp_path).returncode == 0
    Project(tmp_path / "p").close()
    assert {"brief.yaml", "batch.yaml"} <= {it.name for it in (tmp_path / "p").iterdir()}


def test_the_studio_is_imported_only_when_it_is_asked_for():
    program = (
        "import sys, madang.cli; print([m for m in sys.modules if m.startswith('madang_studio')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=BARE, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
    helped = subprocess.run(
        [sys.executable, "-m", "madang", "--help"],
        env=BARE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "studio" in helped.stdout


def test_a_command_that_no_package_brings_is_told():
    with pytest.raises(Exception, match="is not installed here"):
        load("nobody-brings-this")


def test_resume_says_what_may_be_paid_twice_and_asks_for_it_only_where_that_is_accepted(
    told, film, copy
):
    with closing(Project(copy)) as project:
        stamp = project.shelf.now(film.drama)["clip/1.1"]
        job = project.jobs.hand_out(film.drama, "clip/1.1", stamp, kind="render", reserve_nusd=0)
        project.jobs.fail(job, again_at=None, spoiled=True, why=("in_vain", "lost"))
    held = told("resume", film.drama, project=copy).stdout
    assert held.startswith("Not asked for again, as it may be paid twice: clip/1.1.")
    assert told("resume", film.drama, "--pay-again", project=copy).stdout == (
        f"{film.drama} is going.\n"
    )
