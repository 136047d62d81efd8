"""The packets of files: alike where nothing was encoded anew, however they were put into a file."""

import msgspec
import pytest

from madang_studio.programs import ffmpeg, packets

CODED = ("-c:v", "libx264", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "1")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two seconds of picture and sound, the same as Matroska, and in MP4 once more, encoded worse."""
    folder = tmp_path_factory.mktemp("packets")
    source = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2")
    ffmpeg.run([*source, *CODED, "one.mp4"], folder)
    ffmpeg.run(["-i", "one.mp4", "-c", "copy", "one.mkv"], folder)
    ffmpeg.run(["-i", "one.mp4", "-crf", "40", "-c:a", "copy", "worse.mp4"], folder)
    return folder


def read(files, name):
    return packets.read(files / name, files, h264=True)


def test_each_picture_and_its_time_is_known(files):
    held = read(files, "one.mp4")
    assert sorted(packet.at_ms for packet in held.pictures) == [40 * at for at in range(50)]
    assert not (files / packets.LISTED).exists()


def test_a_copy_in_another_container_is_alike(files):
    one, other = read(files, "one.mp4").pictures, read(files, "one.mkv").pictures
    assert packets.digest(one) == packets.digest(other)


def test_what_was_encoded_anew_is_another_and_what_was_not_is_the_same(files):
    one, other = read(files, "one.mp4"), read(files, "worse.mp4")
    assert packets.digest(one.pictures) != packets.digest(other.pictures)
    assert packets.digest(one.sounds) == packets.digest(other.sounds)


def test_the_same_later_is_the_same_after_its_beginning_only(files):
    held = read(files, "one.mp4").pictures
    late = [msgspec.structs.replace(packet, at_ms=packet.at_ms + 4000) for packet in held]
    assert packets.digest(late, 4000) == packets.digest(held) != packets.digest(late)


def test_a_file_without_pictures_has_none(files):
    ffmpeg.run(["-i", "one.mp4", "-vn", "-c", "copy", "sound.m4a"], files)
    held = packets.read(files / "sound.m4a", files, h264=False)
    assert held.pictures == ()
    assert packets.digest(held.sounds) == packets.digest(read(files, "one.mp4").sounds)
