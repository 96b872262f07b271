"""The shorter way of an image processor gives its numbers to the bit, or is not taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from transformers import AutoImageProcessor, BatchFeature

from diffex_cli.classifiers import quick as quick_module
from diffex_cli.classifiers.quick import quick
from diffex_cli.core.machine import quiet_transformers

SIDES = {"height": 32, "width": 24}
EDGE = {"shortest_edge": 40}
PROCESSORS: dict[str, tuple[bool, dict[str, object]]] = {
    "EfficientNet": (True, {"size": SIDES, "include_top": True, "rescale_offset": True}),
    "ViT": (True, {"size": SIDES}),
    "CLIP": (True, {"size": EDGE, "crop_size": {"height": 40, "width": 40}}),
    "Bit": (True, {"size": EDGE, "crop_size": {"height": 31, "width": 30}, "do_center_crop": True}),
    "Siglip": (True, {"size": SIDES, "do_normalize": False}),
    "DeiT": (True, {"size": {"height": 40, "width": 40}, "crop_size": {"height": 33, "width": 33}}),
    "ConvNext": (False, {"size": EDGE}),
    "Levit": (False, {"size": EDGE, "crop_size": {"height": 40, "width": 40}}),
    "Siglip2": (False, {"max_num_patches": 16}),
}
RANDOM = np.random.default_rng(0)
PICTURES = [
    Image.fromarray(RANDOM.integers(0, 256, (height, width, 3), dtype=np.uint8))
    for width, height in [(64, 64), (40, 40), (24, 32), (91, 50), (33, 170), (7, 5), (1, 1), (2, 90), (300, 299)]
]


def processor(folder: Path, name: str) -> Any:
    about = {"image_processor_type": f"{name}ImageProcessor", **PROCESSORS[name][1]}
    (folder / "preprocessor_config.json").write_text(json.dumps(about))
    with quiet_transformers():
        return AutoImageProcessor.from_pretrained(folder, backend="pil")


@pytest.mark.parametrize("tensors", ["pt", "np"])
@pytest.mark.parametrize("name", PROCESSORS)
def test_to_the_bit(name: str, tensors: str, tmp_path: Path) -> None:
    own = processor(tmp_path, name)
    how = {"return_tensors": tensors}
    for some in (PICTURES, PICTURES[3:4], [*PICTURES[:2], PICTURES[0].convert("L").convert("RGB")]):
        expected, found = own(images=list(some), **how), quick(own, **how)(some)
        assert set(found) == set(expected)
        assert type(found["pixel_values"]) is type(expected["pixel_values"])
        for key, values in expected.items():
            assert np.asarray(values).dtype == np.asarray(found[key]).dtype
            np.testing.assert_array_equal(np.asarray(found[key]), np.asarray(values), strict=True)


@pytest.mark.parametrize("name", PROCESSORS)
def test_which_have_a_shorter_way(name: str, tmp_path: Path) -> None:
    own, asked = processor(tmp_path, name), []

    class Counting(type(own)):  # type: ignore[misc]
        def __call__(self, *arguments: Any, **how: Any) -> Any:
            asked.append(how)
            return super().__call__(*arguments, **how)

    own.__class__ = Counting
    prepare = quick(own, return_tensors="pt")
    asked.clear()
    prepare(PICTURES)
    assert (not asked) is PROCESSORS[name][0]


def test_pictures_that_are_not_rgb_go_the_usual_way(tmp_path: Path) -> None:
    own = processor(tmp_path, "Siglip")
    some = [PICTURES[0], PICTURES[1].convert("RGBA")]
    expected = own(images=list(some), return_tensors="np")["pixel_values"]
    np.testing.assert_array_equal(quick(own, return_tensors="np")(some)["pixel_values"], expected)


class Neighbours:
    """One whose answer of a pixel depends on the others."""

    do_resize, do_center_crop, resample = True, False, Image.Resampling.BILINEAR

    def __init__(self, own: Any) -> None:
        self.own, self.size = own, own.size

    def __call__(self, images: Sequence[Image.Image], **how: Any) -> BatchFeature:
        found = self.own(images=images, **how)["pixel_values"]
        return BatchFeature({"pixel_values": found - found.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float32)})


class Fussy:
    """One that answers nothing but its own pictures."""

    do_resize, do_center_crop, resample = True, False, Image.Resampling.BILINEAR

    def __init__(self, own: Any) -> None:
        self.own, self.size = own, own.size

    def __call__(self, images: Sequence[Image.Image], **how: Any) -> Any:
        if any(image.size not in [one.size for one in PICTURES] for image in images):
            raise RuntimeError("what is this?")
        return self.own(images=images, **how)


@pytest.mark.parametrize("odd", [Neighbours, Fussy])
def test_one_that_looks_alike_and_is_not_goes_the_usual_way(odd: Any, tmp_path: Path) -> None:
    own = odd(processor(tmp_path, "ViT"))
    expected = own(images=PICTURES, return_tensors="np")["pixel_values"]
    assert quick_module._way(own, lambda pictures: own(images=list(pictures), return_tensors="np")) is None
    np.testing.assert_array_equal(quick(own, return_tensors="np")(PICTURES)["pixel_values"], expected)
