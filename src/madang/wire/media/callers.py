"""What callers ask for media in: OpenAI's requests, as JSON or as forms, with a few words more.

Beyond OpenAI's fields a clip may have `aspect_ratio`, `seed`, `negative_prompt`, `generate_audio`,
`last_frame`, `reference_images` and `provider_options: {runway: {…}}` (to that provider as they are);
speech `language`, `seed`, `previous_text`, `next_text` and `timestamps`. What is not known is left out
and named. Everything is checked here that no provider could make sense of.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final, cast

from msgspec import Struct

from madang.errors import InvalidRequest
from madang.model.media import ImageAsk, Picture, SpeechAsk, TranscribeAsk, VideoAsk
from madang.wire import json
from madang.wire.media.form import FormPart, read_form

MOST_PROMPT: Final = 32_000
MOST_SPOKEN: Final = 40_000
MOST_SECONDS: Final = 600
_FORM: Final = b"multipart/form-data"
_SIZE: Final = re.compile(r"(\d{2,5})x(\d{2,5})")
_ASPECT: Final = re.compile(r"\d{1,2}:\d{1,2}")
_DATA_URL: Final = re.compile(r"data:(image/[a-z0-9.+-]{1,40});base64,", re.IGNORECASE)
_FORMATS: Final = ("mp3", "opus", "aac", "flac", "wav", "pcm")
_SPOKEN_AS: Final = ("json", "text", "verbose_json", "srt", "vtt")
_MOST_PICTURES: Final = 14
_VIDEO: Final = frozenset(
    (
        "model",
        "prompt",
        "seconds",
        "size",
        "input_reference",
        "aspect_ratio",
        "seed",
        "negative_prompt",
        "generate_audio",
        "last_frame",
        "reference_images",
        "provider_options",
        "urgency",
        "quality",
        "budget_usd",
    )
)
_SPEECH: Final = frozenset(
    (
        "model",
        "input",
        "voice",
        "instructions",
        "response_format",
        "speed",
        "stream_format",
        "language",
        "seed",
        "previous_text",
        "next_text",
        "timestamps",
        "provider_options",
    )
)
_IMAGE: Final = frozenset(
    (
        *("model", "prompt", "n", "size", "quality", "aspect_ratio", "seed", "response_format"),
        *("provider_options", "reference_images"),
    )
)


class Asked(Struct, frozen=True, kw_only=True):
    """What all requests have: the model's name, and the names of fields that were left out."""

    model: str
    ignored: tuple[str, ...] = ()


class AskedVideo(Asked, frozen=True, kw_only=True):
    """A clip; `ask` has no name yet. `seconds` and `size` as the caller said them. `hints` are for `video:auto`."""

    ask: VideoAsk
    seconds: str | None = None
    size: str | None = None
    hints: Mapping[str, Any] = {}


class AskedChange(Struct, frozen=True, kw_only=True):
    """Another clip out of a finished one: `video` is that one's id, where the path does not say it."""

    ask: VideoAsk
    video: str | None = None
    ignored: tuple[str, ...] = ()


class AskedSpeech(Asked, frozen=True, kw_only=True):
    """Speech. `events`: as server-sent events, and not as bytes."""

    ask: SpeechAsk
    events: bool = False


class AskedImage(Asked, frozen=True, kw_only=True):
    """Pictures. `as_url`: the caller would have addresses, and not bytes."""

    ask: ImageAsk
    as_url: bool = False


class AskedTranscript(Asked, frozen=True, kw_only=True):
    """A transcript, written down as `shape`: json, text, verbose_json, srt or vtt."""

    ask: TranscribeAsk
    shape: str = "json"


def read_video(content_type: bytes, body: bytes) -> AskedVideo:
    """A request for a clip. Raises InvalidRequest."""
    fields, files = _fields(content_type, body)
    prompt = _text(fields, "prompt", MOST_PROMPT)
    duration_ms = _duration(fields.get("seconds"))
    size = _size(fields)
    references = fields.get("reference_images") or []
    if not isinstance(references, list) or len(references) > _MOST_PICTURES:
        raise _wrong(
            "reference_images",
            f"`reference_images` is a list of at most {_MOST_PICTURES} pictures.",
        )
    ask = VideoAsk(
        name="",
        prompt=prompt,
        negative=json.field(fields, "negative_prompt", str),
        duration_ms=duration_ms,
        aspect=_aspect(fields),
        size=size,
        seed=_seed(fields),
        audio=_flag(fields, "generate_audio"),
        first=_picture("input_reference", fields.get("input_reference"), files),
        last=_picture("last_frame", fields.get("last_frame"), files),
        references=tuple(
            one
            for each in references
            if (one := _picture("reference_images", each, {})) is not None
        ),
        fields=_options(fields),
    )
    return AskedVideo(
        model=_model(fields),
        ignored=_ignored(fields, _VIDEO),
        ask=ask,
        seconds=None if duration_ms is None else f"{duration_ms / 1000:g}",
        size=size,
        hints={
            name: fields[name] for name in ("urgency", "quality", "budget_usd") if name in fields
        },
    )


