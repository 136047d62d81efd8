"""The finished film: all shots in order, in step with its sound, the same bytes again."""

import re

import pytest
from studio_film_stand import SIZE

from madang_studio.errors import StudioError
from madang_studio.film.join import join
from madang_studio.model.timeline import Timeline, lay_out
from madang_studio.programs import ffmpeg, loudness
from madang_studio.programs.probe import probe


@pytest.fixture(scope="module")
def film(finished):
    return finished.made["film/9:16"].path("film.mp4")


def test_it_plays_everywhere(film):
    """H.264 and AAC in MP4, one stream of each, at 25 frames."""
    media = probe(film)
    assert (media.videos, media.audios, media.video_codec, media.audio_codec) == (
        1,
        1,
        "h264",
        "aac",
    )
    assert (media.width, media.height, media.fps, media.rate_hz) == (180, 320, 25, 48_000)


def test_the_sound_is_as_long_as_the_timeline(film):
    """Decoded, to the sample; the next rule counts the frames."""
    report = ffmpeg.run(
        ["-i", film.name, "-vn", "-af", "ashowinfo", "-f", "null", "-"], film.parent
    )
    assert sum(int(count) for count in re.findall(r"nb_samples:(\d+)", report)) == 6 * 48_000


def test_every_frame_stands_for_a_25th_of_a_second(film):
    report = ffmpeg.run(["-i", film.name, "-vf", "showinfo", "-an", "-f", "null", "-"], film.parent)
    times = [float(time) for time in re.findall(r"pts_time:([\d.]+)", report)]
    assert times == pytest.approx([0.04 * at for at in range(150)])


def test_joined_it_shows_what_its_cuts_show_frame_for_frame(finished, film):
    """Decoded by ffmpeg: the film, and each cut alone."""

    def shown(file):
        listed = ["-i", file.name, "-an", "-f", "framemd5", "frames.txt"]
        ffmpeg.run(listed, file.parent)
        text = (file.parent / "frames.txt").read_text()
        (file.parent / "frames.txt").unlink()
        return [line.split(",")[5] for line in text.splitlines() if line.startswith("0,")]

    cuts = [finished.made[f"cut/9:16/{shot}"].path("cut.mp4") for shot in ("1.1", "1.2", "1.3")]
    assert shown(film) == [frame for cut in cuts for frame in shown(cut)]


def test_it_is_as_loud_as_platforms_want_it(film):
    heard = loudness.measure(film)
    assert heard.lufs == pytest.approx(-14, abs=1)
    assert heard.true_peak_db <= -1


def test_the_sound_of_clips_is_not_in_it(film):
    """Each clip came with a tone of 900 Hz as loud as its maker liked; a narrow band finds none of it."""

    def band(hertz):
        chain = f"bandpass=f={hertz}:width_type=h:w=8,volumedetect"
        report = ffmpeg.run(["-i", film.name, "-vn", "-af", chain, "-f", "null", "-"], film.parent)
        return float(re.search(r"mean_volume: (-?[\d.]+)", report)[1])

    assert band(900) < band(220) - 20


def test_a_second_time_gives_the_same_bytes(finished, film):
    before = film.read_bytes()
    finished.film()
    assert film.read_bytes() == before


def test_only_the_cut_of_a_changed_shot_is_another(finished):
    """What the graph relies on: a cut does not know its neighbours, nor its place in the film."""
    before = finished.made["cut/9:16/1.3"].path("cut.mp4").read_bytes()
    moved = lay_out([("1.1", 4000), ("1.2", 2000), ("1.3", 2000)], {})
    assert moved.shots[2].start_ms == 6000
    assert finished.cut("1.3").path("cut.mp4").read_bytes() == before


@pytest.mark.parametrize("others", [["1.1"], ["1.1", "1.2"], ["1.1", "1.2", "1.2", "1.3"]])
def test_a_film_of_fewer_or_more_cuts_than_shots_is_not_joined(finished, tmp_path, others):
    timeline = _timeline(finished)
    cuts = [finished.made[f"cut/9:16/{shot}"].path("cut.mp4") for shot in others]
    with pytest.raises(StudioError, match="cuts for 3 shots"):
        join(cuts, timeline, tmp_path / "picture.mp4")


def test_a_cut_of_another_length_is_found_when_joining(finished, tmp_path):
    longer = lay_out([("1.1", 2000), ("1.2", 2000), ("1.3", 2400)], {})
    cuts = [finished.made[f"cut/9:16/{shot}"].path("cut.mp4") for shot in ("1.1", "1.2", "1.3")]
    with pytest.raises(StudioError, match="150 frames, 160 were expected"):
        join(cuts, longer, tmp_path / "picture.mp4")


def test_cuts_in_another_order_than_the_timeline_are_refused(finished):
    inputs = ["timeline", *(f"cut/9:16/{shot}" for shot in ("1.2", "1.1", "1.3"))]
    params = {**SIZE, "shots": ["1.2", "1.1", "1.3"]}
    with pytest.raises(StudioError, match="another order"):
        finished.make("picture/wrong", "picture", params, inputs)


def test_a_folder_with_quotes_in_its_name_is_no_obstacle(finished, tmp_path):
    folder = tmp_path / "it's a 'film'"
    folder.mkdir()
    cuts = []
    for shot in ("1.1", "1.2", "1.3"):
        cuts.append(folder / f"{shot}.mp4")
        cuts[-1].write_bytes(finished.made[f"cut/9:16/{shot}"].path("cut.mp4").read_bytes())
    join(cuts, _timeline(finished), folder / "picture.mp4")
    assert [path.name for path in sorted(folder.iterdir())] == [
        "1.1.mp4",
        "1.2.mp4",
        "1.3.mp4",
        "picture.mp4",
    ]


def _timeline(drama) -> Timeline:
    shots = [(shot, row[2]) for shot, row in drama.shots.items()]
    return lay_out(shots, {})
