"""Draws a :class:`~diffex_cli.birds.attributes.Bird`: 128×128 RGB, antialiased, deterministic.

Everything random in a picture comes from the record's jitter fields, through streams that no
attribute touches. Changing one attribute therefore changes only that attribute's pixels.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence

from PIL import Image, ImageDraw

from diffex_cli.birds.attributes import Bird

SIZE = 128
_SUPERSAMPLING = 3

Point = tuple[float, float]
Color = tuple[int, int, int]

_COLORS: dict[str, Color] = {
    "red": (206, 44, 42),
    "blue": (48, 98, 206),
    "green": (44, 148, 74),
    "brown": (134, 88, 50),
    "black": (42, 42, 50),
    "white": (244, 243, 238),
    "yellow": (246, 208, 52),
    "orange": (238, 138, 42),
    "gray": (150, 152, 160),
    "dark": (28, 24, 28),
}
_OUTLINE: Color = (34, 30, 36)
_MARKING: Color = (74, 48, 34)


def render(bird: Bird) -> Image.Image:
    """Draw one bird: RGB, 128×128 pixels; the same record gives the same ones."""
    canvas = Image.new("RGB", (SIZE * _SUPERSAMPLING, SIZE * _SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    _BACKGROUNDS[bird.background](canvas, draw, random.Random(f"{bird.texture}/background"))
    _draw_bird(_Pen(draw, bird), bird)
    return canvas.resize((SIZE, SIZE), Image.Resampling.BOX)


class _Pen:
    """Draws in the bird's own coordinates: x forward, y down, origin at the middle of the body."""

    def __init__(self, draw: ImageDraw.ImageDraw, bird: Bird) -> None:
        self._draw = draw
        self._cos, self._sin = math.cos(bird.tilt), math.sin(bird.tilt)
        self._forward = -1.0 if bird.faces_left else 1.0
        self._scale = bird.scale * _SUPERSAMPLING
        self._x = (SIZE / 2 + bird.dx) * _SUPERSAMPLING
        self._y = (SIZE / 2 + bird.dy) * _SUPERSAMPLING

    def place(self, point: Point) -> Point:
        x, y = point[0] * self._cos - point[1] * self._sin, point[0] * self._sin + point[1] * self._cos
        return self._x + self._forward * self._scale * x, self._y + self._scale * y

    def polygon(self, points: Iterable[Point], fill: Color, outline: bool = True) -> None:
        placed = [self.place(point) for point in points]
        self._draw.polygon(placed, fill=fill)
        if outline:
            self._draw.line([*placed, placed[0]], fill=_OUTLINE, width=4, joint="curve")

    def line(self, points: Sequence[Point], fill: Color, width: float) -> None:
        self._draw.line([self.place(p) for p in points], fill=fill, width=round(width * self._scale), joint="curve")

    def ellipse(
        self, center: Point, rx: float, ry: float, fill: Color, angle: float = 0.0, outline: bool = True
    ) -> None:
        self.polygon(_ellipse(center, rx, ry, angle), fill, outline)


def _ellipse(center: Point, rx: float, ry: float, angle: float = 0.0) -> list[Point]:
    cos, sin = math.cos(angle), math.sin(angle)
    steps = 40 if rx > 8 else 18
    turns = [2 * math.pi * k / steps for k in range(steps)]
    return [
        (
            center[0] + rx * math.cos(t) * cos - ry * math.sin(t) * sin,
            center[1] + rx * math.cos(t) * sin + ry * math.sin(t) * cos,
        )
        for t in turns
    ]


def _shade(color: Color, factor: float) -> Color:
    r, g, b = (max(0, min(255, round(c * factor))) for c in color)
    return r, g, b


