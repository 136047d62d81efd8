"""A shot on stage: backdrop, figures, weather and camera, put together frame by frame.

Everything costly is drawn once; a frame is one resampling of the backdrop, one of each figure every
second frame, and what falls from the sky.
"""

import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from madang.drills.animatic.backdrops import INDOORS, backdrop
from madang.drills.animatic.camera import View, view
from madang.drills.animatic.figures import Sprite, sprite
from madang.drills.animatic.light import Light, light_of
from madang.drills.animatic.looks import Figure, Shot
from madang.drills.animatic.pen import mix

FPS = 25
"""As films of the studio have: nothing is doubled when they are put together."""

_MARGIN = 1.36
_FAR_ZOOM, _FAR_PAN = 0.55, 0.5
_HEIGHTS = {"wide": (0.56, 0.72), "medium": (1.2, 1.5), "close": (1.75, 2.4)}
"""Height of the tallest as a share of the picture's, in a tall and in a wide picture."""

_PER_WIDTH = {"wide": 9.0, "medium": 3.35, "close": 4.4}
"""Height of the tallest at most, as a multiple of the width that each figure has."""

_EYES = -0.886
_LOWEST_EYES = 0.66
"""Where the smallest has its eyes at most, as a share of the picture's height: above the captions."""
_PLACES = {1: (0.5,), 2: (0.28, 0.72), 3: (0.19, 0.5, 0.81), 4: (0.14, 0.38, 0.62, 0.86)}
_NEAR = (0.39, 0.61)
_BLINK_S = 0.13
_DROPS = 110
_MIST = (222, 228, 236)


class Standing(NamedTuple):
    """A figure where it stands: `x_px`, `feet_px` in the picture, `speed` in widths per second."""

    figure: Figure
    sprite: Sprite
    x_px: float
    feet_px: float
    speed: float
    phase: float


