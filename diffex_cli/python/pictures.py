"""The input images that a Python program may name or hand over."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.text_files import readable
from diffex_cli.corpus.inputs import Source

OnePicture: TypeAlias = str | Path | Image.Image
AnyPictures: TypeAlias = OnePicture | Iterable[OnePicture] | Mapping[str, OnePicture]


@dataclasses.dataclass(frozen=True, slots=True)
class Pictures:
    """Where the stage ``corpus`` finds the input images.

    Attributes:
        folder: what the settings say; ``None`` for the domain's own samples.
        sources: the pictures, if they are not simply those of the folder.
    """

    folder: Path | None
    sources: tuple[Source, ...] | None = None


def as_pictures(given: AnyPictures, domain: str, folder: Path) -> Pictures:
    """Input images as the stage ``corpus`` takes them.

    Args:
        given: a folder, a bundled domain's name, one picture or several.
        domain: the corpus's.
        folder: the run directory's own, where pictures that come from no single folder end up.

    Raises:
        UsageError: they are none of these, or there are none.
    """
    if isinstance(given, str | Path):
        samples = domains.samples(given) if isinstance(given, str) and given in domains.names() else None
        if samples is not None:
            return Pictures(None if given == domain else samples[0].parent)
        path = Path(given).expanduser()
        if path.is_dir():
            return Pictures(path)
        if not path.is_file():
            raise UsageError(f"pictures: there is no folder or file {path}")
    if isinstance(given, OnePicture):
        given = [given]
    if not isinstance(given, Iterable):
        raise UsageError(f"pictures is {given!r:.80}: give a folder, files or PIL images")
    sources = tuple(_named(given) if isinstance(given, Mapping) else _numbered(given))
    if not sources:
        raise UsageError("pictures is empty: give at least one")
    return Pictures(folder, sources)


def _named(pictures: Mapping[str, OnePicture]) -> Iterable[Source]:
    for name, picture in pictures.items():
        yield Source(_checked(picture, f"pictures[{name!r}]"), readable(name))


def _numbered(pictures: Iterable[OnePicture]) -> Iterable[Source]:
    """Files are called by their names, unless two of them have the same; all else by its place."""
    checked = [_checked(picture, f"pictures[{place}]") for place, picture in enumerate(pictures)]
    names = Counter(one.name for one in checked if isinstance(one, Path))
    for place, picture in enumerate(checked):
        name = picture.name if isinstance(picture, Path) else ""
        yield Source(picture, name if names[name] == 1 else f"{place:04d} {name}".strip())


def _checked(picture: object, place: str) -> Path | Image.Image:
    match picture:
        case Image.Image():
            if not (picture.width and picture.height):
                raise UsageError(f"{place} has no pixels")
            return picture
        case str() | Path():
            file = Path(picture).expanduser()
            if not file.is_file():
                raise UsageError(f"{place}: there is no file {file}")
            return file
        case _:
            kind = type(picture)
            raise UsageError(
                f"{place} is a {kind.__module__}.{kind.__qualname__}: give the path of a file or a PIL image "
                "(PIL.Image.fromarray makes one)"
            )