def _draw_bird(pen: _Pen, bird: Bird) -> None:
    shades = random.Random(f"{bird.texture}/shades")
    upper, belly, head, throat, beak = (shades.uniform(0.92, 1.06) for _ in range(5))
    upper_color = _shade(_COLORS[bird.upperparts], upper)
    head_color = _shade(_COLORS[bird.head], head)
    _legs(pen)
    _TAILS[bird.tail](pen, _shade(upper_color, 0.82))
    pen.ellipse((-6, 12), 37, 25, upper_color, angle=-0.25)
    pen.ellipse((8, 18), 27, 18, _shade(_COLORS[bird.belly], belly), angle=-0.45)
    _breast_pattern(pen, bird)
    _wing(pen, bird, _shade(upper_color, 0.86))
    _crest(pen, bird.crest, _shade(head_color, 0.88))
    pen.ellipse((26, -19), 21, 20, head_color)
    if bird.throat != "plain":
        pen.polygon(_THROAT, _shade(_COLORS[bird.throat], throat))
    pen.polygon(_BEAKS[bird.beak_shape], _shade(_COLORS[bird.beak_color], beak))
    _beak_gape(pen, bird.beak_shape)
    pen.ellipse((31, -23), 8.6, 8.6, (250, 250, 250))
    pen.ellipse((31.5, -23), 6.8, 6.8, _COLORS[bird.eye], outline=False)
    pen.ellipse((32, -23), 2.6, 2.6, (10, 10, 12), outline=False)


def _legs(pen: _Pen) -> None:
    for x in (-2.0, 10.0):
        pen.line([(x, 32), (x + 1, 50), (x + 8, 51)], (120, 84, 48), 2.4)


_TAILS: dict[str, Callable[[_Pen, Color], None]] = {
    "short": lambda pen, color: pen.polygon([(-30, 8), (-51, 12), (-52, 27), (-28, 26)], color),
    "long": lambda pen, color: pen.polygon([(-30, 8), (-73, 20), (-74, 35), (-28, 27)], color),
    "forked": lambda pen, color: pen.polygon(
        [(-30, 8), (-71, -4), (-69, 8), (-47, 20), (-65, 42), (-58, 48), (-26, 29)], color
    ),
}

_THROAT: tuple[Point, ...] = ((44, -13), (40, -6), (35, 0), (26, 4), (14, 1), (12, -5), (22, -6), (32, -9), (40, -14))

_BEAKS: dict[str, tuple[Point, ...]] = {
    "conical": ((42, -31), (62, -18), (42, -8)),
    "long": ((43, -26), (78, -19), (78, -16), (43, -13)),
    "hooked": ((42, -31), (54, -31), (64, -25), (66, -14), (62, -5), (59, -14), (54, -15), (42, -10)),
    "flat": ((43, -23), (56, -22), (66, -26), (74, -23), (74, -11), (66, -9), (56, -13), (43, -12)),
}


def _beak_gape(pen: _Pen, shape: str) -> None:
    ends = {"conical": (56.0, -18.0), "long": (74.0, -17.5), "hooked": (57.0, -20.0), "flat": (70.0, -17.0)}
    pen.line([(45, -18), ends[shape]], _OUTLINE, 0.9)


def _crest(pen: _Pen, crest: str, color: Color) -> None:
    if crest == "short":
        pen.polygon([(35, -35), (27, -50), (21, -43), (13, -48), (10, -40), (1, -39), (8, -26), (26, -28)], color)
    elif crest == "tall":
        pen.polygon([(36, -34), (30, -64), (22, -53), (13, -68), (8, -52), (-6, -59), (3, -26), (26, -26)], color)


def _wing(pen: _Pen, bird: Bird, color: Color) -> None:
    outline: list[Point] = [
        (10, -2), (2, -9), (-12, -9), (-28, -2), (-44, 10), (-57, 24), (-40, 25), (-20, 24), (-2, 19), (8, 10),
    ]  # fmt: skip
    pen.polygon(outline, color)
    light: Color = (250, 240, 214)
    if bird.wing == "barred":
        for top, bottom in (((-6, -8), (-1, 18)), ((-18, -6), (-14, 22)), ((-30, 2), (-28, 23))):
            pen.line([top, bottom], light, 4.6)
    elif bird.wing == "spotted":
        for center in ((0, -2), (-1, 9), (-12, -3), (-12, 7), (-12, 17), (-24, 3), (-25, 14), (-37, 12), (-40, 20)):
            pen.ellipse(center, 3.3, 3.3, light, outline=False)


def _breast_pattern(pen: _Pen, bird: Bird) -> None:
    jitter = random.Random(f"{bird.texture}/breast")
    places = [(30, 6), (22, 12), (31, 15), (14, 20), (23, 22), (5, 26), (15, 29), (28, 1)]
    marks = [(x + jitter.uniform(-1.2, 1.2), y + jitter.uniform(-1.2, 1.2)) for x, y in places]
    if bird.breast == "spotted":
        for mark in marks:
            pen.ellipse(mark, 2.9, 2.9, _MARKING, outline=False)
    elif bird.breast == "streaked":
        for x, y in marks:
            pen.line([(x + 2.2, y - 5), (x - 2.2, y + 5)], _MARKING, 2.0)


