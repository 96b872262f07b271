"""The logits of all pictures by all classifiers, each computed once and kept on disk."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.log import log
from benchmarks.truth.pictures import Counterfactuals, Wanted, key
from diffex_cli.artifacts.files import write_bytes
from diffex_cli.classifiers.base import Classifier

_BLOCK = 256
_SECONDS = 60.0
"""How often what was computed is written."""


class Scores:
    """One classifier's logits by the keys of pictures.

    Args:
        folder: has a file for each classifier, named by its fingerprint.
    """

    def __init__(self, classifier: Classifier, folder: Path) -> None:
        self._classifier = classifier
        self._file = folder / f"{classifier.fingerprint[:32]}.npz"
        self._rows: dict[str, NDArray[np.float64]] = {}
        self._saved = 0
        if self._file.exists():
            with np.load(self._file, allow_pickle=False) as stored:
                self._rows = dict(zip(stored["keys"].tolist(), stored["logits"], strict=True))
            self._saved = len(self._rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classifier's."""
        return self._classifier.labels

    def lacks(self, keys: Iterable[str]) -> list[str]:
        """Those that are not scored yet."""
        return [one for one in keys if one not in self._rows]

    def add(self, pictures: Mapping[str, Image.Image | None]) -> None:
        """Score pictures; a missing one's logits are NaN."""
        if not pictures:
            return
        there = {name: picture for name, picture in pictures.items() if picture is not None}
        logits = self._classifier.logits(list(there.values()))
        self._rows.update(zip(there, logits, strict=True))
        nothing = np.full(len(self.labels), math.nan)
        self._rows.update((name, nothing) for name in pictures if name not in there)

    def logits(self, keys: Sequence[str]) -> NDArray[np.float64]:
        """Shape (keys, labels)."""
        return np.stack([self._rows[one] for one in keys])

    def save(self) -> None:
        """Write what is new."""
        if len(self._rows) > self._saved:
            data = io.BytesIO()
            np.savez(data, keys=np.array(list(self._rows)), logits=np.stack(list(self._rows.values())))
            write_bytes(self._file, data.getvalue())
            self._saved = len(self._rows)


def fill(stores: Sequence[Scores], counterfactuals: Counterfactuals, wanted: Sequence[Wanted], what: str) -> None:
    """Score every picture by every classifier that has not done so; each picture is made once for all of them."""
    names = {key(counterfactuals, one): one for one in wanted}
    lacking = {name for store in stores for name in store.lacks(names)}
    open_names = [name for name in names if name in lacking]
    counterfactuals.prepare([names[name] for name in open_names])
    saved = time.monotonic()
    for start in range(0, len(open_names), _BLOCK):
        block = open_names[start : start + _BLOCK]
        made = counterfactuals.pictures([names[name] for name in block])
        pictures = dict(zip(block, made, strict=True))
        for store in stores:
            store.add({name: pictures[name] for name in store.lacks(block)})
        if time.monotonic() - saved > _SECONDS:
            log(f"{what}: {start + len(block)}/{len(open_names)} pictures scored by {len(stores)} classifiers")
            for store in stores:
                store.save()
            saved = time.monotonic()
    for store in stores:
        store.save()
