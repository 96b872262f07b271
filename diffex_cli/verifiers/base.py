"""What a verifier does: say of pictures whether attributes can be seen in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom are outside."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attribute:
    """What a verifier is asked about.

    Attributes:
        id: of the hierarchy's node.
        name: what people read.
        prompt: the words that the editor draws.
        siblings: ids of the other attributes of the same parent.
        sibling_prompts: theirs, in that order, since not all of them need be asked about at the same time.
        question: a short yes/no question that the corpus has for it; empty for none.
    """

    id: str
    name: str
    prompt: str
    siblings: tuple[str, ...] = ()
    question: str = ""
    sibling_prompts: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Sight:
    """A picture, and the part of it that an edit changed; ``None`` of an original and of a reconstruction."""

    picture: Image.Image
    crop: Box | None = None


class Verifier(Protocol):
    """Sees attributes in pictures.

    Attributes:
        fingerprint: of everything that its answers depend on.
        costs: an answer costs money or much time, so that not every attribute is asked about for every picture.
        calibrated: its answers are probabilities. Otherwise they only rise with them, and from which one on an
            attribute is seen is found out of each run's own readings. An own verifier may leave this out, if they are.
    """

    @property
    def fingerprint(self) -> str: ...

    @property
    def costs(self) -> bool: ...

    @property
    def calibrated(self) -> bool: ...

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        """Ids of attributes of which a picture shows one at most, as the verifier reads them."""
        ...

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        """The probability that each attribute is seen, shape (pictures, attributes), in [0, 1]; NaN where the verifier
        cannot tell."""
        ...


Readings: TypeAlias = Mapping[str, Mapping[str, float]]
"""Subject (an input image's key, or an edit's) → attribute's id → the probability that it is seen."""
