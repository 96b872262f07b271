"""``classify``: what a classifier says of a few images, and whether its adapter can be trusted. Writes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.picture_folder import pictures_in
from diffex_cli.artifacts.pictures import SUFFIXES, read_picture
from diffex_cli.artifacts.score_files import single
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.checks import checked_kind, checked_logits, unique_labels
from diffex_cli.core.errors import UsageError
from diffex_cli.core.output_kinds import probabilities
from diffex_cli.core.progress import Progress
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.settings import Settings
from diffex_cli.core.text_files import readable
from diffex_cli.measure.scoring import BATCH
from diffex_cli.measure.session import Session

_SUM_TO_ONE = 1e-3
_SAME = 1e-6
_ALONE = 1e-3


def odd_scores(logits: NDArray[np.floating], distinct: int, declared: bool = False) -> tuple[str, ...]:
    """A sentence for everything that no sound classifier's logits of different pictures look like.

    Args:
        logits: shape (images, classes), finite.
        distinct: how many different pictures the images are.
    """
    images, classes = logits.shape
    found = []
    if classes > 1 and (np.ptp(logits, axis=1) <= _SAME).all():
        found.append(f"all {classes} classes have the same score in every image: the weights may not be loaded")
    if distinct > 1 and (np.ptp(logits, axis=0) <= _SAME).all():
        found.append(
            f"all {images} images have the same scores, though {distinct} of them are different: what the classifier "
            "is given does not depend on the picture, or saturates it; check the preprocessing"
        )
    scores = _as_given(logits)
    if not declared and scores.min() >= 0 and scores.max() <= 1 and not found:
        if scores.shape[1] > 1 and np.allclose(scores.sum(axis=1), 1, rtol=0, atol=_SUM_TO_ONE):
            found.append(
                "the scores of every image add up to 1: they look like probabilities, but count as logits; declare "
                "them with the option values=probabilities, or leave the softmax out of the model"
            )
        else:
            found.append(
                "all scores lie between 0 and 1, but count as logits: if they are probabilities, declare them with the "
                "option values=probabilities (and kind=multilabel, if any number of classes can be true at once), or "
                "leave the sigmoid out of the model"
            )
    return tuple(found)


def unsteady_scores(together: NDArray[np.float64], alone: NDArray[np.float64]) -> tuple[str, ...]:
    """A sentence if a picture's logits, of shape (classes,), depend on the others in its batch, or on chance."""
    difference = float(np.abs(together - alone).max())  # NaN, if either is not finite, is told elsewhere
    if not difference > _ALONE * max(1.0, float(np.abs(together).max())):
        return ()
    return (
        f"an image scored alone and among others differs by up to {difference:.2g}: the model may be in training mode "
        "(dropout, batch statistics); put it into evaluation mode",
    )


def _as_given(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    """The model's own numbers: of a binary classifier, whose logit z becomes −z/2 and z/2, the z."""
    binary = logits.shape[1] == 2 and np.array_equal(logits[:, 0], -logits[:, 1])
    return 2 * logits[:, 1:] if binary else logits


@dataclasses.dataclass(frozen=True, slots=True)
class Guess:
    """A class and its score; ``probability`` is ``None`` if it has none."""

    label: str
    logit: float
    probability: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class ClassifiedImage:
    """One image with its top classes, the most likely first."""

    file: Path
    top: tuple[Guess, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Classification:
    """What the classifier said.

    Attributes:
        images: in the order in which they were given; a folder's sorted by name.
    """

    classifier: str
    fingerprint: str
    labels: tuple[str, ...]
    images: tuple[ClassifiedImage, ...]
    oddities: tuple[str, ...]
    warnings: tuple[str, ...]


def run(settings: Settings, paths: Sequence[Path], top: int, progress: Progress) -> Classification:
    """Score the pictures at the paths, as ``score`` would."""
    files = list(_files(paths, progress))
    classifier = Session(settings).classifier
    labels = unique_labels(classifier.labels)
    kind = checked_kind(classifier, settings.classifier)
    images: list[ClassifiedImage] = []
    keys: list[str] = []
    rows: list[NDArray[np.float32]] = []
    warnings: list[str] = []
    oddities: tuple[str, ...] = ()
    done = "read"
    progress.start("classify", len(files))
    for start in range(0, len(files), BATCH):
        read: list[Path] = []
        pictures: list[Image.Image] = []
        for file in files[start : start + BATCH]:
            try:
                opened = read_picture(file)
                pictures.append(opened.picture)
                read.append(file)
                warnings += [f"{readable(file)} had {note}" for note in opened.notes]
            except OSError as error:
                warnings.append(f"passed over {readable(file)}: {readable(error)}")
        logits = _logits(classifier, pictures, len(labels), settings)
        if start == 0 and len(pictures) > 1:
            oddities = unsteady_scores(logits[0], _logits(classifier, pictures[:1], len(labels), settings)[0])
        done = "classified" if read else done
        for file, picture, row in zip(read, pictures, logits, strict=True):
            if np.isnan(row).any():
                warnings.append(f"passed over {readable(file)}: the classifier gave a score that is not finite for it")
                continue
            images.append(
                ClassifiedImage(Path(readable(file)), _top(labels, row, probabilities(row[None], kind)[0], top))
            )
            keys.append(image_key(picture))
            rows.append(single(row))
        progress.advance("classify", len(files[start : start + BATCH]))
    if not images:
        raise UsageError(f"none of the images can be {done}: {warnings[0]}")
    return Classification(
        classifier=settings.classifier,
        fingerprint=classifier.fingerprint,
        labels=labels,
        images=tuple(images),
        oddities=odd_scores(np.stack(rows), len(set(keys)), _declared(settings.classifier)) + oddities,
        warnings=tuple(warnings),
    )


def _declared(classifier: str) -> bool:
    """The model's numbers are probabilities, and so no logits by mistake."""
    return parse_spec(classifier).options.get("values") == "probabilities"


def _files(paths: Iterable[Path], progress: Progress) -> Iterable[Path]:
    kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
    for path in paths:
        if path.is_dir():
            there = pictures_in(path)
            if there.left_out:
                progress.note(there.left_out)
            found = there.files
            if not found:
                raise UsageError(f"there are no images ({kinds}) in {path}: name another folder, or files")
            yield from found
        elif path.exists():
            yield path
        else:
            raise UsageError(f"there is no file or folder {path}: name images, or a folder of images")


def _logits(
    classifier: Classifier, pictures: Sequence[Image.Image], classes: int, settings: Settings
) -> NDArray[np.float64]:
    if not pictures:
        return np.zeros((0, classes))
    return checked_logits(classifier.logits(pictures), len(pictures), classes, settings.classifier)


def _top(labels: tuple[str, ...], row: NDArray[np.float64], shares: NDArray[np.float64], top: int) -> tuple[Guess, ...]:
    return tuple(
        Guess(labels[i], float(row[i]), None if np.isnan(shares[i]) else float(shares[i]))
        for i in np.argsort(-row, kind="stable")[:top]
    )
