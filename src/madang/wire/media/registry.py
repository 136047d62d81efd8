"""All providers of media, by the kind of their API: what of pictures, clips and sound each one makes.

A kind is the word that `kind` of a provider's row or setting says (`openai`, `gemini`, `runway`, …).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from madang.wire.media.contract import ImageWire, SpeechWire, TranscribeWire, VideoWire


@dataclass(frozen=True, slots=True)
class MediaWires:
    """What one kind of API makes. None: it does not make that."""

    videos: VideoWire | None = None
    speech: SpeechWire | None = None
    images: ImageWire | None = None
    transcriptions: TranscribeWire | None = None


MEDIA: Mapping[str, MediaWires] = {}
