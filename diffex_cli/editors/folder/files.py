"""Which picture in a folder is which edit, by its name alone.

``DIR/<candidate>/<image>.png`` or ``DIR/<image>__<candidate>.png``, where <candidate> is
:func:`candidate_name` and <image> one of the image's names (:mod:`~diffex_cli.editors.folder.names`).
Slugs have neither ``--`` nor ``_`` nor ``+``, so that no two edits share a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from diffex_cli.artifacts.pictures import SUFFIXES
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate

_RECONSTRUCTION = "reconstruction"


class Pictures(Protocol):
    """Knows the file of an edit."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All that it may name, sorted; some may be missing."""
        ...

    def find(self, images: Sequence[str], candidate: Candidate) -> tuple[Path, ...]:
        """The files of one edit: none, one, or several if they are ambiguous. ``images`` are the image's names."""
        ...

    def sought(self, images: Sequence[str], candidate: Candidate) -> str:
        """What :meth:`find` looks for, in words."""
        ...


class NamedPictures:
    """All pictures below a folder, by name."""

    def __init__(self, folder: Path) -> None:
        self._by_name: dict[str, list[Path]] = {}
        for path in pictures_below(folder):
            name = path.relative_to(folder).as_posix().removesuffix(path.suffix)
            self._by_name.setdefault(name, []).append(path)
        if not self._by_name:
            raise UsageError(f"there are no pictures ({', '.join(SUFFIXES)}) in {folder}: name the folder of the edits")

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(sorted(path for paths in self._by_name.values() for path in paths))

    def find(self, images: Sequence[str], candidate: Candidate) -> tuple[Path, ...]:
        return tuple(path for name in _names(images, candidate) for path in self._by_name.get(name, ()))

    def sought(self, images: Sequence[str], candidate: Candidate) -> str:
        return " or ".join(f"{name}.png" for name in _names(images, candidate))


def candidate_name(candidate: Candidate) -> str:
    """``head--crest``; with several attributes ``head--crest+-tail`` (the second one removed), in the order of their
    ids; ``reconstruction`` for the empty candidate."""
    name = "+".join(term.id.replace("/", "--") for term in candidate.terms)
    if name == _RECONSTRUCTION:
        raise UsageError(f"corpus node {name}: in a folder of edits this is the baseline's name; rename the node")
    return name or _RECONSTRUCTION


def pictures_below(folder: Path) -> Iterator[Path]:
    """The picture files, but for hidden ones, sorted."""
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        is_picture = path.suffix.lower() in SUFFIXES and path.is_file()
        if (is_picture or path.is_dir()) and not is_inside(folder, path):
            raise UsageError(f"{path} leads out of {folder}: put the pictures themselves there")
        if is_picture:
            yield path


def is_inside(folder: Path, path: Path) -> bool:
    """Whether a path stays in a folder when all symbolic links are followed."""
    return path.resolve().is_relative_to(folder.resolve())


def _names(images: Sequence[str], candidate: Candidate) -> list[str]:
    name = candidate_name(candidate)
    return [each for image in images for each in (f"{name}/{image}", f"{image}__{name}")]
