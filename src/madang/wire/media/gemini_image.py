"""Gemini's pictures: `generateContent` of the models that draw.

Shapes: https://ai.google.dev/gemini-api/docs/image-generation, read in November 2026. What is special:
one picture per call; how large is a word (1K, 2K, 4K), and which ratio another; what the filter
held back is an answer without a picture.
"""

from typing import Any, Final

from madang.model.media import ImageAsk, Images, Picture, VideoAsk
from madang.wire import json
from madang.wire.losses import Losses
from madang.wire.media import answers
from madang.wire.media.contract import ImageWire, Incoming, Outgoing
from madang.wire.media.fitting import joined, lacking, pixels, ratio, segment
from madang.wire.media.gemini_files import made
from madang.wire.media.stills import inline

_RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_SIZES: Final = ((1024, "1K"), (2048, "2K"), (4096, "4K"))
_MOST_TOKENS: Final = {"output_tokens": 4_000, "image_tokens": 2_600}
"""Of one answer at most: thoughts and words; two pictures of 1,290 tokens, or one of 4K with 2,000."""

_SEEN_TOKENS: Final = 1_300
"""Of a picture in the prompt."""


def _write(ask: ImageAsk, model: str) -> Outgoing:
    if ask.n != 1:
        raise lacking("n", "draws one picture per call")
    losses = Losses()
    parts: list[dict[str, Any]] = [{"text": ask.prompt}]
    parts += [{"inlineData": {"mimeType": one.mime, "data": inline(one)}} for one in ask.references]
    generation: dict[str, Any] = {"responseModalities": ["IMAGE"]}
    shape = _shape(ask, model, losses)
    if shape:
        generation["imageConfig"] = shape
    if ask.seed is not None:
        generation["seed"] = ask.seed
    if ask.quality not in (None, "auto"):
        losses.add("quality")
    body = {"contents": [{"role": "user", "parts": parts}], "generationConfig": generation}
    return Outgoing(
        method="POST",
        path=f"/models/{segment(model)}:generateContent",
        headers={"content-type": "application/json"},
        body=json.encode(joined(body, ask.fields)),
        losses=losses.names(),
        counts={
            "input_tokens": len(ask.prompt.encode()) + _SEEN_TOKENS * len(ask.references),
            **_MOST_TOKENS,
        },
    )


def _shape(ask: ImageAsk, model: str, losses: Losses) -> dict[str, str]:
    """The ratio, and from the third generation on the size. No size is met to the pixel, which is a loss."""
    asked = None if ask.size == "auto" else ask.size
    shape: dict[str, str] = {}
    wish = VideoAsk(name="", prompt="", aspect=ask.aspect, size=asked)
    if (fitting := ratio(wish, _RATIOS, losses)) is not None:
        shape["aspectRatio"] = fitting
    longest = max(pixels(asked) or (0,)) if asked else 0
    if longest and model.startswith("gemini-3"):
        shape["imageSize"] = next((word for most, word in _SIZES if longest <= most), "4K")
    if asked and pixels(asked) != (1024, 1024):
        losses.add("size")
    return shape


def _read(answer: Incoming) -> Images:
    files, usage = made(answer, "picture")
    pictures = tuple(Picture(one.mime or "image/png", one.data) for one in files)
    return Images(pictures=pictures, billed=_billed(usage))


def _billed(usage: dict[str, Any]) -> dict[str, int]:
    """Tokens, those of pictures apart since they cost more; a single picture where nothing is said."""
    prompt = answers.number(usage, "promptTokenCount")
    made = answers.number(usage, "candidatesTokenCount")
    if prompt is None or made is None:
        return {"images": 1}
    details = answers.entries(usage, "candidatesTokensDetails")
    drawn = [answers.number(one, "tokenCount") for one in details if one.get("modality") == "IMAGE"]
    image = min(sum(count or 0 for count in drawn), made) if details else made
    rest = made - image + (answers.number(usage, "thoughtsTokenCount") or 0)
    return {
        "input_tokens": round(prompt),
        "output_tokens": round(rest),
        "image_tokens": round(image),
    }


WIRE: Final = ImageWire(write=_write, read=_read)
