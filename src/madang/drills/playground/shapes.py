"""What callers of the playground's media may send, and how it is refused: OpenAI's shapes, read tolerantly."""

import re
from typing import Any, NamedTuple

VIDEO_MODEL = "animatic"
SPEECH_MODEL = "scratch-voice"
IMAGE_MODEL = "animatic-still"

MOST_CHARACTERS = 4_096
_MOST_PROMPT = 32_000
_MOST_SECONDS, _LEAST_SECONDS = 60.0, 0.5
_USUAL_SECONDS = 4.0
_LEAST_PX, _MOST_PX = 64, 2_160
_SHORTER_PX = 720
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_ASPECT = re.compile(r"(\d{1,4}):(\d{1,4})")
_FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
_PICTURES = ("png", "jpeg", "webp")
Fields = dict[str, Any]


class Bad(Exception):
    """A request that is refused with 400; `param` names the field."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


class VideoOrder(NamedTuple):
    """A clip that is wanted. `size` and `seconds` as they are told back."""

    prompt: str
    width_px: int
    height_px: int
    duration_ms: int
    seed: int
    audio: bool

    @property
    def size(self) -> str:
        """`WxH`."""
        return f"{self.width_px}x{self.height_px}"

    @property
    def seconds(self) -> str:
        """The duration in seconds, as text."""
        return f"{self.duration_ms / 1_000:g}"

    def fields(self) -> Fields:
        """The fields of a request that orders the same; `video` reads them."""
        told = {"prompt": self.prompt, "size": self.size, "seconds": self.seconds}
        return {**told, "seed": self.seed, "generate_audio": self.audio}


class SpeechOrder(NamedTuple):
    """A text that is to be spoken."""

    text: str
    voice: str
    kind: str
    language: str | None
    instructions: str | None
    speed: float


class ImageOrder(NamedTuple):
    """Pictures that are wanted."""

    prompt: str
    width_px: int
    height_px: int
    seed: int
    pictures: int
    kind: str


def video(fields: Fields) -> VideoOrder:
    """A clip's order. Raises Bad."""
    seconds = _number(fields, "seconds", _USUAL_SECONDS)
    if not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
        raise Bad(f"seconds is {_LEAST_SECONDS:g} to {_MOST_SECONDS:g}.", "seconds")
    width, height = _size(fields, (720, 1280))
    audio = fields.get("generate_audio", False) in {True, "true"}
    return VideoOrder(_prompt(fields), width, height, round(seconds * 1_000), _seed(fields), audio)


def speech(fields: Fields) -> SpeechOrder:
    """A text's order. Raises Bad."""
    text = fields.get("input")
    if not isinstance(text, str) or not 0 < len(text) <= MOST_CHARACTERS:
        raise Bad(f"input has 1 to {MOST_CHARACTERS} characters.", "input")
    voice = fields.get("voice", "alloy")
    named = voice.get("id") if isinstance(voice, dict) else voice
    kind, speed = fields.get("response_format", "mp3"), _number(fields, "speed", 1.0)
    if kind not in _FORMATS:
        raise Bad(f"response_format is one of {', '.join(_FORMATS)}.", "response_format")
    if not 0.25 <= speed <= 4:
        raise Bad("speed is 0.25 to 4.", "speed")
    if not isinstance(named, str) or not 0 < len(named) <= 200:
        raise Bad("voice is a name.", "voice")
    return SpeechOrder(
        text, named, kind, _words(fields, "language"), _words(fields, "instructions"), speed
    )


def image(fields: Fields) -> ImageOrder:
    """Pictures' order. Raises Bad."""
    count, kind = _number(fields, "n", 1), fields.get("output_format") or "png"
    if kind not in _PICTURES:
        raise Bad(f"output_format is one of {', '.join(_PICTURES)}.", "output_format")
    if count not in range(1, 11):
        raise Bad("n is 1 to 10.", "n")
    width, height = _size(fields, (1_024, 1_024))
    return ImageOrder(_prompt(fields), width, height, _seed(fields), int(count), kind)


def _prompt(fields: Fields) -> str:
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not 0 < len(prompt) <= _MOST_PROMPT:
        raise Bad(f"prompt has 1 to {_MOST_PROMPT} characters.", "prompt")
    return prompt


def _words(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise Bad(f"{name} is text.", name)
    return value[:_MOST_PROMPT] if value else None


def _number(fields: Fields, name: str, usual: float) -> float:
    value = fields.get(name)
    if value is None:
        return usual
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Bad(f"{name} is a number.", name) from error


def _seed(fields: Fields) -> int:
    value = _number(fields, "seed", 0)
    if not 0 <= value < 2**53:
        raise Bad("seed is a whole number of at least 0.", "seed")
    return int(value)


def _size(fields: Fields, usual: tuple[int, int]) -> tuple[int, int]:
    """The size in even pixels: as stated, else by the ratio with the shorter side of 720."""
    size, aspect = fields.get("size") or "auto", fields.get("aspect_ratio")
    if isinstance(size, str) and (found := _SIZE.fullmatch(size)):
        width, height = int(found[1]), int(found[2])
    elif size != "auto":
        raise Bad("size is WIDTHxHEIGHT.", "size")
    elif isinstance(aspect, str) and (found := _ASPECT.fullmatch(aspect)) and "0" not in found[0]:
        width, height = int(found[1]), int(found[2])
        share = _SHORTER_PX / min(width, height)
        width, height = round(width * share), round(height * share)
    elif aspect:
        raise Bad("aspect_ratio is W:H, as 9:16.", "aspect_ratio")
    else:
        width, height = usual
    if not (_LEAST_PX <= width <= _MOST_PX and _LEAST_PX <= height <= _MOST_PX):
        raise Bad(f"width and height are {_LEAST_PX} to {_MOST_PX} pixels.", "size")
    return width // 2 * 2, height // 2 * 2
