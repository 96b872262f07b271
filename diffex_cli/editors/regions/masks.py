"""The regions ``masks:FOLDER``: a picture for each image, white where it may change."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from diffex_cli.artifacts.keys import digest, file_digest
from diffex_cli.artifacts.pictures import SUFFIXES, read_picture
from diffex_cli.artifacts.rgb import LAID, SCALED
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node, Term
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import need_model
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.editors.base import Settled
from diffex_cli.editors.folder.files import pictures_below
from diffex_cli.editors.regions.base import RegionImage, refuse_options, without_suffix


class MaskRegions(Settled):
    """See :class:`~diffex_cli.editors.regions.base.Regions`. One picture an image, for all attributes, found by any of
    the image's names. It has the image's size, or its shape: then each pixel of the image has the nearest of the
    mask."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self._folder, self._spec = typed_path(need_model(spec, "masks:FOLDER")), spec.text
        refuse_options(spec)
        if not self._folder.is_dir():
            raise UsageError(f"{spec.text!r}: there is no folder {self._folder}: name the one with the masks")
        self._last: tuple[str, Image.Image] | None = None

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        files = {name: [file_digest(path) for path in paths] for name, paths in self._files.items()}
        return {"regions": "masks", "version": 1, "files": digest(files)}

    def check(self, images: Sequence[RegionImage], nodes: Sequence[Node]) -> Sequence[Node]:
        lacking = [image for image in images if not self._found(image)]
        if lacking:
            image = lacking[0]
            raise UsageError(
                f"{self._spec!r}: {len(lacking)} of {len(images)} images have no mask, such as {image.source}: save "
                f"one as {self._folder / image.file_name}.png, white where the image may change and black elsewhere"
            )
        return nodes[:1]

    def regions(self, image: RegionImage, terms: Sequence[Term]) -> Iterator[Image.Image]:
        if self._last is None or self._last[0] != image.key:  # edits come image by image
            self._last = image.key, self._read(image)
        return iter([self._last[1]] * len(terms))

    @functools.cached_property
    def _files(self) -> Mapping[str, list[Path]]:
        """Path in the folder, without its ending → the files of that name."""
        found: dict[str, list[Path]] = {}
        for path in pictures_below(self._folder):
            name = without_suffix(PurePosixPath(path.relative_to(self._folder).as_posix()))
            found.setdefault(str(name), []).append(path)
        if not found:
            raise UsageError(f"{self._spec!r}: there are no pictures ({', '.join(SUFFIXES)}) in {self._folder}")
        return found

    def _found(self, image: RegionImage) -> list[Path]:
        return [path for name in image.names for path in self._files.get(name, ())]

    def _read(self, image: RegionImage) -> Image.Image:
        found = self._found(image)
        if len(found) != 1:
            both = f"{found[0]} and {found[1]} are both" if found else f"no picture in {self._folder} is"
            raise UsageError(f"{self._spec!r}: {both} the mask of {image.source}: keep one, of its name")
        try:
            read = read_picture(found[0])
        except OSError as error:
            raise UsageError(f"{self._spec!r}: the mask {found[0]} cannot be read: {error.strerror or error}") from None
        if LAID in read.notes or SCALED in read.notes:
            what = "transparent parts" if LAID in read.notes else "more than 8 bits a pixel"
            raise UsageError(
                f"{self._spec!r}: the mask {found[0]} has {what}: save it in black and white, white where the image "
                "may change"
            )
        return self._fitted(read.picture.convert("L"), image, found[0])

    def _fitted(self, mask: Image.Image, image: RegionImage, path: Path) -> Image.Image:
        (width, height), (own_width, own_height) = image.size, mask.size
        # within what rounding the smaller one's sides to whole pixels can do
        if abs(width * own_height - height * own_width) > max(width, height, own_width, own_height):
            raise UsageError(
                f"{self._spec!r}: the mask {path} has {own_width}x{own_height} pixels and {image.source} "
                f"{width}x{height}: save it in the image's size, or in its shape"
            )
        return mask if mask.size == image.size else mask.resize(image.size, Image.Resampling.NEAREST)
