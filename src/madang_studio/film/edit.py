"""The edit as other programs read it: an OpenTimelineIO timeline over the package's own files."""

from collections.abc import Mapping, Sequence
from typing import Final

import opentimelineio as otio

from madang_studio.film.cut import Cut
from madang_studio.model.timeline import FPS, FRAME_MS, Timeline

TRACKS: Final = (("voices", "sound/voices.flac"), ("music", "sound/bed.flac"))
"""The stems, with their places in the package."""


def edit_of(title: str, timeline: Timeline, cuts: Sequence[Cut], clips: Mapping[str, str]) -> str:
    """The timeline as OTIO's JSON; `clips` are the places of the clips by shot.

    A clip that was slowed down for the film carries that as an effect. Lines are markers.
    """
    whole = otio.schema.Timeline(title)
    whole.global_start_time = _time(0)
    picture = otio.schema.Track("picture", kind=otio.schema.TrackKind.Video)
    for shot, cut in zip(timeline.shots, cuts, strict=True):
        media = otio.schema.ExternalReference(clips[shot.shot])
        clip = otio.schema.Clip(shot.shot, media, _range(0, shot.duration_ms))
        if cut.slowed != 1:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=1 / cut.slowed))
        clip.metadata["madang"] = {"fit": cut.fit, "held_ms": cut.held_ms}
        for line in timeline.lines:
            if line.shot == shot.shot:
                start = line.start_ms - shot.start_ms
                spoken = _range(start, max(FRAME_MS, line.end_ms - line.start_ms))
                clip.markers.append(otio.schema.Marker(f"line {line.line}", spoken))
        picture.append(clip)
    whole.tracks.append(picture)
    for name, place in TRACKS:
        track = otio.schema.Track(name, kind=otio.schema.TrackKind.Audio)
        heard = otio.schema.Clip(
            name, otio.schema.ExternalReference(place), _range(0, timeline.duration_ms)
        )
        track.append(heard)
        whole.tracks.append(track)
    return str(otio.adapters.write_to_string(whole, "otio_json"))


def _time(time_ms: int) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(time_ms // FRAME_MS, FPS)


def _range(start_ms: int, duration_ms: int) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start_ms), _time(duration_ms))
