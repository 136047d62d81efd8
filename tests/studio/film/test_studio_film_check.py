"""The technical check finds every fault that was planted, and names the shot."""

import shutil

import msgspec
import pytest
from studio_film_stand import SIZE, Drama

from madang_studio.errors import FailedCheck, StudioError
from madang_studio.film import subtitles
from madang_studio.film.check import check
from madang_studio.film.cues import Cue
from madang_studio.film.cut import Cut
from madang_studio.film.heard import sound
from madang_studio.film.known import Known, Mix
from madang_studio.film.order import order
from madang_studio.film.steps import _captions
from madang_studio.model.timeline import Timeline
from madang_studio.model.work import Node, Task
from madang_studio.programs import ffmpeg, packets


def known_of(drama: Drama) -> Known:
    """What a finished film is judged by."""
    cuts = [drama.made[f"cut/9:16/{shot}"] for shot in drama.shots]
    return Known(
        timeline=msgspec.convert(drama.made["timeline"].facts, Timeline),
        width_px=180,
        height_px=320,
        cuts=tuple(msgspec.convert(made.facts, Cut) for made in cuts),
        signatures=tuple(made.path("signature.gray") for made in cuts),
        mix=msgspec.convert(drama.made["mix"].facts, Mix),
        silent_lines=tuple(drama.made["mix"].facts["silent"]),
    )


@pytest.fixture
def judged(finished, tmp_path):
    """Checks another file in place of the finished film: what was found that blocks, and where."""

    def judge(film):
        found = check(film, known_of(finished), tmp_path)
        return {(finding.what, finding.shot) for finding in found if finding.blocks}

    return judge


def joined(drama, folder, shots, mix=True):
    """A film of these cuts, put together without any of our care."""
    listing = folder / "list.txt"
    cuts = [drama.made[f"cut/9:16/{shot}"].path("cut.mp4") for shot in shots]
    listing.write_text("".join(f"file '{cut}'\n" for cut in cuts))
    sound = ["-i", str(drama.made["mix"].path("mix.m4a"))] if mix else []
    inputs = ["-f", "concat", "-safe", "0", "-i", "list.txt", *sound]
    ffmpeg.run([*inputs, "-c", "copy", "planted.mp4"], folder)
    return folder / "planted.mp4"


def spoiled(drama, folder, *options):
    """The finished film with something done to it."""
    film = drama.made["film/9:16"].path("film.mp4")
    ffmpeg.run(["-i", str(film), *options, "planted.mp4"], folder)
    return folder / "planted.mp4"


def test_a_good_film_passes_and_says_what_was_done_to_clips(finished, judged):
    assert judged(finished.made["film/9:16"].path("film.mp4")) == set()
    remarks = finished.made["check/9:16"].facts["findings"]
    (remark,) = (each for each in remarks if each["what"] == "changed")
    assert remark["shot"] == "1.3"
    assert "slowed down to 1.33 times" in remark["words"]


def test_swapped_clips_are_found_in_both_places(finished, judged, tmp_path):
    found = judged(joined(finished, tmp_path, ["1.2", "1.1", "1.3"]))
    assert found == {("order", "1.1"), ("order", "1.2")}


def test_a_film_of_only_its_first_clip_is_found(finished, judged, tmp_path):
    found = judged(joined(finished, tmp_path, ["1.1"]))
    assert {("order", "1.2"), ("order", "1.3"), ("duration", "1.2")} <= found


def test_the_first_clip_over_and_over_is_found(finished, judged, tmp_path):
    found = judged(joined(finished, tmp_path, ["1.1", "1.1", "1.1"]))
    assert found == {("order", "1.2"), ("order", "1.3")}


def test_a_film_that_is_its_cuts_is_not_looked_at_again(finished, tmp_path):
    """There is nothing to compare its frames with, and none is asked for."""
    known = msgspec.structs.replace(known_of(finished), signatures=(tmp_path / "none",) * 3)
    film = finished.made["film/9:16"].path("film.mp4")
    held = packets.read(film, tmp_path, h264=True)
    assert order(film, held.pictures, known, tmp_path) == []
    with pytest.raises(FileNotFoundError):
        order(film, held.pictures[1:], known, tmp_path)


def test_a_picture_that_comes_too_late_is_found_with_its_shot(finished, judged, tmp_path):
    """A third of a second is missing in the second shot; no frame is."""
    later = "if(gte(PTS\\,3*12800)\\,4096\\,0)"
    shifted = f"setts=pts=PTS+{later}:dts=DTS+{later}"
    found = judged(spoiled(finished, tmp_path, "-c", "copy", "-bsf:v", shifted))
    assert ("duration", "1.2") in found


def test_what_was_measured_of_the_mix_is_taken_for_a_film_that_has_it(finished, tmp_path):
    film = finished.made["film/9:16"].path("film.mp4")
    held = packets.read(film, tmp_path, h264=True).sounds
    known = known_of(finished)
    loud = msgspec.structs.replace(known, mix=msgspec.structs.replace(known.mix, lufs=-9.0))
    assert [it.what for it in sound(film, held, loud)] == ["loudness"]
    assert sound(film, held[1:], loud) == []  # another sound: measured, and found good


def test_a_film_without_sound_is_found(finished, judged, tmp_path):
    found = judged(joined(finished, tmp_path, ["1.1", "1.2", "1.3"], mix=False))
    assert ("streams", None) in found


def test_a_silent_film_is_found(finished, judged, tmp_path):
    found = judged(spoiled(finished, tmp_path, "-c:v", "copy", "-af", "volume=0", "-c:a", "aac"))
    assert found == {("silence", None)}


