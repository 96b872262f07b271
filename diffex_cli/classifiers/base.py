"""The seam between diffex and whatever turns images into logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class Classifier(Protocol):
    """Scores images.

    Constructed from a :class:`~diffex_cli.core.registry.Spec`, cheaply: the model is loaded at the
    first use of :attr:`labels` or :meth:`logits`.

    It may also have an attribute ``output_kind`` (:data:`~diffex_cli.core.output_kinds.OutputKind`), which says what
    logits are logits of; without it, of one class of several. It is asked for after :attr:`labels`.
    """

    @property
    def fingerprint(self) -> str:
        """A digest of everything about the classifier that can change a logit. Known without loading the model."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """What the fingerprint was made of, for people to read; no secrets, no local paths."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the logits' columns."""
        ...

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        """Unnormalised scores of every class for RGB images of any size, shape (len(images), len(labels)). An image
        with one that is not finite is left out of all that is computed."""
        ...


@runtime_checkable
class TwoPartClassifier(Protocol):
    """A :class:`Classifier` whose preparation of one batch may overlap with the scoring of another. Optional:
    ``logits(images)`` is ``score(prepare(images))``, batch by batch. diffex prepares in one thread and scores in
    another, so the two must not write to the same state."""

    @property
    def batch(self) -> int:
        """How many images :meth:`prepare` takes at most, ≥ 1."""
        ...

    def prepare(self, images: Sequence[Image.Image]) -> Any:
        """All that has to be done with RGB images before the model, such as resizing."""
        ...

    def score(self, prepared: Any) -> NDArray[np.float64]:
        """The logits of what was prepared, as :meth:`Classifier.logits` returns them."""
        ...
