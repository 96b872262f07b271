"""Heat maps of pictures that are part of no run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.opened import OpenedClassifier
from diffex_cli.heatmaps.heatmap import heat, target_weights
from diffex_cli.heatmaps.kinds import Kind


def heatmap(kind: Kind, classifier: Classifier, target: str, images: Sequence[Image.Image]) -> NDArray[np.float64]:
    """Of the target's logit, shape (n, height, width), each scaled to [0, 1]; ``predicted`` is what the
    classifier says of each of these pictures."""
    rows = [ScoreRow("", "original", tuple(classifier.labels), row) for row in classifier.logits(images)]
    return scaled(heat(kind, OpenedClassifier(classifier, "that is explained"), images, target_weights(target, rows)))


def scaled(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each map divided by its largest value."""
    peaks = maps.max(axis=(1, 2), keepdims=True, initial=0.0)
    return maps / np.where(peaks > 0, peaks, 1.0)


def share(maps: NDArray[np.float64], regions: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much of each map's heat lies in a region, in [0, 1]; NaN for a map without heat."""
    total = maps.sum(axis=(1, 2))
    return np.divide((maps * regions).sum(axis=(1, 2)), total, out=np.full(len(maps), np.nan), where=total > 0)
