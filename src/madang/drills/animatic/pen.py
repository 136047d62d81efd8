"""A pen that draws in units of its own on a larger canvas: shapes come out smooth once the canvas is reduced."""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from madang.drills.animatic.words import Colour

Point = tuple[float, float]
Paint = Colour | tuple[int, int, int, int]

_STEPS = 8
_GLOW_PX = 96


class Pen:
    """Draws on `image`; a unit is `scale` pixels, and (0, 0) lies at `origin` (pixels)."""

    def __init__(
        self,
        image: Image.Image,
        scale: float = 1.0,
        origin: Point = (0.0, 0.0),
        *,
        flip: bool = False,
    ) -> None:
        self.image = image
        self._draw = ImageDraw.Draw(image, "RGBA" if image.mode == "RGB" else None)
        self._scale = scale
        self._origin = origin
        self._sign = -1 if flip else 1

    def at(self, point: Point) -> Point:
        """Where a point lies, in pixels."""
        x, y = self._origin
        return x + self._sign * point[0] * self._scale, y + point[1] * self._scale

    def ellipse(self, centre: Point, rx: float, ry: float, fill: Paint) -> None:
        """A filled ellipse."""
        x, y = self.at(centre)
        rx, ry = rx * self._scale, ry * self._scale
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill)

    def box(self, left_top: Point, right_bottom: Point, fill: Paint, radius: float = 0.0) -> None:
        """A filled rectangle, with round corners where wanted."""
        (ax, ay), (bx, by) = self.at(left_top), self.at(right_bottom)
        area = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        if radius:
            self._draw.rounded_rectangle(area, radius * self._scale, fill=fill)
        else:
            self._draw.rectangle(area, fill=fill)

    def poly(self, points: Sequence[Point], fill: Paint) -> None:
        """A filled polygon with straight edges."""
        self._draw.polygon([self.at(point) for point in points], fill=fill)

    def blob(self, points: Sequence[Point], fill: Paint) -> None:
        """A filled shape whose outline runs smoothly through the points."""
        self._draw.polygon([self.at(point) for point in smooth(points, closed=True)], fill=fill)

    def line(
        self, points: Sequence[Point], width: float, fill: Paint, *, curved: bool = True
    ) -> None:
        """A stroke with round ends through the points."""
        path = smooth(points, closed=False) if curved and len(points) > 2 else list(points)
        pixels = [self.at(point) for point in path]
        wide = max(1, round(width * self._scale))
        self._draw.line(pixels, fill=fill, width=wide, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            half = wide / 2
            self._draw.ellipse((x - half, y - half, x + half, y + half), fill=fill)


def smooth(points: Sequence[Point], *, closed: bool) -> list[Point]:
    """A curve through the points (Catmull-Rom)."""
    count = len(points)
    out: list[Point] = []
    for index in range(count if closed else count - 1):
        if closed:
            a, b, c, d = (points[(index + step) % count] for step in (-1, 0, 1, 2))
        else:
            b, c = points[index], points[index + 1]
            a = points[index - 1] if index else b
            d = points[index + 2] if index + 2 < count else c
        out += [_between(a, b, c, d, step / _STEPS) for step in range(_STEPS)]
    return out if closed else [*out, points[-1]]


def _between(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    x, y = (
        0.5
        * (
            2 * b[axis]
            + (c[axis] - a[axis]) * t
            + (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t * t
            + (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t**3
        )
        for axis in (0, 1)
    )
    return x, y


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two: `share` of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float = 0.2) -> Colour:
    """The colour in shade."""
    return mix(colour, (18, 16, 36), share)


def lighter(colour: Colour, share: float = 0.2) -> Colour:
    """The colour in light."""
    return mix(colour, (255, 250, 240), share)


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """A picture that runs from the first colour above to the last one below."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    # a stop is a point, not a row: half a row is cut at both ends
    return column.resize(size, Image.Resampling.BILINEAR, box=(0, 0.5, 1, len(stops) - 0.5))


def glow(image: Image.Image, centre: Point, radius: float, colour: Colour, strength: float) -> None:
    """Light around a point (pixels), added to what is there."""
    left, top = round(centre[0] - radius), round(centre[1] - radius)
    side = max(2, round(2 * radius))
    area = (max(0, left), max(0, top), min(image.width, left + side), min(image.height, top + side))
    if area[0] >= area[2] or area[1] >= area[3]:
        return
    small = Image.new("L", (_GLOW_PX, _GLOW_PX))
    quarter = _GLOW_PX / 4
    ImageDraw.Draw(small).ellipse(
        (quarter, quarter, 3 * quarter, 3 * quarter), fill=round(255 * strength)
    )
    a, b, c, d = ((area[edge] - (left, top)[edge % 2]) * _GLOW_PX / side for edge in range(4))
    mask = small.filter(ImageFilter.GaussianBlur(_GLOW_PX * 0.09)).resize(
        (area[2] - area[0], area[3] - area[1]), Image.Resampling.BILINEAR, box=(a, b, c, d)
    )
    # light adds the more, the darker the place: painting with a mask comes near to a screen
    image.paste(lighter(colour, 0.2), area, mask.point(lambda level: level * 0.8))


def tinted(image: Image.Image, tint: Colour) -> Image.Image:
    """The picture in coloured light; what is transparent stays so."""
    light = Image.new("RGB", image.size, tint)
    if image.mode == "RGBA":
        colours = ImageChops.multiply(image.convert("RGB"), light)
        colours.putalpha(image.getchannel("A"))
        return colours
    return ImageChops.multiply(image, light)
