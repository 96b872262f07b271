"""The regions ``boxes:FILE``: rectangles in a table, CSV or YAML.

Its columns: ``image`` (any of the image's names); ``x0``, ``y0``, ``x1``, ``y1`` (pixels from the upper left corner,
the last two not included; all four empty for no rectangle); ``attribute`` (a node's id, for it and all below it that
has no nearer one; empty, or no such column, for all that has none of its own).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node, Term
from diffex_cli.core.registry import Spec, did_you_mean
from diffex_cli.core.spec_options import need_model
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.editors.base import Settled
from diffex_cli.editors.listed import read_rows, text_of
from diffex_cli.editors.regions.base import RegionImage, refuse_options

_CORNERS = ("x0", "y0", "x1", "y1")
_COLUMNS = ("image", "attribute", *_CORNERS)


@dataclasses.dataclass(frozen=True, slots=True)
class _Row:
    place: str
    image: str
    attribute: str
    box: tuple[float, ...]
    """Empty for no rectangle."""


class BoxRegions(Settled):
    """See :class:`~diffex_cli.editors.regions.base.Regions`. The rectangles of one image and attribute go together. A
    pixel that a rectangle touches is inside."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self._path, self._spec = typed_path(need_model(spec, "boxes:FILE.csv or boxes:FILE.yaml")), spec.text
        refuse_options(spec)
        rows = read_rows(
            self._path, "table of boxes", _COLUMNS, "image, x0, y0, x1, y1", "name the right file, boxes:FILE"
        )
        self._rows = [_parsed(row, f"{self._path}, row {number}") for number, row in enumerate(rows, start=1)]

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        boxes = sorted((row.image, row.attribute, *row.box) for row in self._rows)
        return {"regions": "boxes", "version": 1, "boxes": digest(boxes)}

    def check(self, images: Sequence[RegionImage], nodes: Sequence[Node]) -> Sequence[Node]:
        known = tuple(sorted(node.id for node in nodes))
        for row in self._rows:
            if row.attribute and row.attribute not in known:
                close = did_you_mean(row.attribute, known).partition(";")[0]
                raise UsageError(f"{row.place}: the hierarchy has no attribute {row.attribute!r}{close}")
        self._refuse_same_words(nodes)
        apart = {self._of(node.id): node for node in nodes}
        for image in images:
            for node in apart.values():
                self._boxes(image, node.id)
        return tuple(apart.values())

    def regions(self, image: RegionImage, terms: Sequence[Term]) -> Iterator[NDArray[np.bool_]]:
        width, height = image.size
        for term in terms:
            inside = np.zeros((height, width), dtype=np.bool_)
            for row in self._boxes(image, term.node):
                x0, y0, x1, y1 = row.box
                if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
                    raise UsageError(
                        f"{row.place}: the box {_written(row.box)} reaches beyond {image.source}, which has "
                        f"{width}x{height} pixels"
                    )
                inside[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)] = True
            yield inside

    @functools.cached_property
    def _by_image(self) -> Mapping[str, list[_Row]]:
        found: dict[str, list[_Row]] = {}
        for row in self._rows:
            found.setdefault(row.image, []).append(row)
        return found

    def _of(self, node: str) -> tuple[str, ...]:
        """The attributes of the table that say something of a node."""
        return tuple(sorted({row.attribute for row in self._rows if _covers(row.attribute, node)}))

    def _boxes(self, image: RegionImage, node: str) -> list[_Row]:
        """Those of the nearest attribute that the image has any of."""
        named = [row for name in image.names for row in self._by_image.get(name, ())]
        rows = [row for row in named if _covers(row.attribute, node)]
        if not rows:
            what = f"the attribute {node!r} of {image.source}" if named else image.source
            raise UsageError(
                f"{self._path} has no row for {what}: write one, with all four corners empty if there is no such place"
            )
        nearest = max((row.attribute for row in rows), key=len)
        return [row for row in rows if row.attribute == nearest and row.box]

    def _refuse_same_words(self, nodes: Sequence[Node]) -> None:
        """Attributes with the same words are one edit, which has one region."""
        first: dict[str, Node] = {}
        for node in nodes:
            other = first.setdefault(node.prompt, node)
            if self._of(other.id) != self._of(node.id):
                raise UsageError(
                    f"{self._spec!r}: the attributes {other.id!r} and {node.id!r} have the same words, "
                    f"{node.prompt!r}, and so the same edits, but boxes of their own: give them the same boxes, or "
                    "other words"
                )


def _covers(attribute: str, node: str) -> bool:
    return not attribute or node == attribute or node.startswith(f"{attribute}/")


def _written(box: Sequence[float]) -> str:
    return ", ".join(f"{corner:g}" for corner in box)


def _parsed(row: Mapping[str, Any], place: str) -> _Row:
    image, attribute = text_of(row, "image"), text_of(row, "attribute")
    if not image:
        raise UsageError(f"{place}: no image: name the picture that the box is in")
    corners = [text_of(row, corner) for corner in _CORNERS]
    if not any(corners):
        return _Row(place, image, attribute, ())
    try:
        box = tuple(map(float, corners))
    except ValueError:
        box = ()
    if not box or not all(map(math.isfinite, box)) or box[0] >= box[2] or box[1] >= box[3]:
        raise UsageError(
            f"{place}: the box {', '.join(corners)} is none: write x0, y0, x1, y1 in pixels with x0 < x1 and y0 < y1, "
            "or leave all four empty for no box"
        )
    return _Row(place, image, attribute, box)
