"""Where in a picture a classifier finds what it goes by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.checks import checked_logits, unique_labels
from diffex_cli.classifiers.gradients import GradientClassifier
from diffex_cli.core.errors import UsageError
from diffex_cli.heatmaps.gradcam import gradcam
from diffex_cli.heatmaps.kinds import Kind
from diffex_cli.heatmaps.occlusion import occlusion
from diffex_cli.measure.targets import parse

Done = Callable[[int], None]
"""Hears of how many more pictures are done."""


def heatmap(kind: Kind, classifier: Classifier, target: str, images: Sequence[Image.Image]) -> NDArray[np.float64]:
    """Heat maps of the target's logit, each on a scale of its own.

    Args:
        kind: ``gradcam``, or ``occlusion``, which asks nothing of a classifier but its logits, a few hundred times
            for every picture.
        target: as the artifacts call it: a class; ``predicted``, what the classifier says of each of these pictures;
            ``A - B``, one class against another.
        images: n pictures of one size.

    Returns:
        shape (n, height, width), in [0, 1]: 0 where nothing speaks for the target, 1 at the place that does so
        most; all 0 where none does.

    Raises:
        UsageError: there is no such class, or Grad-CAM is not possible with this classifier.
        ValueError: the pictures differ in size.
    """
    if not images:
        return np.zeros((0, 1, 1))
    _check_size(images)
    labels = unique_labels(classifier.labels)
    rows = checked_logits(classifier.logits(images), len(images), len(labels), "that is explained")
    weights = target_weights(target, [ScoreRow("", "original", labels, row) for row in rows])
    return scaled(heat(kind, classifier, images, weights))


def heat(
    kind: Kind,
    classifier: Classifier,
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
        network = classifier.gradients() if isinstance(classifier, GradientClassifier) else None
        if network is None:
            raise UsageError(
                "--heatmap gradcam needs a network whose gradients can be reached (transformers:, timm:, torchvision:, "
                "clip:, birds:): use --heatmap occlusion, which works with any classifier"
            )
        maps = gradcam(network, images, weights)
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


def scaled(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each map divided by its largest value; shape (n, height, width)."""
    peaks = maps.max(axis=(1, 2), keepdims=True, initial=0.0)
    found: NDArray[np.float64] = maps / np.where(peaks > 0, peaks, 1.0)
    return found


def share(maps: NDArray[np.float64], regions: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much of each map's heat lies in a region, in [0, 1]; NaN for a map without heat.

    Args:
        maps: shape (n, height, width), ≥ 0.
        regions: of the same shape.

    Returns:
        shape (n,).
    """
    total = maps.sum(axis=(1, 2))
    inside = (maps * regions).sum(axis=(1, 2))
    found: NDArray[np.float64] = np.divide(inside, total, out=np.full(len(maps), np.nan), where=total > 0)
    return found


def _check_size(images: Sequence[Image.Image]) -> None:
    if len({image.size for image in images}) > 1:
        raise ValueError("the pictures differ in size: one size at a time")


class _Sum:
    """A weighted sum of a classifier's logits, as a score of pictures."""

    def __init__(self, classifier: Classifier, weights: NDArray[np.float64]) -> None:
        self._classifier, self._weights = classifier, weights

    def __call__(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        logits = checked_logits(self._classifier.logits(images), len(images), len(self._weights), "that is explained")
        sums: NDArray[np.float64] = logits @ self._weights
        return sums
