import math
import random

import numpy as np
import pytest
from PIL import Image

from diffex_cli.birds import renderer
from diffex_cli.birds.attributes import ATTRIBUTES, Bird, random_bird
from diffex_cli.birds.renderer import SIZE, render

BIRDS = [random_bird(random.Random(seed)) for seed in range(4)]

REGIONS = {
    "upperparts": ((-20, 12), 62),
    "belly": ((8, 18), 31),
    "head": ((20, -30), 46),
    "throat": ((28, -5), 22),
    "beak_color": ((60, -19), 24),
    "beak_shape": ((60, -19), 24),
    "crest": ((15, -45), 35),
    "eye": ((31, -23), 10),
    "wing": ((-25, 8), 38),
    "breast": ((19, 14), 27),
    "tail": ((-50, 21), 42),
}
"""Attribute → centre and radius, in the bird's own coordinates, of the circle that it may change."""


def pixels(bird: Bird) -> np.ndarray:
    return np.asarray(render(bird))


def changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one != other).any(axis=-1)


def own_coordinates(bird: Bird, mask: np.ndarray) -> np.ndarray:
    """The marked pixels' centres in the bird's coordinates (x forward, y down), shape (pixels, 2)."""
    y, x = np.nonzero(mask)
    across = (x + 0.5 - SIZE / 2 - bird.dx) / bird.scale * (-1 if bird.faces_left else 1)
    down = (y + 0.5 - SIZE / 2 - bird.dy) / bird.scale
    cos, sin = math.cos(-bird.tilt), math.sin(-bird.tilt)
    return np.stack([across * cos - down * sin, across * sin + down * cos], axis=-1)


def test_the_same_record_gives_the_same_pixels() -> None:
    for bird in BIRDS:
        picture = render(bird)
        assert (picture.size, picture.mode) == ((SIZE, SIZE), "RGB")
        assert picture.tobytes() == render(Bird.from_dict(bird.as_dict())).tobytes()


@pytest.mark.parametrize("attribute", REGIONS)
def test_an_attribute_changes_only_its_own_region(attribute: str) -> None:
    (x, y), radius = REGIONS[attribute]
    for bird in BIRDS:
        for value in ATTRIBUTES[attribute]:
            if value == bird.value(attribute):
                continue
            mask = changed(pixels(bird), pixels(bird.with_values(**{attribute: value})))
            assert mask.any(), f"{attribute}={value} shows nothing"
            points = own_coordinates(bird, mask)
            assert np.hypot(points[:, 0] - x, points[:, 1] - y).max() <= radius, f"{attribute}={value}"


def test_every_attribute_has_a_region() -> None:
    assert set(REGIONS) | {"background"} == set(ATTRIBUTES)


def test_a_background_leaves_the_birds_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {
        (n, value): pixels(bird.with_values(background=value))
        for n, bird in enumerate(BIRDS)
        for value in ATTRIBUTES["background"]
    }
    for value, colour in (("sky", (0, 0, 0)), ("snow", (255, 255, 255))):
        fill = lambda canvas, draw, rng, colour=colour: canvas.paste(Image.new("RGB", canvas.size, colour))  # noqa: E731
        monkeypatch.setitem(renderer._BACKGROUNDS, value, fill)
    for n, bird in enumerate(BIRDS):
        body = ~changed(pixels(bird.with_values(background="sky")), pixels(bird.with_values(background="snow")))
        assert 0.15 < body.mean() < 0.5
        for value in ATTRIBUTES["background"]:
            for other in ATTRIBUTES["background"]:
                difference = changed(shown[n, value], shown[n, other])
                assert not difference[body].any()
                assert value == other or difference[~body].mean() > 0.9


def test_the_texture_seed_moves_details_only() -> None:
    """Two seeds of one record draw the same bird: its outline stays."""
    import dataclasses

    one, other = BIRDS[0], dataclasses.replace(BIRDS[0], texture=BIRDS[0].texture + 1)
    assert changed(pixels(one), pixels(other)).any()
    black = [np.abs(pixels(bird).astype(int) - renderer._OUTLINE).sum(axis=-1) < 12 for bird in (one, other)]
    assert np.logical_and(*black).sum() > 0.8 * np.logical_or(*black).sum()
