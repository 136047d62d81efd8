"""A shot's cut: as long as its shot, in the film's shape, its captions drawn, its faults seen."""

import hashlib
import re

import pytest
from PIL import Image
from studio_film_stand import SIZE, Drama

from madang_studio.errors import MissingTool, StudioError
from madang_studio.film.cut import signature
from madang_studio.programs import ffmpeg, fonts
from madang_studio.programs.probe import frames, probe


def cut(folder, picture="test", seconds=1.0, planned=1000, size=SIZE, **more):
    """One shot, cut; `said` is a line of 0.5 s with that text, burned in."""
    said = more.get("said")
    drama = Drama(folder, {"1.1": (picture, seconds, planned, {"1.1": 0.5} if said else {})})
    if said:
        drama.texts["1.1"], drama.burned = said, "en"
    return drama.footage().cut("1.1", size)


def still(made, seconds, crop=None):
    """A frame of a cut as a picture."""
    target = made.folder / "still.png"
    where = ["-ss", str(seconds), "-i", "cut.mp4", "-frames:v", "1", "-update", "1", target.name]
    ffmpeg.run(where, made.folder)
    return Image.open(target).convert("L").crop(crop)


@pytest.mark.parametrize(
    ("seconds", "planned"), [(1.0, 1000), (2.0, 1000), (1.0, 1040), (0.5, 2000)]
)
def test_a_cut_is_as_long_as_its_shot_to_the_frame(tmp_path, seconds, planned):
    made = cut(tmp_path, seconds=seconds, planned=planned)
    assert frames(made.path("cut.mp4")) == planned // 40 == made.facts["frames"]
    assert len(signature(made.path("signature.gray"))) == planned // 40
    report = ffmpeg.run(["-i", "cut.mp4", "-vf", "showinfo", "-f", "null", "-"], made.folder)
    times = [float(time) for time in re.findall(r"pts_time:([\d.]+)", report)]
    assert times == pytest.approx([0.04 * at for at in range(planned // 40)])


def test_a_clip_keeps_no_sound(tmp_path):
    assert probe(cut(tmp_path).path("cut.mp4")).audios == 0


@pytest.mark.parametrize(
    ("seconds", "planned", "slowed", "held"),
    [(1.0, 1000, 1.0, 0), (1.0, 1200, 1.0, 200), (1.0, 1400, 1.4, 0), (1.0, 2000, 1.5, 500)],
)
def test_a_clip_that_is_too_short_is_slowed_down_then_held_and_both_are_said(
    tmp_path, seconds, planned, slowed, held
):
    facts = cut(tmp_path, seconds=seconds, planned=planned).facts
    assert facts["slowed"] == pytest.approx(slowed, abs=0.05)
    assert facts["held_ms"] == pytest.approx(held, abs=60)


@pytest.mark.parametrize(
    ("width", "height", "fit"),
    [(180, 320, "whole"), (192, 320, "cropped"), (320, 180, "blurred"), (240, 240, "blurred")],
)
def test_a_clip_of_another_shape_is_fitted_and_that_is_said(tmp_path, width, height, fit):
    made = cut(tmp_path, size={"aspect": "1:1", "width": width, "height": height})
    media = probe(made.path("cut.mp4"))
    assert (media.width, media.height, media.fps) == (width, height, 25)
    assert made.facts["fit"] == fit


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    one, other = (cut(tmp_path / name, said="Hello!") for name in "ab")
    for name in ("cut.mp4", "signature.gray", "thumbnail.jpg"):
        digests = [hashlib.sha256(made.path(name).read_bytes()).digest() for made in (one, other)]
        assert digests[0] == digests[1]


def test_black_and_frozen_stretches_are_seen(tmp_path):
    assert cut(tmp_path / "a", "black").facts["black"] == [[0, 960]]
    assert cut(tmp_path / "b", "still", 2, 2000).facts["frozen"] == [[0, 2000]]
    moving = cut(tmp_path / "c").facts
    assert not moving["black"]
    assert not moving["frozen"]


HOSTILE = "it's: 100%{pts} {\\alpha&HFF&}{\\an8} \\Nno\nway, [a]=b;c"
"""Marks of filters and of the drawn format: one of them makes letters invisible, one moves them to the top."""


@pytest.mark.parametrize("text", ["안녕하세요, 미나!", "Hello, Mina!", "שלום לכם", HOSTILE])
def test_captions_are_drawn_while_the_line_is_heard_and_not_before(tmp_path, text):
    """The line is heard from 0.28 s on, and its caption stands for a second at most: until 0.92."""
    made = cut(tmp_path, "black", said=text)

    def white(seconds):
        return sum(value > 200 for value in still(made, seconds, (0, 200, 180, 300)).tobytes())

    assert white(0.0) == white(0.96) == 0
    assert white(0.6) > 60


@pytest.mark.skipif(not fonts.installed(), reason="needs a font")
def test_a_font_that_is_missing_stops_the_work_before_anything_is_drawn(tmp_path, monkeypatch):
    latin = [path for path in fonts.installed() if "DejaVuSans" in path.stem][:1]
    monkeypatch.setattr(fonts, "installed", lambda: tuple(latin))
    with pytest.raises(MissingTool, match="fonts-noto"):
        cut(tmp_path, said="안녕하세요")
    assert not list(tmp_path.rglob("cut.mp4"))


def test_what_no_font_has_is_left_out_and_noted(tmp_path):
    facts = cut(tmp_path, said="Hello \U0001f984").facts
    assert facts["notes"] in ([], ["no font has \U0001f984: left out of the captions"])


def test_marks_and_paths_in_a_text_do_nothing(tmp_path):
    said = "{\\an8\\fs200}x\\N ',; [0:v] %{pts} C:\\fonts"
    assert cut(tmp_path / "it's [odd], here;", said=said).facts["frames"] == 25


def test_a_clip_without_a_picture_names_its_shot(tmp_path):
    drama = Drama(tmp_path, {"2.4": ("test", 1.0, 1000, {})}).footage()
    clip = drama.made["clip/2.4"].path("clip.mp4")
    ffmpeg.run(["-f", "lavfi", "-i", "sine=d=1", clip.name], clip.parent)
    with pytest.raises(StudioError, match=r"shot 2\.4 has no picture"):
        drama.cut("2.4")
    clip.write_bytes(b"\0" * 1000)
    with pytest.raises(StudioError, match="no media file"):
        drama.cut("2.4")
