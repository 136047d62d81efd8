"""What is wanted, made to fit what a model takes: seconds, ratios, sizes, prompts.

One rule: nothing is cut or bent in silence. A clip may become longer than asked for (it can be cut)
and that is told as a loss; what would be shorter, of another ratio or without its pictures is
refused.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final, Literal
from urllib.parse import quote

from madang.errors import ContextOverflow, InvalidRequest, ProviderLacksModel, UnsupportedFeature
from madang.model.media import VideoAsk
from madang.wire.losses import Losses

_PAIR = re.compile(r"(\d{1,5})[:x*](\d{1,5})")
_CLOSE: Final = Fraction(1, 40)
"""Ratios this near are one to the eye: Runway's 1104:832 is sold as 4:3, its 1584:672 as 21:9."""

_USUAL_PIXELS: Final = 1280 * 720
_TIERS: Final = (
    ("480p", 854 * 480),
    ("720p", 1280 * 720),
    ("1080p", 1920 * 1080),
    ("4k", 3840 * 2160),
)

_DECIDING: Final = frozenset(
    (
        *("model", "modelid", "modelname", "servicetier", "mode", "quality", "tools"),
        *(
            "n",
            "numimages",
            "numoutputs",
            "numvideos",
            "samplecount",
            "candidatecount",
            "batchsize",
        ),
        *("duration", "durationseconds", "seconds", "length", "frames", "numframes"),
        *("fps", "framespersecond", "resolution", "size", "imagesize", "width", "height"),
        *("audio", "sound", "enableaudio", "generateaudio", "withaudio"),
        *("input", "text", "prompt", "prompttext", "video", "videoid", "videouri"),
        *(
            "contents",
            "file",
            "generationconfig",
            "instances",
            "parameters",
            "stream",
            "streamformat",
        ),
    )
)
"""What decides who works at what and for how much, at any provider; every wish of this kind has a field of its own."""

Unit = Literal["characters", "utf16"]


def seconds(ask: VideoAsk, choices: Sequence[int], otherwise: int, losses: Losses) -> int:
    """The shortest clip a model makes that is not shorter than asked for; `otherwise` where nothing is asked.

    `choices` in ascending order; none: any whole number. Raises UnsupportedFeature for one too long.
    """
    if ask.duration_ms is None:
        return otherwise
    wanted = max(1, -(-ask.duration_ms // 1000))
    fitting = wanted if not choices else next((one for one in choices if one >= wanted), None)
    if fitting is None:
        raise lacking("seconds", f"makes clips of at most {choices[-1]} seconds")
    if fitting * 1000 != ask.duration_ms:
        losses.add("seconds")
    return fitting


def wanted_ratio(ask: VideoAsk) -> Fraction | None:
    """The ratio of width to height that is asked for, by `aspect` or else by `size`."""
    said = ask.aspect or ask.size
    if said is None:
        return None
    width, height = pixels(said) or (0, 0)
    if not width or not height:
        raise lacking(
            "aspect_ratio" if ask.aspect else "size", "knows ratios and sizes of two numbers only"
        )
    return Fraction(width, height)


def ratio(ask: VideoAsk, choices: Sequence[str], losses: Losses) -> str | None:
    """The choice (`16:9`, `1280:720`) of the ratio that is asked for; None: nothing is.

    Among several of one ratio the nearest to the size asked for, or to 720 lines.
    """
    wanted = wanted_ratio(ask)
    if wanted is None:
        return None
    near = [one for one in choices if abs(_ratio_of(one) / wanted - 1) <= _CLOSE]
    if not near:
        raise lacking("aspect_ratio", f"knows the ratios {', '.join(choices)} only")
    size = pixels(ask.size) if ask.size else None
    aim = size[0] * size[1] if size else _USUAL_PIXELS
    best = min(near, key=lambda one: abs(_area_of(one) - aim))
    if size is not None and _area_of(best) > 10_000 and pixels(best) != size:
        losses.add("size")
    return best


def lines(ask: VideoAsk, choices: Sequence[str], otherwise: str, losses: Losses) -> str:
    """The resolution (`720p`, `1080p`, `4k`) with at least as many lines as the size asked for has.

    `choices` in ascending order. Larger than that, or the largest where none has as many, is a loss.
    """
    size = pixels(ask.size) if ask.size else None
    if size is None:
        return otherwise
    wanted = min(size)
    best = next((one for one in choices if _lines_of(one) >= wanted), choices[-1])
    if _lines_of(best) != wanted:
        losses.add("size")
    return best


def tier(size: str) -> str:
    """The resolution that a size such as `1280:720` is sold as: `480p`, `720p`, `1080p` or `4k`."""
    area = _area_of(size)
    return min(_TIERS, key=lambda one: abs(one[1] - area))[0]


def bounded(prompt: str, most: int, unit: Unit = "characters") -> str:
    """The prompt, if it is within the provider's bound. Raises ContextOverflow."""
    length = (
        len(prompt.encode("utf-16-le", "surrogatepass")) // 2 if unit == "utf16" else len(prompt)
    )
    if length > most:
        what = "UTF-16 units" if unit == "utf16" else "characters"
        raise ContextOverflow(
            f"The model takes prompts of up to {most} {what}; this one has {length}.",
            code="prompt_too_long",
            param="prompt",
        )
    return prompt


def lacking(param: str, what: str) -> UnsupportedFeature:
    """That the model cannot do what is asked; another may."""
    return UnsupportedFeature(f"`{param}`: this model {what}.", param=param)


def joined(own: dict[str, Any], fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a caller's mapping
    """Our members and the caller's for this provider. Raises InvalidRequest where a field contradicts a member.

    Members decide who works and what it costs, so that a field must not change them behind the key's
    list of models and the reservation; nor may it say what none of ours says, in any spelling.
    """
    for name, value in fields.items():
        is_deciding = name.lower().replace("_", "").replace("-", "") in _DECIDING
        if own[name] != value if name in own else is_deciding:
            raise InvalidRequest(
                f"`{name}` follows from the rest of the request and cannot be given as a field.",
                param=name,
                code="conflicting_field",
            )
    return {**fields, **own}


def segment(name: str, *, deep: bool = False) -> str:
    """A model's name or a job's id as part of a path. `deep`: slashes divide it (fal). Raises ProviderLacksModel."""
    parts = name.split("/") if deep else [name]
    if any(part in ("", ".", "..") for part in parts):
        raise ProviderLacksModel(f"The provider has no model of the name `{name[:100]}`.")
    return "/".join(quote(part, safe="") for part in parts)


def pixels(size: str) -> tuple[int, int] | None:
    """The two numbers of `1280x720` or `16:9`; None where there are none."""
    found = _PAIR.fullmatch(size)
    return (int(found[1]), int(found[2])) if found else None


def _ratio_of(choice: str) -> Fraction:
    width, height = pixels(choice) or (1, 1)
    return Fraction(width, height)


def _area_of(choice: str) -> int:
    width, height = pixels(choice) or (0, 0)
    return width * height


def _lines_of(resolution: str) -> int:
    return 2160 if resolution.lower() == "4k" else int(resolution[:-1])
