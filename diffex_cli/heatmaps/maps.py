"""Heat maps of a finished search's pictures, each made once."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.finished_search import FinishedSearch
from diffex_cli.artifacts.keys import digest, image_key
from diffex_cli.artifacts.pictures import open_picture
from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.classifiers.opened import OpenedClassifier, open_classifier
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.machine import parse_devices
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import SEARCH_ORIGIN
from diffex_cli.heatmaps.heatmap import heat, target_weights
from diffex_cli.heatmaps.kinds import Kind
from diffex_cli.heatmaps.store import HeatMap, HeatMapStore
from diffex_cli.measure.targets import ALL, PREDICTED, UNITS, parse, quantity

TASK = "heat maps"

_VERSION = 2
"""Raised when the same classifier and picture would give another map, or the overlay another look."""

_AT_A_TIME = 16
_NOTES: dict[Kind, str] = {
    "gradcam": "Grad-CAM: the features of the classifier's last layer with positions in the picture, weighted by their "
    "gradients; only what is positive is shown. It is as coarse as that layer, and says nothing of an effect's size.",
    "occlusion": "Occlusion: how far the {} falls when a window of an eighth of the picture's sides is filled with "
    "its mean colour; only what is positive is shown.",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a heat map is wanted of.

    Attributes:
        image: the key of the input image that it is, or is an edit of.
    """

    file: Path
    image: str


class HeatMaps:
    """The heat maps of what a search explained. Before and after an edit they are of the same class.

    Args:
        found: what it left. Who makes heat maps holds the lock of its run.
        device: as in ``--device``, for the classifier.
        consent: to what the person wants of the run; ``None`` for no more than was noted earlier.

    Raises:
        IncompleteError: there is no finished search.
    """

    def __init__(self, found: FinishedSearch, kind: Kind, device: str = "auto", consent: Consent | None = None) -> None:
        search = found.search
        self.kind = kind
        self._found = found
        self._recorded, self._target = search.classifier, search.target
        self._device = device
        self._consent = consent or Consent(found.path)
        self._quantity = quantity("logit", found.scores.values())
        self._least = search.delta if kind == "occlusion" and search.scale == "logit" else 0.0
        self._store = HeatMapStore(found.path / "heatmaps")
        self._looks: dict[Path, _Look | None] = {}

    @property
    def note(self) -> str:
        """What is shown, in a few sentences."""
        whose = "the class predicted for the untouched image" if self._own else f"‘{self._target}’"
        own = (
            f", which begins at δ, {self._least:g} {UNITS[self._quantity]}: where no place matters, nothing is hot"
            if self._least
            else ""
        )
        what = _NOTES[self.kind].format(self._quantity)
        return f"{what} Of {whose}, before and after alike; every map has a scale of its own{own}."

    def overlays(self, subjects: Iterable[Picture], progress: Progress) -> dict[Path, Path]:
        """Pictures with their heat over them.

        Args:
            subjects: of which; one whose picture cannot be read is left out.

        Returns:
            the picture's file → a WebP of its size.

        Raises:
            UsageError: the classifier cannot be opened, is not what was searched, or Grad-CAM is not possible with it.
        """
        wanted = self._keys(subjects)
        lacking = {key: one for one, key in wanted.items() if not self._store.has(key)}
        progress.start(TASK, len(lacking))
        for keys in self._groups(lacking):
            self._make({key: lacking[key] for key in keys}, progress)
        return {one.file: self._store.overlay_file(key) for one, key in wanted.items()}

    def heat(self, subject: Picture) -> HeatMap | None:
        """The numbers behind an overlay; ``None`` if it is not made yet."""
        key = self._keys([subject]).get(subject)
        return None if key is None else self._store.read(key)

    def _make(self, lacking: Mapping[str, Picture], progress: Progress) -> None:
        pictures = [open_picture(one.file) for one in lacking.values()]
        weights = np.concatenate([self._weights(one.image) for one in lacking.values()])
        maps = heat(self.kind, self._classifier, pictures, weights, lambda n: progress.advance(TASK, n))
        for key, picture, values in zip(lacking, pictures, maps, strict=True):
            top = max(float(values.max()), self._least)
            self._store.write(key, HeatMap(values / (top or 1.0), top), picture)

    @functools.cached_property
    def _own(self) -> bool:
        """With all classes, as with ``predicted``, an image's heat is that of its own class."""
        scores = self._found.scores
        labels = next(iter(scores.values())).labels if scores else ()
        return self._target == PREDICTED or (self._target == ALL and ALL not in labels)

    def _explained(self, image: str) -> str:
        """The class, or contrast, that an image's heat is of."""
        row = self._found.scores.get(image)
        if row is None:
            raise IncompleteError(f"the input image {image[:16]} is not scored: run `diffex score` first")
        name = row.prediction if self._own else self._target
        if parse(name, row.labels) is None:
            raise UsageError(f"the scores in {self._found.path} have no class {name!r}: run `diffex search` again")
        return name

    def _weights(self, image: str) -> NDArray[np.float64]:
        labels = self._classifier.labels
        none = ScoreRow(image, "original", labels, np.zeros(len(labels)))
        return target_weights(self._explained(image), [none])

    @functools.cached_property
    def _classifier(self) -> OpenedClassifier:
        self._consent.check("classifier", self._recorded.spec, self._found.result / SEARCH_ORIGIN)
        found = open_classifier(self._recorded.spec, parse_devices(self._device)[0])
        if found.fingerprint != self._recorded.fingerprint:
            raise UsageError(
                f"{found.who} is not what it was when the search in {self._found.path} ran: "
                "run `diffex search` again, or leave out --heatmap"
            )
        return found

    def _keys(self, subjects: Iterable[Picture]) -> dict[Picture, str]:
        """The keys of those whose picture can be read, each subject once."""
        keys = {}
        for subject in subjects:
            look = self._look(subject.file)
            if look is not None:
                keys[subject] = digest(
                    {
                        "picture": look.key,
                        "classifier": self._recorded.fingerprint,
                        "target": self._explained(subject.image),
                        "kind": self.kind,
                        "least": self._least,
                        "version": _VERSION,
                    }
                )
        return keys

    def _look(self, file: Path) -> _Look | None:
        if file not in self._looks:
            try:
                picture = open_picture(file)
            except OSError:
                self._looks[file] = None
            else:
                self._looks[file] = _Look(image_key(picture), picture.size)
        return self._looks[file]

    def _groups(self, lacking: Mapping[str, Picture]) -> Iterator[Sequence[str]]:
        """Keys of pictures of one size, a few at a time."""
        by_size: dict[tuple[int, int], list[str]] = {}
        for key, one in lacking.items():
            look = self._look(one.file)
            if look is not None:
                by_size.setdefault(look.size, []).append(key)
        for keys in by_size.values():
            yield from (keys[start : start + _AT_A_TIME] for start in range(0, len(keys), _AT_A_TIME))


@dataclasses.dataclass(frozen=True, slots=True)
class _Look:
    """A picture's key, and its width and height."""

    key: str
    size: tuple[int, int]
