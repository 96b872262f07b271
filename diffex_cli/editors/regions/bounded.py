"""An editor whose edits change their region alone."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate
from diffex_cli.editors.base import EditRequest, EditResult, Listener, failed
from diffex_cli.editors.opened import OpenedEditor
from diffex_cli.editors.regions.base import RegionImage
from diffex_cli.editors.regions.bounds import Bounds, NothingToChangeError

_Region: TypeAlias = "NDArray[np.uint8] | None"
"""The pixels inside, in bits: those of all edits of a batch are in memory."""


class MadeBefore(Protocol):
    """What an editor made before, without bounds."""

    def find(self, image: str, candidate: Candidate) -> EditRow | None:
        """The row of what can be used again; ``None`` if there is none."""
        ...

    def open(self, row: EditRow) -> Image.Image:
        """Its picture, RGB."""
        ...


class BoundedEditor:
    """An :class:`~diffex_cli.editors.base.Editor` around another one. Outside of its bounds an edit has the pixels of
    the reconstruction, exactly, and fades into them inside. The reconstruction is the other editor's, unchanged.

    Args:
        own: makes the edits.
        images: what the regions are told of each image, by key.
        before: what ``own`` made already, which is bounded and not made again.
    """

    def __init__(
        self, own: OpenedEditor, bounds: Bounds, images: Callable[[], Mapping[str, RegionImage]], before: MadeBefore
    ) -> None:
        self.own, self._bounds, self._images, self._before = own, bounds, images, before

    @functools.cached_property
    def fingerprint(self) -> str:
        return digest([self.own.fingerprint, self._bounds.fingerprint])

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """The editor's, and what bounds it."""
        return {**self.own.settings, "bounds": self._bounds.settings}

    def tell(self, listener: Listener) -> bool:
        """Have a listener hear of the editor's work."""
        return self.own.tell(listener)

    def reused(self, requests: Sequence[EditRequest]) -> int:
        """How many of them were made before, without bounds, and take no time."""
        return sum(self._before.find(one.image, one.candidate) is not None for one in requests)

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """One result a request, in any order. An edit that may change nothing fails before it is made; any other waits
        for the reconstruction of its image, and fails without one."""
        asked: list[EditRequest] = []
        regions: dict[str, _Region] = {}
        for image, wanted in _by_image(requests).items():
            base, first = self._made_before(image, RECONSTRUCTION, ""), len(asked)
            for request in wanted:
                try:
                    region = self._region(request)
                except NothingToChangeError as error:
                    yield failed(request.key, str(error))
                    continue
                made = base and self._made_before(image, request.candidate, request.key)
                if base is not None and made is not None:
                    yield self._bounded(made, base, region)
                    continue
                asked.append(request)
                regions[request.key] = region
            if base is None and asked[first:] and all(request.candidate.terms for request in asked[first:]):
                asked.append(EditRequest(f"reconstruction of {image}", image, RECONSTRUCTION))
        if asked:
            yield from (made for made in self._made(images, asked, regions, seed) if made.key in regions)

    def _made(
        self,
        images: Mapping[str, Image.Image],
        asked: Sequence[EditRequest],
        regions: Mapping[str, _Region],
        seed: int,
    ) -> Iterator[EditResult]:
        by_key = {request.key: request for request in asked}
        left = Counter(request.image for request in asked)
        bases: dict[str, EditResult | None] = {}
        waiting: dict[str, list[EditResult]] = {}
        for result in self.own.edit(images, asked, seed):
            image = by_key[result.key].image
            waiting.setdefault(image, []).append(result)
            if not by_key[result.key].candidate.terms:
                bases[image] = result
            elif image not in bases:
                bases[image] = self._made_before(image, RECONSTRUCTION, "")
            base = bases[image]
            if base is None:  # it is still to come
                del bases[image]
                continue
            for made in waiting.pop(image):
                left[image] -= 1
                yield self._bounded(made, base, regions.get(made.key))
            if not left[image]:
                del bases[image]

    def _made_before(self, image: str, candidate: Candidate, key: str) -> EditResult | None:
        row = self._before.find(image, candidate)
        return None if row is None else EditResult(key, "ok", self._before.open(row), row.seconds)

    def _region(self, request: EditRequest) -> _Region:
        """``None`` for a reconstruction, which has none."""
        terms = request.candidate.terms
        return np.packbits(self._bounds.inside(self._images()[request.image], terms)) if terms else None

    def _bounded(self, made: EditResult, base: EditResult, region: _Region) -> EditResult:
        if made.image is None or region is None:
            return made
        if base.image is None:
            return failed(made.key, f"the reconstruction, which it is laid into, failed: {base.reason}", made.seconds)
        width, height = made.image.size
        inside = np.unpackbits(region, count=width * height).reshape(height, width).astype(np.bool_)
        laid = Image.composite(made.image, base.image, self._bounds.mask(inside))
        return dataclasses.replace(made, image=laid, mask=Image.fromarray(inside.astype(np.uint8) * 255))


def _by_image(requests: Sequence[EditRequest]) -> dict[str, list[EditRequest]]:
    found: dict[str, list[EditRequest]] = {}
    for request in requests:
        found.setdefault(request.image, []).append(request)
    return found
