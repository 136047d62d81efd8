"""Clips of the animatic, judged by ffmpeg and by their pixels."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from madang.drills.animatic.film import clip, still
from stand.footage import frame, probe

SMALL = {"width_px": 180, "height_px": 320}
MINA = "Mina — short black hair; {} coat over a white shirt"
SHOT = f"Place: an office at noon\nCharacters: {MINA}\nAction: Mina walks\nCamera: {{}}"


def shot(coat="red", camera="push in, medium"):
    return SHOT.format(coat, camera)


def reddish(picture):
    """How many pixels are plainly red."""
    red, green, blue = picture.split()
    over = ImageChops.subtract(red, ImageChops.lighter(green, blue))
    return sum(over.histogram()[70:])


@pytest.mark.parametrize(
    ("size", "ms"), [((180, 320), 1_500), ((320, 180), 1_000), ((202, 202), 400)]
)
def test_a_clip_has_its_size_length_and_format(tmp_path, size, ms):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip(shot(), width_px=size[0], height_px=size[1], duration_ms=ms))
    facts = probe(path)
    assert (facts["size"], facts["codec"], facts["pixels"]) == (size, "h264", "yuv420p")
    assert facts["fps"] == 25
    assert facts["duration_s"] == pytest.approx(ms / 1000, abs=1 / 25)
    assert facts["streams"] == 1


def test_sound_is_silent_and_only_there_where_it_is_asked_for(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip(shot(), **SMALL, duration_ms=500, audio=True))
    assert probe(path)["streams"] == 2
    assert probe(path)["duration_s"] == pytest.approx(0.5, abs=2 / 25)


@pytest.mark.parametrize(
    "camera", ["static", "push in", "pull out", "pan left", "tilt up", "handheld", "tracking"]
)
def test_something_moves_whatever_the_camera_does(tmp_path, camera):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip(shot(camera=f"{camera}, medium"), **SMALL, duration_ms=1_000))
    change = ImageChops.difference(frame(path, 0), frame(path, 0.9))
    assert sum(ImageStat.Stat(change).mean) > 1.5


def test_the_same_order_gives_the_same_bytes_and_another_seed_others():
    first, again, other = (clip(shot(), **SMALL, duration_ms=250, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_coat_of_another_colour_is_seen():
    red, blue = (
        Image.open(BytesIO(still(shot(coat), **SMALL))).convert("RGB") for coat in ("red", "blue")
    )
    assert reddish(red) > 1_500
    assert reddish(blue) < 300


def test_a_push_in_makes_what_is_in_the_middle_larger(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip(shot(camera="push in, medium"), **SMALL, duration_ms=1_000))
    assert reddish(frame(path, 0.95)) > 1.1 * reddish(frame(path, 0))


@pytest.mark.parametrize("size", [(180, 320), (320, 180), (240, 240)])
@pytest.mark.parametrize("who", ["a tall man, 30", "a small boy, 8", "a woman, 28"])
@pytest.mark.parametrize("camera", ["close-up", "medium", "wide"])
def test_no_head_is_cut_off_and_the_smallest_is_seen(who, size, camera):
    told = f"Characters: Kim — {who}, short red hair; black coat\nCamera: {camera}, slow push in"
    for share in (0.0, 1.0):
        made = still(told, width_px=size[0], height_px=size[1], share=share)
        red, green, blue = Image.open(BytesIO(made)).convert("RGB").split()
        hair = ImageChops.subtract(red, ImageChops.lighter(green, blue)).point(
            lambda it: 255 * (it > 100)
        )
        _, top, _, bottom = hair.getbbox()
        assert top > 2, "the head is cut off"
        assert top < size[1] * 0.5, "the face is below the middle"
        assert bottom < size[1] * 0.8


def test_the_lower_part_is_dark_enough_for_captions():
    picture = Image.open(
        BytesIO(still("Place: a beach at noon\nCharacters: nobody is seen", **SMALL))
    )
    low = ImageStat.Stat(picture.convert("L").crop((0, 285, 180, 320))).mean[0]
    assert low < 150


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_stills_come_in_every_format(kind):
    picture = Image.open(BytesIO(still(shot(), width_px=120, height_px=80, kind=kind)))
    assert (picture.size, picture.format.lower()) == ((120, 80), kind)


@pytest.mark.parametrize(
    "prompt", ["", "\0\ud800", "🎬" * 4_000, "شخص يمشي", "a: b: c — — —\n" * 900, "Characters: ———"]
)
def test_any_prompt_makes_a_picture(prompt):
    assert still(prompt, width_px=64, height_px=64)
