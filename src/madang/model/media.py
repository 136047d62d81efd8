"""Pictures, clips, speech and transcripts, as every dialect of media is read into and written from.

Durations are milliseconds, aspect ratios `W:H`, sizes `WxH` in pixels, languages BCP 47 tags. What
was counted uses the names of `BASES` in `price_list` (`video_ms`, `images`, `characters`, …).
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Change = Literal["remix", "edit", "extend"]
"""What becomes of a finished clip: made once more by other words, changed by words, gone on with after its end."""


class Picture(Struct, frozen=True):
    """A still: its bytes, or where they are."""

    mime: str = "image/png"
    data: bytes | None = None
    url: str | None = None


class Handle(Struct, frozen=True):
    """How a provider's job is found again. `urls`: addresses it gave, by what they are for."""

    id: str
    urls: Mapping[str, str] = {}


class Source(Struct, frozen=True, kw_only=True):
    """A finished clip that another is made from, at the provider that made it.

    `id` is ours, `handle` the provider's of its job, and `file_id` of its file where that has one. Its
    bytes or its address are there where the provider wants them.
    """

    id: str
    change: Change
    handle: Handle | None = None
    file_id: str | None = None
    mime: str = "video/mp4"
    data: bytes | None = None
    url: str | None = None
    duration_ms: int | None = None
    size: str | None = None


class VideoAsk(Struct, frozen=True, kw_only=True):
    """A clip that is wanted. None: the provider's own default.

    `name` is ours, the same whenever this very job is sent: providers that take a handle of the
    caller's get it. `start_s`: what has not been begun by then is given up, where the provider takes
    such a bound. `fields` are what the caller said to this very provider beyond what is known here;
    they go to it as they are. `source`: the clip that it is made from.
    """

    name: str
    prompt: str
    negative: str | None = None
    duration_ms: int | None = None
    aspect: str | None = None
    size: str | None = None
    seed: int | None = None
    audio: bool | None = None
    first: Picture | None = None
    last: Picture | None = None
    references: tuple[Picture, ...] = ()
    callback: str | None = None
    start_s: float | None = None
    source: Source | None = None
    fields: Mapping[str, Any] = {}


class Clip(Struct, frozen=True):
    """A finished file: its bytes, or where it can be had for a while. `keyed`: only with the provider's key.

    `id`: what the provider calls the file, where that is not its job.
    """

    mime: str = "video/mp4"
    data: bytes | None = None
    url: str | None = None
    keyed: bool = False
    duration_ms: int | None = None
    id: str | None = None


class JobSeen(Struct, frozen=True, kw_only=True):
    """What a provider says of a job.

    `cause` and `message` of a failed one: a word of `errors` (`content_filter`, `provider_failed`, …)
    and what to tell people; `again`: the same request may succeed. `billed` says what the provider
    charges where it says so (empty: it does not say; a failed job is then free). `again_ms`: ask
    again not before.
    """

    state: JobState
    progress: int | None = None
    clips: tuple[Clip, ...] = ()
    cause: str | None = None
    message: str | None = None
    again: bool = False
    billed: Mapping[str, int] = {}
    again_ms: int | None = None


class SpeechAsk(Struct, frozen=True, kw_only=True):
    """Text to be spoken. `speed` is a factor, `before` and `after` what is said around it."""

    text: str
    voice: str
    format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    language: str | None = None
    instructions: str | None = None
    speed: float | None = None
    seed: int | None = None
    before: str | None = None
    after: str | None = None
    timed: bool = False
    fields: Mapping[str, Any] = {}


class Timed(Struct, frozen=True):
    """A stretch of text and when it is heard."""

    text: str
    start_ms: int
    end_ms: int


class Speech(Struct, frozen=True, kw_only=True):
    """Spoken text. `timing`: of characters or words, in order; empty where the provider has none."""

    audio: bytes
    mime: str
    timing: tuple[Timed, ...] = ()
    billed: Mapping[str, int] = {}


class ImageAsk(Struct, frozen=True, kw_only=True):
    """Pictures that are wanted."""

    prompt: str
    n: int = 1
    size: str | None = None
    aspect: str | None = None
    quality: str | None = None
    seed: int | None = None
    references: tuple[Picture, ...] = ()
    fields: Mapping[str, Any] = {}


class Images(Struct, frozen=True, kw_only=True):
    """Pictures that were made; `billed` may count tokens (`input_tokens`, `output_tokens`) or `images`."""

    pictures: tuple[Picture, ...]
    billed: Mapping[str, int] = {}
    prompt: str | None = None


class TranscribeAsk(Struct, frozen=True, kw_only=True):
    """A recording to be written down."""

    audio: bytes
    filename: str
    mime: str
    language: str | None = None
    prompt: str | None = None
    timed: bool = False
    fields: Mapping[str, Any] = {}


class Transcript(Struct, frozen=True, kw_only=True):
    """What was said, and when."""

    text: str
    language: str | None = None
    duration_ms: int | None = None
    timing: tuple[Timed, ...] = ()
    billed: Mapping[str, int] = {}
