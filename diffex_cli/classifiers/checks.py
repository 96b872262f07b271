"""What every classifier's output has to pass before diffex believes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from diffex_cli.classifiers.base import Classifier, TwoPartClassifier
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.output_kinds import OUTPUT_KINDS, OutputKind
from diffex_cli.core.wording import nfc


def unique_labels(names: Iterable[object]) -> tuple[str, ...]:
    """The names as text; one that occurs more than once gets its column's number, as in ``crane (134)``. Scores are
    filed under their label, and well-known label sets do repeat names."""
    texts = [nfc(str(name)) for name in names]
    counts = Counter(texts)
    labels = tuple(text if counts[text] == 1 else f"{text} ({column})" for column, text in enumerate(texts))
    return labels if len(set(labels)) == len(labels) else tuple(f"{text} ({i})" for i, text in enumerate(texts))


def as_numbers(values: ArrayLike, classifier: str) -> NDArray[np.float64]:
    """The values as float64, of whatever shape; ``None`` becomes NaN."""
    try:
        found = np.asarray(values)
        if np.iscomplexobj(found):
            raise TypeError
        return found.astype(np.float64)
    except (TypeError, ValueError):
        raise DiffexError(f"the classifier {classifier} gave scores that are not a table of numbers") from None


def checked_logits(values: ArrayLike, n_images: int, n_labels: int, classifier: str) -> NDArray[np.float64]:
    """The values as float64, shape (n_images, n_labels); a row of NaN for an image that has one that is not finite: it
    is of no use, and the other images' rows are."""
    logits = as_numbers(values, classifier)
    if logits.shape != (n_images, n_labels):
        raise DiffexError(
            f"the classifier {classifier} gave scores of shape {logits.shape} for {n_images} images and "
            f"{n_labels} classes; it must give one row per image and one column per class"
        )
    # as they are kept, in float32, larger ones are infinite
    logits[~(np.abs(logits) <= np.finfo(np.float32).max).all(axis=1)] = np.nan
    return logits


def finite_logits(values: ArrayLike, n_images: int, n_labels: int, classifier: str) -> NDArray[np.float64]:
    """The same for those who need every image."""
    logits = checked_logits(values, n_images, n_labels, classifier)
    if np.isnan(logits).any():
        raise DiffexError(
            f"the classifier {classifier} gave a score that is not finite for "
            f"{int(np.isnan(logits).any(axis=1).sum())} of {n_images} images: its weights or its preprocessing are "
            "broken"
        )
    return logits


def checked_kind(classifier: Classifier, spec: str) -> OutputKind:
    """What a classifier's logits are logits of: softmax, unless its optional ``output_kind`` says otherwise."""
    kind = getattr(classifier, "output_kind", "softmax")
    if kind not in OUTPUT_KINDS:
        raise DiffexError(
            f"the classifier {spec} says that its output_kind is {kind!r}, which must be one of "
            f"{', '.join(OUTPUT_KINDS)}: correct its adapter"
        )
    found: OutputKind = kind
    return found


def in_batches(classifier: TwoPartClassifier, images: Sequence[Image.Image], n_labels: int) -> NDArray[np.float64]:
    """The logits of any number of images, shape (len(images), n_labels)."""
    batches = (images[start : start + classifier.batch] for start in range(0, len(images), classifier.batch))
    return np.concatenate([np.zeros((0, n_labels)), *map(classifier.score, map(classifier.prepare, batches))])