def read_change(content_type: bytes, body: bytes) -> AskedChange:
    """A request to remix, edit or extend a clip. Raises InvalidRequest."""
    fields, files = _fields(content_type, body)
    video = fields.pop("video", None)
    name = video.get("id") if isinstance(video, dict) else fields.pop("video[id]", None)
    if "video" in files or (name is not None and not isinstance(name, str)):
        raise _wrong(
            "video", '`video` is `{"id": …}` of a clip that was made here; files are not taken.'
        )
    duration_ms = _duration(fields.get("seconds"))
    prompt, options = _text(fields, "prompt", MOST_PROMPT), _options(fields)
    ask = VideoAsk(name="", prompt=prompt, duration_ms=duration_ms, fields=options)
    return AskedChange(ask=ask, video=name, ignored=_ignored(fields, _VIDEO))


def read_speech(content_type: bytes, body: bytes) -> AskedSpeech:
    """A request for speech. Raises InvalidRequest."""
    fields, _ = _fields(content_type, body)
    shape = json.field(fields, "response_format", str) or "mp3"
    if shape not in _FORMATS:
        raise _wrong("response_format", f"`response_format` is one of {', '.join(_FORMATS)}.")
    speed = json.field(fields, "speed", float)
    if speed is not None and not 0.25 <= speed <= 4:
        raise _wrong("speed", "`speed` is between 0.25 and 4.")
    voice = fields.get("voice")
    if isinstance(voice, dict):
        voice = voice.get("id")
    if not isinstance(voice, str) or not 0 < len(voice) <= 200:
        raise _wrong("voice", "`voice` must be the name of a voice.")
    stream_format = json.field(fields, "stream_format", str) or "audio"
    if stream_format not in ("audio", "sse"):
        raise _wrong("stream_format", "`stream_format` is `audio` or `sse`.")
    ask = SpeechAsk(
        text=_text(fields, "input", MOST_SPOKEN),
        voice=voice,
        format=cast("Any", shape),
        language=json.field(fields, "language", str),
        instructions=json.field(fields, "instructions", str),
        speed=speed,
        seed=_seed(fields),
        before=json.field(fields, "previous_text", str),
        after=json.field(fields, "next_text", str),
        timed=bool(_flag(fields, "timestamps")),
        fields=_options(fields),
    )
    return AskedSpeech(
        model=_model(fields),
        ignored=_ignored(fields, _SPEECH),
        ask=ask,
        events=stream_format == "sse",
    )


def read_image(content_type: bytes, body: bytes) -> AskedImage:
    """A request for pictures. Raises InvalidRequest."""
    fields, files = _fields(content_type, body)
    n = json.field(fields, "n", int)
    if n is not None and not 1 <= n <= 10:
        raise _wrong("n", "`n` is between 1 and 10.")
    size = json.field(fields, "size", str)
    if size not in (None, "auto"):
        size = _size(fields)
    given = [*files.values(), *(fields.get("reference_images") or [])]
    references = [
        one
        for each in given[:_MOST_PICTURES]
        if (one := _picture("reference_images", each, {})) is not None
    ]
    ask = ImageAsk(
        prompt=_text(fields, "prompt", MOST_PROMPT),
        n=n or 1,
        size=None if size == "auto" else size,
        aspect=_aspect(fields),
        quality=json.field(fields, "quality", str),
        seed=_seed(fields),
        references=tuple(references),
        fields=_options(fields),
    )
    return AskedImage(
        model=_model(fields),
        ignored=_ignored(fields, _IMAGE),
        ask=ask,
        as_url=fields.get("response_format") == "url",
    )


def read_transcript(content_type: bytes, body: bytes) -> AskedTranscript:
    """A request for a transcript: a form with a file. Raises InvalidRequest."""
    if not content_type.lower().startswith(_FORM):
        raise InvalidRequest(
            "Send a form (multipart/form-data) with the recording as `file`.", code="invalid_form"
        )
    fields, files = _fields(content_type, body)
    file = files.get("file")
    if file is None or not file.data:
        raise _wrong("file", "`file` must be a recording.")
    shape = str(fields.get("response_format") or "json")
    if shape not in _SPOKEN_AS:
        raise _wrong("response_format", f"`response_format` is one of {', '.join(_SPOKEN_AS)}.")
    ask = TranscribeAsk(
        audio=file.data,
        filename=(file.filename or "audio")[:200],
        mime=file.mime or "application/octet-stream",
        language=json.field(fields, "language", str),
        prompt=json.field(fields, "prompt", str),
        timed=shape in ("verbose_json", "srt", "vtt"),
    )
    return AskedTranscript(model=_model(fields), ask=ask, shape=shape)