class Stage:
    """A shot, ready to be filmed at a size in pixels."""

    def __init__(self, shot: Shot, width_px: int, height_px: int) -> None:
        self._shot = shot
        self._size = (width_px, height_px)
        self._chance = Random(shot.seed)
        light = light_of(shot.hour, shot.weather)
        self._backdrop = self._draw_backdrop(light)
        self._standing = self._place(light)
        self._drops = [tuple(self._chance.random() for _ in range(4)) for _ in range(_DROPS)]
        self._shade = _caption_shade(width_px, height_px)
        self._bank = _fog_bank(width_px, height_px)
        self._mark = _mark(width_px, height_px)
        self._scaled: dict[int, tuple[int, Image.Image]] = {}

    def frames(self, count: int) -> Iterator[Image.Image]:
        """The frames of a shot of so many."""
        for index in range(count):
            yield self.frame(index, count)

    def frame(self, index: int, count: int) -> Image.Image:
        """One frame of a shot of `count`."""
        seconds = index / FPS
        here = view(self._shot.move, index / max(1, count - 1), seconds, shaky=self._shot.shaky)
        picture = self._far(here)
        for number, standing in enumerate(self._standing):
            self._paste(picture, number, standing, here, index)
        self._weather(picture, seconds)
        picture.paste((10, 8, 18), (0, self._size[1] - self._shade.height), self._shade)
        picture.paste(self._mark, (self._size[0] - self._mark.width, 0), self._mark)
        return picture

    def _draw_backdrop(self, light: Light) -> Image.Image:
        width, height = self._size
        size = (round(width * _MARGIN), round(height * _MARGIN))
        image = backdrop(self._shot, light, size)
        blur = {"wide": 0.0, "medium": 0.0022, "close": 0.006}[self._shot.framing] * min(size)
        return image.filter(ImageFilter.GaussianBlur(blur)) if blur > 0.5 else image

    def _far(self, here: View) -> Image.Image:
        """The backdrop as the camera sees it: it moves less than what is near."""
        width, height = self._size
        zoom = (1 + (here.zoom - 1) * _FAR_ZOOM) * (1.0 if self._shot.framing == "wide" else 1.14)
        wide, high = width / zoom, height / zoom
        left = (self._backdrop.width - wide) / 2 + here.dx * width * _FAR_PAN
        top = (self._backdrop.height - high) / 2 + here.dy * height * _FAR_PAN
        box = (left, top, left + wide, top + high)
        return self._backdrop.resize(self._size, Image.Resampling.BILINEAR, box=box)

    def _place(self, light: Light) -> list[Standing]:
        width, height = self._size
        figures = self._shot.figures
        if not figures:
            return []
        tall, feet = self._framed(figures)
        wide = self._shot.framing == "wide"
        cut = 40.0 if wide else (height * 1.12 - feet) / tall * 1_000
        tint = mix(light.tint, (255, 255, 255), 0.6 if self._shot.place in INDOORS else 0.4)
        spots = _PLACES[len(figures)]
        if len(figures) == 2 and any(one.acting.pose in {"embrace", "fight"} for one in figures):
            spots = _NEAR
        standing = []
        for figure, spot in zip(figures, spots, strict=True):
            x = (spot + self._chance.uniform(-0.025, 0.025)) * width
            going = {"walk": 0.035, "run": 0.07}.get(figure.acting.pose, 0.0)
            if figure.acting.pose == "sit" and not wide:  # knees would be all that is seen of it
                figure = figure._replace(acting=figure.acting._replace(pose="stand"))  # noqa: PLW2901
            drawn = sprite(figure, tall, tint, cut)
            speed = going * figure.acting.facing
            standing.append(Standing(figure, drawn, x, feet, speed, self._chance.uniform(0, 6)))
        # who is taller stands behind
        return sorted(standing, key=lambda one: -one.figure.look.tall)

    def _framed(self, figures: tuple[Figure, ...]) -> tuple[float, float]:
        """Height of a grown-up and where all stand, in pixels, so that every face is in the picture."""
        width, height = self._size
        framing = self._shot.framing
        low, high = _HEIGHTS[framing]
        broad = min(1.0, max(0.0, (width / height - 0.56) / 1.22))
        most = (low + (high - low) * broad) * height
        most = min(most, _PER_WIDTH[framing] * width / len(figures))
        heights = [one.look.tall for one in figures]
        if framing == "wide":  # from afar a child stays small, also alone
            return most / max(1.0, *heights), 0.85 * height
        level = 0.37 + 0.03 * broad
        apart = -_EYES * (1 - min(heights) / max(heights))
        most = min(most, (_LOWEST_EYES - level) * height / apart if apart else most)
        return most / max(heights), level * height - _EYES * most

    def _paste(
        self, picture: Image.Image, number: int, standing: Standing, here: View, index: int
    ) -> None:
        width, height = self._size
        seconds = index / FPS
        face = self._sprite_now(number, standing, here.zoom, index)
        x = standing.x_px + (standing.speed * (seconds - 1.5) - here.dx) * width
        step = 9.0 if standing.figure.acting.pose == "run" else 5.5
        bob = (
            0.009 * abs(math.sin(step * seconds))
            if standing.speed
            else 0.0035 * math.sin(1.9 * seconds + standing.phase)
        )
        y = standing.feet_px - (here.dy + bob) * height
        left = (x - width / 2) * here.zoom + width / 2 - (standing.sprite.middle_px * here.zoom)
        top = (y - height / 2) * here.zoom + height / 2 - standing.sprite.feet_px * here.zoom
        picture.paste(face, (round(left), round(top)), face)

    def _sprite_now(self, number: int, standing: Standing, zoom: float, index: int) -> Image.Image:
        """The figure's picture at this size; drawn anew every second frame, as animators do."""
        kept = self._scaled.get(number)
        if kept is not None and index % 2 and kept[0] == index - 1:
            return kept[1]
        face = _face(standing, index / FPS)
        if abs(zoom - 1) > 0.002:
            size = (max(1, round(face.width * zoom)), max(1, round(face.height * zoom)))
            face = face.resize(size, Image.Resampling.BILINEAR)
        self._scaled[number] = (index, face)
        return face

    def _weather(self, picture: Image.Image, seconds: float) -> None:
        weather = self._shot.weather
        width, height = self._size
        if self._shot.place in INDOORS or weather == "clear":
            self._dust(picture, seconds)
            return
        if weather == "fog":
            self._fog(picture, seconds)
            return
        draw = ImageDraw.Draw(picture, "RGBA")
        for x, y, size, speed in self._drops:
            if weather == "rain":
                fall = (y + seconds * (1.3 + 0.8 * speed)) % 1.1 - 0.05
                at = ((x * 1.1 - fall * 0.06) * width, fall * height)
                length = (0.018 + 0.024 * size) * height
                end = (at[0] - length * 0.1, at[1] + length)
                draw.line((*at, *end), fill=(214, 226, 244, 110), width=max(1, width // 420))
            else:
                fall = (y + seconds * (0.09 + 0.09 * speed)) % 1.1 - 0.05
                sway = 0.02 * math.sin(1.3 * seconds + 9 * x)
                at = ((x + sway) * width, fall * height)
                reach = (0.002 + 0.005 * size) * width
                area = (at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach)
                draw.ellipse(area, fill=(252, 252, 255, 215))

    def _fog(self, picture: Image.Image, seconds: float) -> None:
        width, height = self._size
        for number, (x, y, _, speed) in enumerate(self._drops[:4]):
            drift = (0.03 + 0.03 * speed) * seconds * (1 if number % 2 else -1)
            left = (x * 0.8 - 0.9 + drift) * width
            top = (0.2 + 0.14 * number + 0.08 * y) * height
            picture.paste(_MIST, (round(left), round(top)), self._bank)

    def _dust(self, picture: Image.Image, seconds: float) -> None:
        """A few motes in the light: even a still picture lives."""
        draw = ImageDraw.Draw(picture, "RGBA")
        width, height = self._size
        for x, y, size, speed in self._drops[:14]:
            at_x = (x + 0.012 * math.sin(0.7 * seconds + 8 * y)) * width
            at_y = ((y - 0.02 * seconds * (0.4 + speed)) % 1.0) * height
            reach = (0.0015 + 0.0035 * size) * min(self._size)
            area = (at_x - reach, at_y - reach, at_x + reach, at_y + reach)
            draw.ellipse(area, fill=(255, 246, 222, 70))


def _face(standing: Standing, seconds: float) -> Image.Image:
    """The mouth of who speaks opens and shuts; now and then everybody blinks."""
    drawn = standing.sprite
    if (seconds + standing.phase) % 3.1 < _BLINK_S:
        return drawn.blink
    if standing.figure.acting.speaks:
        beat = int((seconds + standing.phase) * 7)
        if (beat * 7 + beat // 5) % 5 not in {0, 3}:
            return drawn.speak if beat % 2 else drawn.still
    return drawn.still


def _fog_bank(width: int, height: int) -> Image.Image:
    """A bank of fog that is thick in its middle: a mask twice as wide as the picture."""
    small = Image.new("L", (96, 48))
    ImageDraw.Draw(small).ellipse((20, 16, 76, 32), fill=120)
    soft = small.filter(ImageFilter.GaussianBlur(7))
    return soft.resize((max(2, width * 2), max(2, round(height * 0.34))), Image.Resampling.BICUBIC)


def _caption_shade(width: int, height: int) -> Image.Image:
    """A veil over the lower part, so that captions can be read."""
    high = max(2, round(height * 0.26))
    column = Image.new("L", (1, 3))
    column.putdata([0, 60, 118])
    return column.resize((width, high), Image.Resampling.BILINEAR, box=(0, 0.5, 1, 2.5))


def _mark(width: int, height: int) -> Image.Image:
    """The word that says what this is, small in the upper corner."""
    size = max(9, round(min(width, height) * 0.024))
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox("animatic")
    wide, high = round(right - left), round(bottom - top)
    mark = Image.new("RGBA", (wide + size * 3, high + size * 3), (255, 255, 255, 0))
    at = (size - left, size * 1.4 - top)
    ImageDraw.Draw(mark).text(at, "animatic", font=font, fill=(255, 255, 255, 150))
    return mark
