"""Occlusion of classifiers whose dependence on every pixel is known exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.birds import samples
from diffex_cli.heatmaps.occlusion import Windows, default_windows, occlusion

REGION = (slice(40, 72), slice(16, 48))
"""Rows and columns."""


def redness(pictures: Sequence[Image.Image]) -> NDArray[np.float64]:
    """The mean red of a region, and of nothing else, in [0, 1]."""
    return np.array([np.asarray(picture, np.float64)[REGION][..., 0].mean() / 255 for picture in pictures])


def picture(seed: int = 0, height: int = 96, width: int = 80) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def expected(image: Image.Image, windows: Windows) -> NDArray[np.float64]:
    """By definition: the classifier is linear, so a window costs the sum of what its pixels lose."""
    pixels = np.asarray(image, np.float64)
    height, width = pixels.shape[:2]
    gone = pixels[..., 0] - np.rint(pixels[..., 0].mean())
    weight = np.zeros((height, width))
    weight[REGION] = 1 / 255 / weight[REGION].size
    found = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            over = [
                (weight * gone)[rows, columns].sum()
                for rows, columns in windows.places(height, width)
                if rows.start <= y < rows.stop and columns.start <= x < columns.stop
            ]
            found[y, x] = np.mean(over)
    return found


def test_every_pixel_has_the_mean_loss_of_its_windows() -> None:
    image, windows = picture(height=75, width=60), Windows((16, 20), (12, 7))
    np.testing.assert_allclose(occlusion(redness, image, windows), expected(image, windows), atol=1e-12)


def test_heat_lies_on_the_region_that_counts_and_nowhere_else() -> None:
    pixels = np.zeros((96, 80, 3), np.uint8)
    pixels[REGION] = 255
    image, windows = Image.fromarray(pixels), Windows((8, 8), (8, 8))
    found = occlusion(redness, image, windows)
    mean = np.rint(pixels[..., 0].mean())
    inside = np.zeros((96, 80), bool)
    inside[REGION] = True
    # sixteen windows tile the region; each takes a sixteenth of it from red to the mean
    np.testing.assert_allclose(found[inside], (255 - mean) / 255 / 16, atol=1e-12)
    assert not found[~inside].any()


def test_what_speaks_against_is_negative() -> None:
    pixels = np.full((96, 80, 3), 255, np.uint8)
    pixels[REGION] = 0
    found = occlusion(redness, Image.fromarray(pixels), Windows((8, 8), (4, 4)))
    assert found[REGION].max() < 0
    assert found.max() == 0


def test_the_default_windows_find_the_region_too() -> None:
    pixels = np.zeros((128, 128, 3), np.uint8)
    pixels[REGION] = 255
    found = occlusion(redness, Image.fromarray(pixels))
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert REGION[0].start <= row < REGION[0].stop
    assert REGION[1].start <= column < REGION[1].stop
    side = default_windows(128, 128).window[0]
    near = (slice(REGION[0].start - side, REGION[0].stop + side), slice(0, REGION[1].stop + side))
    assert found[near].sum() == pytest.approx(found.sum())
    assert found[REGION].sum() / found.sum() > 0.75


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 9),
)
def test_windows_cover_every_pixel(height: int, width: int, tall: int, wide: int, down: int, right: int) -> None:
    windows = Windows((tall, wide), (min(down, tall), min(right, wide)))
    count = np.zeros((height, width), int)
    for rows, columns in windows.places(height, width):
        assert count[rows, columns].size > 0
        count[rows, columns] += 1
    assert count.min() > 0


def test_windows_that_leave_gaps_are_refused() -> None:
    with pytest.raises(ValueError, match="left out"):
        Windows((4, 4), (5, 4))
    with pytest.raises(ValueError, match="left out"):
        Windows((4, 4), (4, 0))


def test_a_photo_has_some_two_hundred_places() -> None:
    assert len(list(default_windows(224, 224).places(224, 224))) == 225
    assert 150 < len(list(default_windows(333, 500).places(333, 500))) < 300


def test_captum_finds_the_same() -> None:
    attr = pytest.importorskip("captum.attr", exc_type=ImportError)
    import torch

    image = next(iter(samples.pictures().values()))
    pixels = np.asarray(image).transpose(2, 0, 1)
    colour = np.rint(pixels.mean(axis=(1, 2)))
    columns = torch.linspace(0, 1, 128)

    def nonlinear(tensor: torch.Tensor) -> torch.Tensor:
        red, green, blue = tensor.unbind(1)
        return torch.tanh((red * columns - green).mean(dim=(1, 2)) / 30) + (blue / 255).square().mean(dim=(1, 2))

    def score(pictures: Sequence[Image.Image]) -> NDArray[np.float64]:
        arrays = np.stack([np.asarray(one) for one in pictures]).transpose(0, 3, 1, 2)
        return nonlinear(torch.from_numpy(arrays.astype(np.float32))).double().numpy()

    windows = Windows((24, 20), (16, 11))
    reference = attr.Occlusion(nonlinear).attribute(
        torch.from_numpy(pixels.astype(np.float32))[None],
        sliding_window_shapes=(3, *windows.window),
        strides=(3, *windows.stride),
        baselines=torch.from_numpy(colour.astype(np.float32))[None, :, None, None].expand(1, 3, 128, 128),
    )
    found = occlusion(score, image, windows)
    np.testing.assert_allclose(found, reference[0, 0].numpy(), atol=1e-5)
    assert np.ptp(found) > 1e-2
