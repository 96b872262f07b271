"""All that a method may ask for, measured beforehand, so that every method is asked on the same edits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Corpus
from diffex_cli.search.algorithm.contest import Request
from diffex_cli.search.algorithm.panel import panel_order


@dataclasses.dataclass(frozen=True)
class Table:
    """One classifier's Δ logits by one editor: the :class:`~diffex_cli.search.algorithm.contest.Panel` of a search.

    Attributes:
        strata: for each image the class predicted on its reconstruction.
        deltas: candidate id → Δ of shape (n_images,), NaN where the edit failed.
    """

    corpus: Corpus
    images: tuple[str, ...]
    strata: tuple[int, ...]
    deltas: Mapping[str, NDArray[np.float64]]

    @property
    def order(self) -> tuple[int, ...]:
        """The order in which a search gives the images."""
        return panel_order(self.images, self.strata)

    def measure(self, requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        """Look up."""
        return {id: self.deltas[id][list(images)] for id, images in requests}

    def drawn(self, places: Sequence[int]) -> Table:
        """The table of a sample of the images, drawn with replacement: each draw is an image of its own."""
        chosen = list(places)
        return Table(
            self.corpus,
            tuple(f"{self.images[place]}/{draw}" for draw, place in enumerate(chosen)),
            tuple(self.strata[place] for place in chosen),
            {id: values[chosen] for id, values in self.deltas.items()},
        )
