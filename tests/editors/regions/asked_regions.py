"""Images and attributes to ask regions of."""

from __future__ import annotations

import numpy as np
from PIL import Image

from diffex_cli.artifacts.run import input_row
from diffex_cli.core.hierarchy import Node, Term
from diffex_cli.editors.regions.base import RegionImage, region_images
from diffex_cli.editors.regions.bounds import Bounds
from diffex_cli.editors.regions.opened import OpenedRegions, open_regions

SIZE = (20, 16)
CREST = Node("head/crest", "crest", "tall crest")
HEAD = Node("head", "head", "a head", children=(CREST,))
TAIL = Node("tail", "tail", "long tail")
NODES = (HEAD, CREST, TAIL)


def images(*sources: str, size: tuple[int, int] = SIZE) -> list[RegionImage]:
    """One image for each name; no two are equal."""
    pictures = {name: Image.new("RGB", size, (40 * number, 90, 10)) for number, name in enumerate(sources)}
    rows = {name: input_row(picture, name, None) for name, picture in pictures.items()}
    opened = {row.image: pictures[name] for name, row in rows.items()}
    return list(region_images(tuple(rows.values()), opened.__getitem__).values())


def opened(spec: str) -> OpenedRegions:
    return open_regions(spec, "cpu")


def term(node: Node) -> Term:
    return node.candidate.terms[0]


def inside(regions: OpenedRegions, image: RegionImage, *nodes: Node) -> np.ndarray:
    return regions.inside(image, [term(node) for node in nodes])


def check(region: str | None, keep: str | None, *shown: RegionImage) -> None:
    Bounds(*(None if one is None else opened(one) for one in (region, keep)), None).check(shown, NODES)
