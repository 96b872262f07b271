"""Where a network's pixels come from, for preparations whose geometry is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from PIL import Image

from diffex_cli.classifiers.preprocessing import Preprocessing
from diffex_cli.core.errors import UsageError
from diffex_cli.heatmaps.view import View, view

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def tensors(prepare: Preprocessing) -> Callable[[Sequence[Image.Image]], torch.Tensor]:
    return lambda images: torch.from_numpy(prepare(images))


@pytest.mark.parametrize(
    ("prepare", "size", "expected"),
    [
        (Preprocessing((64, 64), (64, 64)), (128, 128), View(0, 0, 128, 128)),
        (Preprocessing((64, 48), (64, 48), mean=MEAN, std=STD), (200, 100), View(0, 0, 200, 100)),
        # the shorter side becomes 256, of which 224 are cut out of the middle
        (Preprocessing((224, 224), (256, 256), "crop", MEAN, STD), (512, 512), View(32, 32, 480, 480)),
        (Preprocessing((224, 224), (256, 256), "crop", MEAN, STD), (600, 300), View(168.75, 18.75, 431.25, 281.25)),
        (Preprocessing((100, 100), (100, 100), "pad", MEAN, STD, "bicubic"), (200, 100), View(0, -50, 200, 150)),
        (Preprocessing((96, 96), (96, 96), channels="bgr", range=255), (60, 90), View(0, 0, 60, 90)),
        (Preprocessing((96, 96), (96, 96), channels="grey", mean=(0.5,), std=(-0.5,)), (150, 90), View(0, 0, 150, 90)),
    ],
)
def test_the_view_is_what_resizing_and_cutting_leave(
    prepare: Preprocessing, size: tuple[int, int], expected: View
) -> None:
    found = view(tensors(prepare), size)
    pixel = max(size) / min(prepare.size)
    for side in ("left", "top", "right", "bottom"):
        assert getattr(found, side) == pytest.approx(getattr(expected, side), abs=0.75 * pixel), side


def test_a_preparation_that_turns_the_picture_is_refused() -> None:
    plain = tensors(Preprocessing((64, 64), (64, 64)))
    for turned in (lambda images: plain(images).flip(-1), lambda images: plain(images).transpose(-1, -2)):
        with pytest.raises(UsageError, match="use --heatmap occlusion"):
            view(turned, (64, 64))


def test_a_preparation_that_is_no_picture_is_refused() -> None:
    with pytest.raises(UsageError, match="has the shape"):
        view(lambda images: torch.zeros(len(images), 10), (64, 64))
    with pytest.raises(UsageError, match="does not depend"):
        view(lambda images: torch.zeros(len(images), 3, 8, 8), (64, 64))


def test_a_preparation_that_bends_the_picture_is_refused() -> None:
    def bent(images: Sequence[Image.Image]) -> torch.Tensor:
        pixels = torch.from_numpy(np.stack([np.asarray(image) for image in images])).permute(0, 3, 1, 2) / 255.0
        return pixels.square()

    with pytest.raises(UsageError, match="does not merely resize"):
        view(bent, (64, 64))
