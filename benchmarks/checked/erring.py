"""A verifier that errs as often as it is told to."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import digest, image_key
from diffex_cli.verifiers.base import Attribute, Sight, Verifier


class Erring:
    """Another verifier, some of whose readings are turned round: what is seen is not, and the other way about.

    Which ones depends on the picture and the attribute alone, so that asking again does not help.

    Args:
        share: of the readings, in [0, 1].
    """

    def __init__(self, verifier: Verifier, share: float) -> None:
        self._verifier, self._share = verifier, share
        self.costs, self.calibrated = verifier.costs, verifier.calibrated
        self.fingerprint = digest({"verifier": "erring", "share": share, "of": verifier.fingerprint})

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        return self._verifier.exclusive(attributes)

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        read = self._verifier.seen(sights, attributes)
        pictures = [image_key(sight.picture) for sight in sights]
        wrong = np.array([[self._errs(picture, one.id) for one in attributes] for picture in pictures], dtype=bool)
        turned: NDArray[np.float64] = np.where(wrong.reshape(read.shape), 1 - read, read)
        return turned

    def _errs(self, picture: str, attribute: str) -> bool:
        drawn = hashlib.sha256(f"{picture}\n{attribute}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") < self._share * 2**64