def _gradient(canvas: Image.Image, top: Color, bottom: Color) -> None:
    ramp = Image.linear_gradient("L").resize(canvas.size)
    canvas.paste(Image.composite(Image.new("RGB", canvas.size, bottom), Image.new("RGB", canvas.size, top), ramp))


def _pixels(rng: random.Random, low: float, high: float) -> float:
    return rng.uniform(low, high) * SIZE * _SUPERSAMPLING


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, rx: float, ry: float, fill: Color) -> None:
    draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill)


def _ridge(draw: ImageDraw.ImageDraw, rng: random.Random, height: float, roughness: float, fill: Color) -> None:
    """Fill everything below a wavy line at ``height`` (a share of the picture)."""
    side = SIZE * _SUPERSAMPLING
    phase, waves = rng.uniform(0, 6.28), rng.uniform(1.2, 2.2)
    crest = [
        (x, side * (height + roughness * math.sin(phase + waves * 6.28 * x / side))) for x in range(0, side + 1, 12)
    ]
    draw.polygon([*crest, (side, side), (0, side)], fill=fill)


def _sky(canvas: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _gradient(canvas, (112, 180, 240), (206, 232, 252))
    for _ in range(4):
        x, y, size = _pixels(rng, 0, 1), _pixels(rng, 0.05, 0.8), _pixels(rng, 0.05, 0.09)
        for step in (-1, 0, 1):
            _disc(draw, x + step * size, y - (step == 0) * size * 0.3, size, size * 0.6, (250, 252, 255))


def _forest(canvas: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _gradient(canvas, (120, 170, 112), (74, 122, 66))
    side = SIZE * _SUPERSAMPLING
    for k in range(7):
        x, width = side * (k + rng.uniform(0.1, 0.9)) / 7, _pixels(rng, 0.012, 0.022)
        foot = _pixels(rng, 0.76, 0.86)
        draw.rectangle((x - width, foot - side * 0.2, x + width, foot), fill=(84, 62, 42))
        green = _shade((46, 104, 54), rng.uniform(0.85, 1.15))
        reach, top = _pixels(rng, 0.07, 0.1), _pixels(rng, 0.05, 0.3)
        draw.polygon([(x, top), (x - reach, foot - side * 0.1), (x + reach, foot - side * 0.1)], fill=green)
    _ridge(draw, rng, 0.86, 0.01, (66, 98, 48))


def _desert(canvas: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _gradient(canvas, (250, 216, 160), (252, 232, 196))
    radius = SIZE * _SUPERSAMPLING * 0.07
    _disc(draw, _pixels(rng, 0.1, 0.9), _pixels(rng, 0.08, 0.2), radius, radius, (255, 244, 208))
    for height, color in ((0.55, (232, 182, 112)), (0.7, (220, 164, 92)), (0.85, (204, 146, 78))):
        _ridge(draw, rng, height, 0.04, color)


def _snow(canvas: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _gradient(canvas, (168, 182, 206), (214, 222, 236))
    for height, color in ((0.62, (232, 238, 248)), (0.8, (246, 249, 255))):
        _ridge(draw, rng, height, 0.03, color)
    for _ in range(36):
        x, y, radius = _pixels(rng, 0, 1), _pixels(rng, 0, 1), _pixels(rng, 0.006, 0.011)
        _disc(draw, x, y, radius, radius, (255, 255, 255))


def _water(canvas: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _gradient(canvas, (120, 200, 206), (20, 96, 134))
    side = SIZE * _SUPERSAMPLING
    for k in range(9):
        y, phase = side * (k + 0.7) / 9, rng.uniform(0, 6.28)
        wave = [(x, y + side * 0.014 * math.sin(phase + 6.28 * 4 * x / side)) for x in range(0, side + 1, 12)]
        draw.line(wave, fill=(170, 224, 228) if k % 2 else (72, 156, 178), width=5, joint="curve")


_BACKGROUNDS: dict[str, Callable[[Image.Image, ImageDraw.ImageDraw, random.Random], None]] = {
    "sky": _sky,
    "forest": _forest,
    "desert": _desert,
    "snow": _snow,
    "water": _water,
}
