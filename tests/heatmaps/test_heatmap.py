"""Heat maps of the birds' classifiers, whose every attribute has known pixels; and of black boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from heat_of import heatmap, scaled, share
from numpy.typing import NDArray
from PIL import Image

from benchmarks.truth.heat import regions
from diffex_cli.birds import samples
from diffex_cli.birds.classifier import open_birds
from diffex_cli.birds.panel.classifiers import open_member
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.opened import OpenedClassifier
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.heatmaps.heatmap import heat
from diffex_cli.heatmaps.kinds import KINDS, Kind, parse_kind

KEYS = list(samples.pictures())[:10]
PICTURES = [samples.pictures()[key] for key in KEYS]
REGIONS = regions(KEYS)


def birds(name: str) -> Classifier:
    return open_birds(parse_spec(f"birds:{name}"), device="cpu")


class Corners:
    """Three classes: the mean red of the top left quarter, the same of the bottom right one, and nothing."""

    fingerprint = "corners"
    settings: Mapping[str, object] = {}
    labels = ("top", "bottom", "nothing")

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        rows = []
        for image in images:
            red = np.asarray(image, np.float64)[..., 0] / 25.5
            half = len(red) // 2
            rows.append([red[:half, :half].mean(), red[half:, half:].mean(), 1.0])
        return np.array(rows).reshape(len(images), 3)


def red_quarters(*quarters: str) -> Image.Image:
    pixels = np.zeros((64, 64, 3), np.uint8)
    for quarter in quarters:
        place = slice(None, 32) if quarter == "top" else slice(32, None)
        pixels[place, place, 0] = 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("kind", "count", "more"), [("gradcam", 10, 0.05), ("occlusion", 4, 0.1)])
def test_more_heat_lies_on_the_background_if_the_classifier_goes_by_it(kind: Kind, count: int, more: float) -> None:
    """On all 48 samples Grad-CAM's share is 0.79 for ``shortcut`` and 0.66 for ``species``, occlusion's 0.60 and 0.37;
    the background is 0.79 of the picture."""
    background = REGIONS["background"][:count]
    shortcut, species = (
        np.nanmean(share(heatmap(kind, birds(name), "predicted", PICTURES[:count]), background))
        for name in ("shortcut", "species")
    )
    assert shortcut > species + more
    assert 0.3 < species < shortcut < 0.9


def density(maps: NDArray[np.float64], region: NDArray[np.bool_]) -> float:
    """How much more heat a pixel of the region has than one outside; the median over the pictures."""
    shares, area = share(maps, region), region.mean(axis=(1, 2))
    return float(np.median(shares / area / ((1 - shares) / (1 - area))))


@pytest.mark.parametrize(
    ("kind", "member", "attribute", "value", "least"),
    [
        ("occlusion", "single-red-head", "head", "red", 4),
        ("occlusion", "single-hooked-beak", "beak_shape", "hooked", 4),
        ("gradcam", "single-red-head", "head", "red", 3),
        ("gradcam", "single-snow", "background", "snow", 1.5),
    ],
)
def test_heat_is_dense_where_the_formulas_attribute_is(
    kind: Kind, member: str, attribute: str, value: str, least: float
) -> None:
    classifier = open_member(parse_spec(f"birds:panel-{member}"), device="cpu")
    has = [key for key, bird in samples.records().items() if bird.value(attribute) == value][:3]
    maps = heatmap(kind, classifier, "yes", [samples.pictures()[key] for key in has])
    assert density(maps, regions(has)[attribute]) > least


def test_what_is_everywhere_is_hardly_missed_when_a_part_is_covered() -> None:
    classifier = open_member(parse_spec("birds:panel-single-snow"), device="cpu")
    key = next(key for key, bird in samples.records().items() if bird.background == "snow")
    picture = samples.pictures()[key]
    assert classifier.logits([picture])[0, 1] > 1.4
    assert heat("occlusion", OpenedClassifier(classifier, "own"), [picture], np.array([[0.0, 1.0]])).max() < 0.05


def test_occlusion_of_a_black_box() -> None:
    maps = heatmap("occlusion", Corners(), "top", [red_quarters("top", "bottom"), red_quarters("bottom")])
    assert maps.shape == (2, 64, 64)
    assert maps[0].max() == 1
    assert maps[0][:32, :32].sum() / maps[0].sum() > 0.8
    assert maps[0][:24, :24].min() > 0.5
    assert not maps[0][40:].any()
    assert not maps[1].any()  # covering what is black only adds red


def test_what_is_explained_can_be_each_images_own_class_or_a_contrast() -> None:
    pictures = [red_quarters("top"), red_quarters("bottom")]
    own = heatmap("occlusion", Corners(), "predicted", pictures)
    for index, target in enumerate(Corners.labels[:2]):
        np.testing.assert_array_equal(own[index], heatmap("occlusion", Corners(), target, pictures)[index])
    both = [red_quarters("top", "bottom")]
    contrast = heatmap("occlusion", Corners(), "top - bottom", both)[0]
    assert contrast[:28, :28].min() > 0.4
    assert not contrast[40:, 40:].any()


def test_heat_is_in_logits_before_it_is_scaled() -> None:
    weights = np.array([[1.0, 0.0, 0.0]])
    raw = heat("occlusion", OpenedClassifier(Corners(), "own"), [red_quarters("top")], weights)[0]
    # one window of 8×8 takes its pixels of 32×32 from 10 to the mean colour's 2.5
    assert raw[:8, :8].max() == pytest.approx(64 / 1024 * 7.5, abs=0.01)
    np.testing.assert_allclose(scaled(raw[None])[0], heatmap("occlusion", Corners(), "top", [red_quarters("top")])[0])


def test_progress_is_told() -> None:
    heard: list[int] = []
    heat("occlusion", OpenedClassifier(Corners(), "own"), [red_quarters("top")] * 3, np.ones((3, 3)), heard.append)
    assert sum(heard) == 3


def test_wrong_wishes_end_in_a_sentence() -> None:
    pictures = [red_quarters("top")]
    with pytest.raises(UsageError, match="no class 'left'"):
        heatmap("occlusion", Corners(), "left", pictures)
    with pytest.raises(UsageError, match=r"gradients can be reached.*use --heatmap occlusion"):
        heatmap("gradcam", Corners(), "top", pictures)
    with pytest.raises(ValueError, match="differ in size"):
        heat("occlusion", OpenedClassifier(Corners(), "own"), [*pictures, Image.new("RGB", (32, 64))], np.ones((2, 3)))
    with pytest.raises(UsageError, match=r"--heatmap: there is no heat map 'gradcan' .did you mean 'gradcam'"):
        parse_kind("gradcan")
    assert [parse_kind(kind) for kind in KINDS] == list(KINDS)


def test_no_pictures_have_no_maps() -> None:
    assert len(heat("occlusion", OpenedClassifier(Corners(), "own"), [], np.zeros((0, len(Corners().labels))))) == 0


def test_a_map_without_heat_stays_cold_and_has_no_share() -> None:
    maps = np.zeros((2, 2, 2))
    maps[0] = [[1, 0], [0, 3]]
    np.testing.assert_array_equal(scaled(maps)[0], [[1 / 3, 0], [0, 1]])
    assert not scaled(maps)[1].any()
    shares = share(maps, np.array([[[True, False], [False, False]]] * 2))
    assert shares[0] == 0.25
    assert np.isnan(shares[1])
