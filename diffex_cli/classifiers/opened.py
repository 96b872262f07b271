"""A classifier as the stages use it, whoever wrote it: what it is asked and what it answers goes through here."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import checked_identity, checked_settings
from diffex_cli.classifiers.base import Classifier, TwoPartClassifier
from diffex_cli.classifiers.checks import checked_kind, checked_labels, checked_logits, unique_labels
from diffex_cli.classifiers.gradients import GradientClassifier, Gradients
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.foreign import called, foreign, open_backend
from diffex_cli.core.output_kinds import OutputKind

BATCH = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """What a classifier made of so many pictures."""

    count: int
    own: Any


class OpenedClassifier:
    """A :class:`~diffex_cli.classifiers.base.Classifier` in two parts (:class:`TwoPartClassifier`), whatever it is
    made of. ``own``: the classifier itself; ``spec``: what sentences call it.

    Every method raises a DiffexError that names the classifier if its code fails, or gives something else than it must.
    """

    def __init__(self, own: Classifier, spec: str) -> None:
        self.own, self.spec = own, spec
        self.who = called(registry.CLASSIFIERS, spec)

    @functools.cached_property
    def fingerprint(self) -> str:
        with foreign(self.who):
            return checked_identity(self.own.fingerprint, self.who)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        with foreign(self.who):
            return checked_settings(self.own.settings, self.who)

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, no two alike."""
        with foreign(self.who):
            return unique_labels(checked_labels(self.own.labels, self.spec))

    @functools.cached_property
    def output_kind(self) -> OutputKind:
        """What logits are logits of; asked for after :attr:`labels`."""
        assert self.labels
        with foreign(self.who):
            return checked_kind(self.own, self.spec)

    @property
    def batch(self) -> int:
        """How many pictures :meth:`prepare` takes."""
        if not self._in_parts:
            return BATCH
        with foreign(self.who):
            batch: object = self.own.batch  # type: ignore[attr-defined]
        if not isinstance(batch, int) or batch < 1:
            raise DiffexError(f"{self.who} takes batches of {batch!r}, which must be a number of pictures")
        return batch

    def prepare(self, images: Sequence[Image.Image]) -> Prepared:
        with foreign(self.who):
            return Prepared(len(images), self.own.prepare(images) if self._in_parts else images)  # type: ignore[attr-defined]

    def score(self, prepared: Prepared) -> NDArray[np.float64]:
        """Logits of shape (pictures, classes); a row of NaN for a picture that has one that is not finite."""
        with foreign(self.who):
            found = self.own.score(prepared.own) if self._in_parts else self.own.logits(prepared.own)  # type: ignore[attr-defined]
            return checked_logits(found, prepared.count, len(self.labels), self.spec)

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        """As :meth:`score`."""
        if not images:
            return np.zeros((0, len(self.labels)))
        with foreign(self.who):
            return checked_logits(self.own.logits(images), len(images), len(self.labels), self.spec)

    def gradients(self) -> Gradients | None:
        with foreign(self.who):
            return self.own.gradients() if isinstance(self.own, GradientClassifier) else None

    @functools.cached_property
    def _in_parts(self) -> bool:
        with foreign(self.who):
            return isinstance(self.own, TwoPartClassifier)


def open_classifier(text: str, device: str = "auto") -> OpenedClassifier:
    """The classifier that a spec names, its model not loaded yet."""
    spec = registry.parse_spec(text)
    return OpenedClassifier(open_backend(registry.CLASSIFIERS, spec, device=device), spec.text)
