"""The package: everything of a film, the same bytes again, its sums right."""

import copy
import csv
import hashlib
import io
import json
import zipfile

import msgspec
import opentimelineio as otio
import pytest
from PIL import Image

from madang_studio.film.costs import dollars
from madang_studio.film.package import STRANGE
from madang_studio.model.script import Script
from madang_studio.programs.probe import frames


@pytest.fixture(scope="module")
def paid(finished):
    """The finished film, with prices."""
    drama = copy.copy(finished)
    drama.made = dict(finished.made)
    for key, cost in (("clip/1.1", 400_000_000), ("clip/1.2", 600_000_001), ("voice/1.1", 15_000)):
        priced = {"cost_nusd": cost, "requests": (f"req-{key}",)}
        drama.made[key] = msgspec.structs.replace(drama.made[key], **priced)
    return drama


@pytest.fixture(scope="module")
def package(paid):
    return paid.package()


def _json(package, name):
    with zipfile.ZipFile(package) as archive:
        return json.loads(archive.read(name))


def test_the_manifest_has_every_file_with_its_hash(package):
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None
        listed = {row["name"]: row for row in _json(package, "manifest.json")["files"]}
        assert set(archive.namelist()) == {*listed, "manifest.json"}
        for name, row in listed.items():
            data = archive.read(name)
            assert (len(data), hashlib.sha256(data).hexdigest()) == (row["bytes"], row["sha256"])


def test_everything_is_in_it(package):
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
    shots = ("1.1", "1.2", "1.3")
    assert {"film-9x16.mp4", "check-9x16.json", "timeline.otio", "contact-sheet.jpg"} <= names
    assert {f"captions/en.{kind}" for kind in ("srt", "vtt", "ass")} <= names
    assert {"sound/mix.m4a", "sound/voices.flac", "sound/bed.flac"} <= names
    assert {f"clips/{shot}.mp4" for shot in shots} | {
        f"thumbnails/{shot}.jpg" for shot in shots
    } <= names
    assert {"script/script.json", "script/script.txt", "costs.csv", "costs.json"} <= names


def test_a_second_time_gives_the_same_bytes(paid, package):
    before = package.read_bytes()
    del paid.made["package"]
    assert paid.package().read_bytes() == before


def test_the_cost_sheet_adds_up_to_the_nano_dollar(package):
    costs = _json(package, "costs.json")
    assert costs["total_nusd"] == 1_000_015_001
    assert costs["total_usd"] == "1.000015001"
    assert costs["by_sort_nusd"] == {"clip": 1_000_000_001, "voice": 15_000}
    assert costs["per_second_nusd"] == 1_000_015_001 // 6
    with zipfile.ZipFile(package) as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("costs.csv"))))
    assert [(row["artefact"], row["cost_usd"]) for row in rows] == [
        ("clip/1.1", "0.40"), ("clip/1.2", "0.600000001"), ("voice/1.1", "0.000015"),
        ("total", "1.000015001"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("nusd", "text"), [(0, "0.00"), (1, "0.000000001"), (-25_000_000, "-0.025"), (10**9, "1.00")]
)
def test_dollars_are_exact(nusd, text):
    assert dollars(nusd) == text


def test_the_edit_opens_in_other_programs(package, tmp_path):
    """Read back by OpenTimelineIO: shots in order, frame by frame as long as the film."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    edit = otio.adapters.read_from_file(str(tmp_path / "timeline.otio"))
    picture, voices, music = edit.tracks
    assert [clip.name for clip in picture] == ["1.1", "1.2", "1.3"]
    assert picture.duration().to_frames() == frames(tmp_path / "film-9x16.mp4") == 150
    assert all(
        (tmp_path / clip.media_reference.target_url).is_file()
        for track in edit.tracks
        for clip in track
    )
    assert [marker.name for clip in picture for marker in clip.markers] == [
        "line 1.1",
        "line 1.2",
        "line 1.3",
    ]
    assert voices.duration() == music.duration() == picture.duration()
    (slow,) = picture[2].effects
    assert slow.time_scalar == pytest.approx(0.75, abs=0.01)


def test_the_contact_sheet_shows_each_shot_with_its_time(package):
    with zipfile.ZipFile(package) as archive:
        sheet = Image.open(io.BytesIO(archive.read("contact-sheet.jpg")))
        thumbnails = [
            Image.open(io.BytesIO(archive.read(f"thumbnails/1.{at}.jpg"))) for at in (1, 2, 3)
        ]
    assert all(thumbnail.size == (180, 320) for thumbnail in thumbnails)
    assert sheet.width > 2 * 135
    assert len(set(sheet.resize((40, 40)).convert("L").tobytes())) > 20


@pytest.mark.parametrize(
    ("shot", "name"), [("../../x", "_/_/x"), ("1.2", "1.2"), ("/etc/a b", "_etc_a_b"), ("..", "_")]
)
def test_no_id_leads_out_of_the_package(shot, name):
    assert STRANGE.sub("_", shot) == name.replace("_/_/", "____")


def test_the_script_can_be_read_by_people_and_programs(package):
    with zipfile.ZipFile(package) as archive:
        text = archive.read("script/script.txt").decode()
        script = msgspec.json.decode(archive.read("script/script.json"), type=Script)
    assert text.startswith("A film\n======\n")
    for line in script.scenes[0].lines:
        assert f"Mina:\n    {line.text}\n" in text
