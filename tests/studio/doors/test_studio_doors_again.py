"""One line changed in a finished film: what is encoded again, what stays, and how little comes before it."""

import contextlib
import json
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest
from studio_doors_stand import BARE, studio

from madang_studio.batch.own_gateway import own_gateway
from madang_studio.errors import MissingTool

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
HEAVY = {"dbos", "sqlalchemy", "opentimelineio", "madang_studio.film.steps"}
"""What only a runner needs, and takes longest to read."""


@pytest.fixture(scope="module")
def again(film, tmp_path_factory):
    """The film after a change of its first line: the plan, what was made, each call of ffmpeg, the film."""
    folder = tmp_path_factory.mktemp("again")
    script, noting, calls = folder / "script.json", folder / "ffmpeg", folder / "calls.txt"
    noting.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nexec {FFMPEG} "$@"\n')
    noting.chmod(noting.stat().st_mode | stat.S_IXUSR)
    subprocess.run(["cp", "-r", film.project, folder / "project"], check=True)
    project = folder / "project"
    studio("script", film.drama, "--out", script, cwd=project)
    tree = json.loads(script.read_text())
    line = tree["scenes"][0]["lines"][0]
    line["text"] = line["text"].replace(" ", " - ", 1)
    script.write_text(json.dumps(tree))
    studio("script", film.drama, "--in", script, cwd=project)
    plan = json.loads(studio("plan", film.drama, "--json", cwd=project).stdout)
    with sqlite3.connect(project / "studio.db") as store:
        last = store.execute("SELECT max(id) FROM events").fetchone()[0]
        done = studio(
            "make", film.drama, "--json", cwd=project, environ={"MADANG_FFMPEG": str(noting)}
        )
        assert done.returncode == 0, done.stderr
        rows = store.execute("SELECT place FROM events WHERE id > ? AND what = 'begun'", (last,))
        begun = {place for (place,) in rows}
    return {
        "plan": {item["place"] for item in plan["items"]},
        "begun": begun,
        "calls": calls.read_text().splitlines(),
        "film": json.loads(done.stdout)["films"][0],
    }


def test_what_is_made_again_had_been_planned(again):
    assert again["begun"]
    assert again["begun"] <= again["plan"]


def test_one_shot_alone_is_encoded_again_and_nothing_is_filmed(again):
    """By what ffmpeg was asked for: one encoding of pictures, one of the mix."""
    assert sum("libx264" in call for call in again["calls"]) == 1
    assert sum("-c:a aac" in call for call in again["calls"]) == 1
    assert [place for place in again["begun"] if place.startswith("cut/")] == ["cut/9:16/1.1"]
    assert not any(place.startswith("clip/") for place in again["begun"])


def told_by_ffmpeg(file, *options):
    """What ffmpeg reports while it decodes a file."""
    command = [FFMPEG, "-hide_banner", "-i", file, *options, "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_the_joined_film_has_every_frame_in_its_time(film, again):
    """25 a second without a gap, as many as before, and sound from beginning to end."""
    seen = told_by_ffmpeg(again["film"], "-an", "-vf", "showinfo")
    heard = told_by_ffmpeg(again["film"], "-vn", "-af", "ashowinfo")
    times = [float(time) for time in re.findall(r"pts_time:([\d.]+)", seen)]
    assert times == pytest.approx([0.04 * at for at in range(film.made["duration_ms"] // 40)])
    samples = sum(int(count) for count in re.findall(r"nb_samples:(\d+)", heard))
    assert samples == film.made["duration_ms"] * 48


@pytest.mark.parametrize("command", ["make", "plan", "script", "status"])
def test_what_takes_long_to_read_is_not_read_before_a_gateway_starts(command):
    told = f"import sys, madang_studio.cli.{command}; print(*{HEAVY} & {{*sys.modules}})"
    said = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, env=BARE, check=True
    )
    assert (said.stdout, said.stderr) == ("\n", "")


def test_what_goes_wrong_while_the_gateway_starts_leaves_none_behind(tmp_path):
    def break_off():
        raise MissingTool("there is no ffmpeg")

    with pytest.raises(MissingTool), own_gateway(tmp_path, BARE, break_off):
        pass
    assert (tmp_path / "gateway.log").exists()
    assert not any(str(tmp_path) in words for words in running())


def running():
    """The command lines of all processes of this machine."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended since
            yield file.read_text(errors="replace")