def _fields(content_type: bytes, body: bytes) -> tuple[dict[str, Any], dict[str, FormPart]]:
    """The members of a request, and the files among them."""
    if not content_type.lower().startswith(_FORM):
        return json.request_object(body), {}
    fields: dict[str, Any] = {}
    files: dict[str, FormPart] = {}
    for part in read_form(content_type, body):
        name = part.name.removesuffix("[]")
        if part.filename is not None:
            files[name] = part
        elif name in ("seed", "n", "generate_audio", "speed", "provider_options", "timestamps"):
            fields[name] = json.request_object(b'{"value":%b}' % part.data).get("value")
        else:
            fields[name] = part.text
    return fields, files


def _model(fields: dict[str, Any]) -> str:
    model = json.field(fields, "model", str)
    if not model:
        raise _wrong("model", "`model` is missing: name a model, such as one of /v1/models.")
    return model


def _text(fields: dict[str, Any], name: str, most: int) -> str:
    text = json.field(fields, name, str)
    if not text or not text.strip():
        raise _wrong(name, f"`{name}` must be a text.")
    if len(text) > most:
        raise InvalidRequest(
            f"`{name}` has {len(text):,} characters; the most is {most:,}.",
            param=name,
            code="string_above_max_length",
        )
    return text


def _duration(seconds: object) -> int | None:
    """Seconds as text or as a number, in milliseconds."""
    if seconds is None or seconds == "":
        return None
    try:
        asked = (
            float(seconds)
            if isinstance(seconds, str | int | float) and not isinstance(seconds, bool)
            else 0.0
        )
    except ValueError:
        asked = 0.0
    if not 0 < asked <= MOST_SECONDS:
        raise _wrong("seconds", f'`seconds` is a number between 0 and {MOST_SECONDS}, such as "8".')
    return round(asked * 1000)


def _size(fields: dict[str, Any]) -> str | None:
    size = json.field(fields, "size", str)
    if size is None:
        return None
    found = _SIZE.fullmatch(size)
    if found is None or not all(16 <= int(side) <= 8192 for side in found.groups()):
        raise _wrong("size", "`size` is WIDTHxHEIGHT in pixels, such as 720x1280.")
    return size


def _aspect(fields: dict[str, Any]) -> str | None:
    aspect = json.field(fields, "aspect_ratio", str)
    if aspect is not None and not _ASPECT.fullmatch(aspect):
        raise _wrong("aspect_ratio", "`aspect_ratio` is WIDTH:HEIGHT, such as 9:16.")
    return aspect


def _seed(fields: dict[str, Any]) -> int | None:
    seed = json.field(fields, "seed", int)
    if seed is not None and not 0 <= seed < 2**32:
        raise _wrong("seed", "`seed` is between 0 and 4294967295.")
    return seed


def _flag(fields: dict[str, Any], name: str) -> bool | None:
    return json.field(fields, name, bool)


def _options(fields: dict[str, Any]) -> dict[str, Any]:
    options = json.field(fields, "provider_options", dict) or {}
    if not all(isinstance(one, dict) for one in options.values()):
        raise _wrong("provider_options", "`provider_options` has an object for each provider.")
    return options


def _picture(name: str, given: object, files: Mapping[str, FormPart]) -> Picture | None:
    """A picture as a file of a form, a URL, a data URL, or an object that has one of these."""
    file = given if isinstance(given, FormPart) else files.get(name)
    if file is not None:
        return Picture(file.mime or "image/png", file.data)
    if isinstance(given, dict):
        given = given.get("image_url", given.get("url"))
        given = given.get("url") if isinstance(given, dict) else given
        if given is None:
            raise _wrong(
                name,
                f"`{name}` needs an `image_url`; files that are named by an id are not kept here.",
            )
    if given is None:
        return None
    if not isinstance(given, str):
        raise _wrong(name, f"`{name}` is a file, a URL, or a data URL.")
    found = _DATA_URL.match(given)
    if found is not None:
        try:
            return Picture(found[1].lower(), base64.b64decode(given[found.end() :], validate=True))
        except ValueError as error:
            raise _wrong(name, f"`{name}` is no valid base64.") from error
    if not given.startswith(("https://", "http://")):
        raise _wrong(name, f"`{name}` is a file, a URL, or a data URL.")
    return Picture(url=given)


def _ignored(fields: dict[str, Any], known: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in fields if name not in known)[:20]


def _wrong(param: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, param=param, code="invalid_value")
