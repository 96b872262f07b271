"""The seam between diffex and whatever says where a picture may change."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from diffex_cli.artifacts.pictures import SUFFIXES
from diffex_cli.artifacts.rows import InputImage
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node, Term
from diffex_cli.core.registry import HOW_TO_QUOTE, Spec

_DIGITS = 16


@dataclasses.dataclass(frozen=True)
class RegionImage:
    """An input image of which regions are asked.

    Attributes:
        key: the digest of its pixels.
        source: what people call it.
        names: what else it may be called in files, the most specific first; none is another image's name, too.
        size: width and height in pixels.
        opened: reads the picture.
    """

    key: str
    source: str
    names: tuple[str, ...]
    size: tuple[int, int]
    opened: Callable[[], Image.Image]

    @property
    def file_name(self) -> str:
        """What a file about it is called at best, without an ending: its path, or its own name where that is enough."""
        return self.names[-2] if len(self.names) > 1 else self.names[-1]

    @property
    def picture(self) -> Image.Image:
        """RGB. Who needs only names and size does not ask for it."""
        return self.opened()


class Regions(Protocol):
    """Says where a picture may change, or with ``--keep-region`` where it may not. Constructed from a
    :class:`~diffex_cli.core.registry.Spec`, cheaply; bad options raise
    :class:`~diffex_cli.core.errors.UsageError`."""

    @property
    def fingerprint(self) -> str:
        """A digest of all that can change a region, known without loading a model."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """What the fingerprint was made of, for people to read; no secrets, no local paths."""
        ...

    def regions(self, image: RegionImage, terms: Sequence[Term]) -> Iterable[Any]:
        """One region for each attribute of an edit, which go together: a picture of mode ``L``, white within, or a
        boolean array of shape (height, width); of the image's size. One without a pixel says that the image has no such
        place. It depends on nothing but the image and the attribute's words."""
        ...


@runtime_checkable
class ListedRegions(Protocol):
    """:class:`Regions` that are written down, so that they can be held against the images before any work. Optional."""

    def check(self, images: Sequence[RegionImage], nodes: Sequence[Node]) -> Sequence[Node]:
        """Complain about what they say of no image or attribute of the run.

        Returns:
            one attribute for each way in which the regions of attributes differ.

        Raises:
            UsageError: there is something.
        """
        ...


def region_images(images: Sequence[InputImage], opened: Callable[[str], Image.Image]) -> dict[str, RegionImage]:
    """The input images by key. A name that several could go by is none of theirs.

    Args:
        opened: reads the picture of a key.
    """
    names = {image.image: _names(image) for image in images}
    counts = Counter(name for own in names.values() for name in own)
    return {
        image.image: RegionImage(
            key=image.image,
            source=image.source,
            names=tuple(name for name in names[image.image] if counts[name] == 1),
            size=(image.width, image.height),
            opened=lambda key=image.image: opened(key),  # type: ignore[misc]
        )
        for image in images
    }


def _names(image: InputImage) -> tuple[str, ...]:
    """``wild/cat.jpg``, ``wild/cat``, ``cat.jpg``, ``cat``, and the first digits of the key."""
    source = PurePosixPath(image.source)
    found = (str(source), str(without_suffix(source)), source.name, without_suffix(source).name)
    return tuple(dict.fromkeys((*found, image.image[:_DIGITS])))


def without_suffix(path: PurePosixPath) -> PurePosixPath:
    """A picture's path without the ending that says of which format it is."""
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path


def refuse_options(spec: Spec) -> None:
    """Complain about an option of what takes none."""
    if spec.options:
        raise UsageError(f"{spec.text!r}: {spec.name} takes no options{HOW_TO_QUOTE}")
