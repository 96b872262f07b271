"""What every classifier's output has to pass before diffex believes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from diffex_cli.classifiers.base import Classifier, TwoPartClassifier
from diffex_cli.classifiers.labels import numbered
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.output_kinds import OUTPUT_KINDS, OutputKind
from diffex_cli.core.wording import nfc


def checked_labels(declared: Any, classifier: str) -> tuple[str, ...]:
    """The names of a classifier's classes, wherever they come from: a list of texts or whole numbers, or a mapping from
    0, 1, … to them.

    Raises:
        UsageError: they are nothing of this, or one of them is empty or cannot be written down.
    """
    of = f"the labels of the classifier {classifier}"
    if isinstance(declared, Mapping):
        declared = numbered(declared, of)
    if isinstance(declared, str | bytes) or not isinstance(declared, Iterable):
        raise UsageError(f"{of} are {declared!r:.80}: give a list of names")
    names = tuple(declared)
    if not names:
        raise UsageError(f"{of} are an empty list: give a name for every class")
    return tuple(_label(name, of) for name in names)


def _label(name: object, of: str) -> str:
    if isinstance(name, bool | np.bool_) or not isinstance(name, str | int | np.integer):
        raise UsageError(f"{of} hold {name!r:.80}, which is no name: give texts")
    text = str(name)
    if not text.strip():
        raise UsageError(f"{of} hold an empty name: name every class")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{of} hold {text!r:.80}, which is no text that a file can hold: correct its encoding")
    return text


def unique_labels(names: Iterable[object]) -> tuple[str, ...]:
    """The names as text; one that occurs more than once gets its column's number, as in ``crane (134)``. Scores are
    filed under their label, and well-known label sets do repeat names."""
    texts = [nfc(str(name)) for name in names]
    counts = Counter(texts)
    labels = tuple(text if counts[text] == 1 else f"{text} ({column})" for column, text in enumerate(texts))
    return labels if len(set(labels)) == len(labels) else tuple(f"{text} ({i})" for i, text in enumerate(texts))


def as_numbers(values: ArrayLike, classifier: str) -> NDArray[np.float64]:
    """As :func:`numbers_of`."""
    return numbers_of(values, f"the classifier {classifier} gave scores")


def numbers_of(values: ArrayLike, said: str) -> NDArray[np.float64]:
    """The values, tensors among them, as a new array of float64 of whatever shape; ``None`` becomes NaN.

    Args:
        said: the begin of a sentence about what they are, if they are no numbers.
    """
    try:
        found = np.asarray(without_tensors(values))
        kinds = {np.asarray(one).dtype.kind for one in found.flat if one is not None} if found.dtype == object else ()
        if not {found.dtype.kind, *kinds} <= set("iufO"):
            raise TypeError
        return found.astype(np.float64)
    except Exception as error:  # of many kinds: it may be an object of anybody's
        if isinstance(error, MemoryError):
            raise
        raise DiffexError(f"{said} that are not a table of numbers") from None


def without_tensors(value: Any) -> Any:
    """Tensors become arrays, wherever they are."""
    if hasattr(value, "detach"):
        tensor = value.detach().cpu()
        # NumPy has no bfloat16.
        return (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    if isinstance(value, Mapping):
        return {key: without_tensors(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_tensors(inner) for inner in value]
    return value


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


def check_finite(logits: NDArray[np.float64], classifier: str) -> None:
    """Raise a DiffexError if a picture has no logits, for those who need every one."""
    lost = int(np.isnan(logits).any(axis=1).sum())
    if lost:
        raise DiffexError(
            f"the classifier {classifier} gave a score that is not finite for {lost} of {len(logits)} images: its "
            "weights or its preprocessing are broken"
        )


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
