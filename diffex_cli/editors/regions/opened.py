"""A source of regions as the editors use it, whoever wrote it: what it answers goes through here."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import checked_identity, checked_settings
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.foreign import called, each, foreign, open_backend
from diffex_cli.core.hierarchy import Node, Term
from diffex_cli.editors.regions.base import ListedRegions, RegionImage, Regions

WHITE = 128
"""A pixel of a mask is inside from here on, of 255."""


class OpenedRegions:
    """Every method raises a DiffexError that names the source if its code fails, or gives something else than it
    must."""

    def __init__(self, own: Regions, spec: str) -> None:
        self._own = own
        self.spec = spec
        self.who = called(registry.REGIONS, spec)

    @functools.cached_property
    def fingerprint(self) -> str:
        with foreign(self.who):
            return checked_identity(self._own.fingerprint, self.who)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        with foreign(self.who):
            return checked_settings(self._own.settings, self.who)

    @property
    def is_listed(self) -> bool:
        """Its regions are known without a model."""
        return isinstance(self._own, ListedRegions)

    def check(self, images: Sequence[RegionImage], nodes: Sequence[Node]) -> Sequence[Node]:
        """Have it hold what it says against the run, if it can; the attributes whose regions are to be looked at."""
        with foreign(self.who):
            return self._own.check(images, nodes) if isinstance(self._own, ListedRegions) else ()

    def inside(self, image: RegionImage, terms: Sequence[Term]) -> NDArray[np.bool_]:
        """Where any of the attributes has its region, shape (height, width)."""
        width, height = image.size
        found = np.zeros((height, width), dtype=np.bool_)
        count = 0
        for region in each(self.who, lambda: self._own.regions(image, terms)):
            found |= _as_mask(region, image, self.who)
            count += 1
        if count != len(terms):
            raise DiffexError(f"{self.who} gave {count} regions of {image.source} for {len(terms)} attributes")
        return found


def open_regions(text: str, device: str) -> OpenedRegions:
    """The source that a spec names, its model not loaded yet."""
    spec = registry.parse_spec(text)
    return OpenedRegions(open_backend(registry.REGIONS, spec, device=device), spec.text)


def _as_mask(region: Any, image: RegionImage, who: str) -> NDArray[np.bool_]:
    if isinstance(region, Image.Image):
        found = np.asarray(region.convert("L")) >= WHITE
    else:
        found = np.asarray(region)
        if found.dtype != np.bool_:
            raise DiffexError(
                f"{who} gave a region of {image.source} that is neither a picture nor an array of booleans, but "
                f"{type(region).__name__} of {found.dtype}"
            )
    if found.shape != image.size[::-1]:
        shape = "x".join(map(str, found.shape[::-1]))
        raise DiffexError(f"{who} gave a region of {shape} pixels for {image.source}, which has {_pixels(image)}")
    return found


def _pixels(image: RegionImage) -> str:
    return f"{image.size[0]}x{image.size[1]}"
