"""Where in a picture a classifier finds what it goes by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.classifiers.checks import check_finite
from diffex_cli.classifiers.opened import OpenedClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.foreign import foreign
from diffex_cli.heatmaps.gradcam import gradcam
from diffex_cli.heatmaps.kinds import Kind
from diffex_cli.heatmaps.occlusion import occlusion
from diffex_cli.measure.targets import parse

Done = Callable[[int], None]
"""Hears of how many more pictures are done."""


def heat(
    kind: Kind,
    classifier: OpenedClassifier,
    images: Sequence[Image.Image],
    weights: NDArray[np.float64],
    done: Done = lambda _: None,
) -> NDArray[np.float64]:
    """What speaks for a weighted sum of the logits, by place.

    Args:
        images: n pictures of one size.
        weights: of the logits, shape (n, labels).

    Returns:
        shape (n, height, width), ≥ 0: of ``occlusion`` in logits, what the sum loses when the place is covered;
        of ``gradcam`` in a unit of the network's own, so that only the places of one map can be compared.

    Raises:
        UsageError: Grad-CAM is not possible with this classifier.
        ValueError: the pictures differ in size.
    """
    _check_size(images)
    if kind == "gradcam":
        network = classifier.gradients()
        if network is None:
            raise UsageError(
                "--heatmap gradcam needs a network whose gradients can be reached (transformers:, timm:, torchvision:, "
                "clip:, birds:): use --heatmap occlusion, which works with any classifier"
            )
        with foreign(classifier.who):
            maps = gradcam(network, images, weights)
        lost = int((~np.isfinite(maps)).any(axis=(1, 2)).sum())
        if lost:
            raise DiffexError(
                f"{classifier.who} gave activations or gradients that are not finite for {lost} of {len(images)} "
                "images, so that they have no heat map: use --heatmap occlusion, or a higher precision"
            )
        done(len(images))
        return maps
    rows = []
    for image, row in zip(images, weights, strict=True):
        rows.append(np.maximum(occlusion(_Sum(classifier, row), image), 0.0))
        done(1)
    return np.stack(rows) if rows else np.zeros((0, 1, 1))


def target_weights(target: str, originals: Sequence[ScoreRow]) -> NDArray[np.float64]:
    """The weights of the logits that make up a target, shape (n, labels).

    Args:
        originals: the scores of the n pictures that ``predicted`` goes by; before and after an edit the same, those
            of the untouched image.
    """
    labels = originals[0].labels
    found = parse(target, labels)
    if found is None:
        raise UsageError(f"the classifier has no class {target!r}: run `diffex search` again")
    weights = np.zeros((len(originals), len(labels)))
    weights[np.arange(len(originals)), found.columns(originals)] = 1.0
    if found.against is not None:
        weights[:, found.against] = -1.0
    return weights


def _check_size(images: Sequence[Image.Image]) -> None:
    if len({image.size for image in images}) > 1:
        raise ValueError("the pictures differ in size: one size at a time")


class _Sum:
    """A weighted sum of a classifier's logits, as a score of pictures."""

    def __init__(self, classifier: OpenedClassifier, weights: NDArray[np.float64]) -> None:
        self._classifier, self._weights = classifier, weights

    def __call__(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        logits = self._classifier.logits(images)
        check_finite(logits, self._classifier.spec)
        sums: NDArray[np.float64] = logits @ self._weights
        return sums