def test_sound_that_stops_in_the_middle_is_found_with_its_shot(finished, judged, tmp_path):
    quiet = "volume=0:enable='gt(t,1.5)'"
    found = judged(spoiled(finished, tmp_path, "-c:v", "copy", "-af", quiet, "-c:a", "aac"))
    assert ("silence", "1.1") in found


def test_a_film_that_is_too_loud_and_clipped_is_found(finished, judged, tmp_path):
    loud = "volume=24dB:enable='between(t,2.2,2.8)',volume=6dB"
    found = judged(spoiled(finished, tmp_path, "-c:v", "copy", "-af", loud, "-c:a", "aac"))
    assert found == {("loudness", None), ("peaks", "1.2")}


def test_a_film_that_is_too_quiet_is_found(finished, judged, tmp_path):
    found = judged(spoiled(finished, tmp_path, "-c:v", "copy", "-af", "volume=-6dB", "-c:a", "aac"))
    assert found == {("loudness", None)}


def test_a_film_of_another_size_is_found(finished, judged, tmp_path):
    found = judged(spoiled(finished, tmp_path, "-vf", "scale=90:160", "-c:a", "copy"))
    assert ("streams", None) in found


def test_a_film_that_ends_too_early_is_found_with_the_shot_where_it_ends(
    finished, judged, tmp_path
):
    found = judged(spoiled(finished, tmp_path, "-t", "4.4", "-c:a", "copy"))
    assert {("duration", None), ("duration", "1.3")} <= found


@pytest.mark.parametrize("picture", ["black", "still"])
def test_a_black_or_frozen_shot_blocks_and_is_named_and_the_film_stays(tmp_path, picture):
    shots = {"1.1": ("red", 3.0, 3000, {"1.1": 1.0}), "1.2": (picture, 3.0, 3000, {})}
    drama = Drama(tmp_path, shots).footage().sound()
    film = drama.film()
    words = "black" if picture == "black" else "frozen"
    with pytest.raises(FailedCheck, match=rf"shot 1\.2: the picture is {words} for 3\.0 s"):
        drama.check()
    assert film.exists()


def test_a_voice_that_is_silence_blocks_and_its_line_is_named(tmp_path):
    drama = Drama(tmp_path, {"1.1": ("red", 2.0, 2000, {"1.1": 1.0})})
    drama.level = 0.0
    drama.footage().sound().film()
    with pytest.raises(FailedCheck, match=r"shot 1\.1: nothing is heard in line 1\.1"):
        drama.check()


CAPTIONS = [
    ("00:00:00,000 --> 00:00:00,000\nA", "a caption has no length", "1.1"),
    ("00:00:01,000 --> 00:00:03,000\nA\n\n2\n00:00:02,500 --> 00:00:03,500\nB", "overlap", "1.2"),
    ("00:00:05,000 --> 00:00:07,000\nA", "after the film's end", "1.3"),
    ("00:00:05,000 --> 00:00:05,500\n ", "a caption is empty", "1.3"),
]


@pytest.mark.parametrize(("text", "words", "shot"), CAPTIONS)
def test_bad_captions_are_found_in_their_file(finished, text, words, shot):
    timeline = known_of(finished).timeline
    found = subtitles.judge("captions/en (srt)", subtitles.read(f"1\n{text}\n\n"), timeline)
    assert [(finding.shot, words in finding.words) for finding in found] == [(shot, True)]


def test_captions_that_all_stand_at_zero_block(finished, tmp_path):
    """As where times were lost on the way to the file: each line is heard without its caption, too."""
    made = finished.made["captions/en"]
    for name in made.files:
        shutil.copy(made.path(name), tmp_path)
    zero = "".join(f"{at}\n00:00:00,000 --> 00:00:00,000\nLine\n\n" for at in (1, 2, 3))
    (tmp_path / "captions.srt").write_text(zero)
    spoilt = msgspec.structs.replace(made, folder=tmp_path)
    node = Node(key="check/9:16", step="check", kind="export", params=SIZE)
    task = Task(node=node, inputs={"captions/en": spoilt}, folder=tmp_path, name="check")
    found = _captions(task, known_of(finished).timeline)
    assert sum("no length" in finding.words for finding in found) == 3
    assert sum("nothing stands while line" in finding.words for finding in found) == 3


def test_a_long_line_over_in_no_time_is_made_and_remarked(tmp_path):
    """10,000 letters in a voice of half a second: captions stay in the shot, and the check says so."""
    drama = Drama(tmp_path, {"1.1": ("red", 2.0, 2000, {"1.1": 0.5, "1.2": 0.5})})
    drama.texts["1.1"], drama.burned = "word " * 2000, "en"
    drama.footage().sound().film()
    paces = [row for row in drama.check().facts["findings"] if row["what"] == "pace"]
    assert "line 1.1 has" in paces[0]["words"]
    assert paces[0]["shot"] == "1.1"


def test_a_voice_that_cannot_be_read_names_its_line(tmp_path):
    drama = Drama(tmp_path, {"1.1": ("red", 2.0, 2000, {"1.1": 0.5})}).footage()
    drama.made["voice/1.1"].path("voice.wav").write_bytes(b"RIFF")
    with pytest.raises(StudioError, match=r"the voice of line 1\.1 cannot be read"):
        drama.sound()


def test_times_are_read_as_players_read_them():
    text = "WEBVTT\n\nnote\n00:01.000 --> 00:02.500 align:start\nOne\n\n1:00:00.000 --> 1:00:01.000\nTwo\n"
    assert subtitles.read(text) == [
        Cue(1000, 2500, ("One",)),
        Cue(3_600_000, 3_601_000, ("Two",)),
    ]
