"""What an edit may change of a picture: a region, less what is to be kept, feathered."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node, Term
from diffex_cli.editors.regions.base import RegionImage
from diffex_cli.editors.regions.feather import feathered, rim
from diffex_cli.editors.regions.opened import OpenedRegions

_VERSION = 1
"""Raised when a change to the composition changes pixels; part of the fingerprint."""


class NothingToChangeError(UsageError):
    """An edit may change no pixel of an image."""


class Bounds:
    """Where edits may change pictures.

    Args:
        region: where they may; ``None``: everywhere.
        keep: where they may not; ``None``: nowhere.
        feather: the width of the rim in pixels; ``None``: by the picture's size.
    """

    def __init__(self, region: OpenedRegions | None, keep: OpenedRegions | None, feather: int | None) -> None:
        self._region, self._keep, self._feather = region, keep, feather

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        return {
            "region": None if self._region is None else self._region.settings,
            "keep_region": None if self._keep is None else self._keep.settings,
            "feather": self._feather,
            "version": _VERSION,
        }

    @functools.cached_property
    def fingerprint(self) -> str:
        parts = (None if one is None else one.fingerprint for one in (self._region, self._keep))
        return digest([*parts, self._feather, _VERSION])

    def inside(self, image: RegionImage, terms: Sequence[Term]) -> NDArray[np.bool_]:
        """Where an edit of these attributes is seen at all, shape (height, width).

        Raises:
            NothingToChangeError: nowhere.
        """
        width, height = image.size
        inside = np.ones((height, width), np.bool_) if self._region is None else self._region.inside(image, terms)
        where = f"in {image.source} for {', '.join(repr(term.prompt) for term in terms)}"
        if self._region is not None and not inside.any():
            raise NothingToChangeError(f"--region {self._region.spec} has no pixel {where}, so nothing may change")
        if self._keep is None:
            return inside
        left = inside & ~self._keep.inside(image, terms)
        if not left.any():
            whole = "the whole picture" if self._region is None else "all of the region"
            raise NothingToChangeError(f"--keep-region {self._keep.spec} covers {whole} {where}, so nothing may change")
        return left

    def mask(self, inside: NDArray[np.bool_]) -> Image.Image:
        """How much of an edit is seen there: mode ``L``, of the image's size."""
        height, width = inside.shape
        return Image.fromarray(feathered(inside, rim((width, height), self._feather)))

    def check(self, images: Sequence[RegionImage], nodes: Sequence[Node]) -> None:
        """Hold what is written down against the images and attributes of a run.

        Raises:
            UsageError: it does not fit, or leaves an edit nothing to change.
        """
        given = [one for one in (self._region, self._keep) if one is not None]
        apart = {node.id: node for one in given for node in one.check(images, nodes)}
        if all(one.is_listed for one in given):
            for image in images:
                for node in apart.values():
                    self.inside(image, node.candidate.terms)
