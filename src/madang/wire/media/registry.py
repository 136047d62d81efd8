"""All providers of media, by the kind of their API: what of pictures, clips and sound each one makes.

A kind is the word that `kind` of a provider's row or setting says (`openai`, `gemini`, `runway`, …).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from madang.wire.media import (
    elevenlabs,
    fal,
    gemini_image,
    gemini_speech,
    kling,
    openai_audio,
    openai_images,
    openai_videos,
    runway,
    seedance,
    stability,
    veo,
)
from madang.wire.media.contract import ImageWire, SpeechWire, TranscribeWire, VideoWire


@dataclass(frozen=True, slots=True)
class MediaWires:
    """What one kind of API makes. None: it does not make that."""

    videos: VideoWire | None = None
    speech: SpeechWire | None = None
    images: ImageWire | None = None
    transcriptions: TranscribeWire | None = None


MEDIA: Mapping[str, MediaWires] = {
    "openai": MediaWires(
        videos=openai_videos.WIRE,
        speech=openai_audio.SPEECH,
        images=openai_images.WIRE,
        transcriptions=openai_audio.TRANSCRIPTIONS,
    ),
    "gemini": MediaWires(videos=veo.GEMINI, speech=gemini_speech.WIRE, images=gemini_image.WIRE),
    "vertex": MediaWires(videos=veo.VERTEX),
    "runway": MediaWires(videos=runway.WIRE),
    "fal": MediaWires(videos=fal.WIRE),
    "kling": MediaWires(videos=kling.WIRE),
    "seedance": MediaWires(videos=seedance.WIRE),
    "elevenlabs": MediaWires(speech=elevenlabs.WIRE),
    "stability": MediaWires(images=stability.WIRE),
}
