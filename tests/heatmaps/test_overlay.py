from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from diffex_cli.heatmaps.overlay import COLOURS, colours, overlay


def test_the_colours_are_those_of_inferno() -> None:
    import matplotlib

    heat = np.linspace(0, 1, 200)[None]
    reference = np.asarray(matplotlib.colormaps["inferno"](heat))[..., :3] * 255
    assert np.abs(colours(heat) - reference).max() < 20
    assert len(COLOURS) == 9


def test_brightness_rises_with_the_heat() -> None:
    luma = colours(np.linspace(0, 1, 50)[None])[0] @ [0.299, 0.587, 0.114]
    assert (np.diff(luma) > 0).all()


def test_a_cold_picture_is_grey_and_a_hot_place_is_not() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 10, 3), dtype=np.uint8))
    heat = np.zeros((8, 10))
    heat[2, 3] = 1.0
    shown = np.asarray(overlay(picture, heat), int)
    spread = np.ptp(shown, axis=-1)
    assert spread[2, 3] > 60
    spread[2, 3] = 0
    assert not spread.any()
    grey = np.asarray(picture.convert("L"), int)
    rest = heat == 0
    assert np.corrcoef(shown[..., 0][rest], grey[rest])[0, 1] > 0.999


def test_heat_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        overlay(Image.new("RGB", (8, 4)), np.zeros((8, 4)))
