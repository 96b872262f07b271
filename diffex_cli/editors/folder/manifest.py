"""Which picture in a folder is which edit, by a table: CSV, Parquet or YAML.

Its columns: ``image`` (16 or more digits of the key, or the source file below ``originals``); ``prompt`` or ``node``
(several attributes joined by `` + ``, ``-`` before one that is removed, empty for the baseline); ``remove`` (true for
one attribute that is removed; may be absent); ``file`` (relative to the folder).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.editors.folder.files import is_inside
from diffex_cli.editors.folder.names import ImageNames
from diffex_cli.editors.listed import read_rows, text_of

_COLUMNS = ("image", "prompt", "node", "remove", "file")
_NEEDED = "image, prompt or node, and file"
_TRUTH = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}

_Terms = frozenset[tuple[str, bool]]
"""(node or prompt, whether it is removed) of every attribute."""


class ListedPictures:
    """The pictures that a manifest lists."""

    def __init__(self, folder: Path, path: Path, names: ImageNames) -> None:
        self._path = path
        self._listed: dict[tuple[str, str, _Terms], list[Path]] = {}
        rows = read_rows(path, "manifest", _COLUMNS, _NEEDED, "manifest=FILE is relative to the folder of the edits")
        for number, row in enumerate(rows, start=1):
            place = f"{path}, row {number}"
            key = (_image(row, names, place), *_attributes(row, place))
            file = _file(row, folder, place)
            listed = self._listed.setdefault(key, [])
            if file not in listed:
                listed.append(file)

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(sorted({path for paths in self._listed.values() for path in paths}))

    def find(self, images: Sequence[str], candidate: Candidate) -> tuple[Path, ...]:
        terms = candidate.terms
        by_node: _Terms = frozenset((term.node, term.remove) for term in terms)
        by_prompt: _Terms = frozenset((term.prompt, term.remove) for term in terms)
        keys = [("node", by_node), ("prompt", by_prompt)] if terms else [("", by_node)]
        files = [file for kind, names in keys for file in self._listed.get((images[0], kind, names), ())]
        return tuple(dict.fromkeys(files))

    def sought(self, images: Sequence[str], candidate: Candidate) -> str:
        return f"a row of {self._path.name} for image {images[0]} and {candidate.id or 'no attribute'}"


def _image(row: Mapping[str, Any], names: ImageNames, place: str) -> str:
    cell = text_of(row, "image")
    digits = names.digits(cell)
    if digits is None:
        raise UsageError(
            f"{place}: the image {cell!r} is neither 16 or more digits of an image's key nor a picture below "
            "originals: correct the row, or add the option originals=DIR"
        )
    return digits


def _attributes(row: Mapping[str, Any], place: str) -> tuple[str, _Terms]:
    """``node`` or ``prompt``, or nothing for the baseline; and the attributes by it."""
    node, prompt = text_of(row, "node"), text_of(row, "prompt")
    if node and prompt:
        raise UsageError(f"{place}: a row names its attribute by node or by prompt, not by both")
    flag = text_of(row, "remove").lower()
    if flag not in _TRUTH:
        raise UsageError(f"{place}: remove is {flag!r}: write true or false")
    parts = [part.strip() for part in (node or prompt).split(" + ")] if node or prompt else []
    if _TRUTH[flag] and (len(parts) != 1 or parts[0].startswith("-")):
        raise UsageError(f"{place}: remove: true belongs to one attribute; write - before each that is removed instead")
    terms = frozenset((part.removeprefix("-"), part.startswith("-") or _TRUTH[flag]) for part in parts)
    return "node" if node else "prompt" if prompt else "", terms


def _file(row: Mapping[str, Any], folder: Path, place: str) -> Path:
    cell = text_of(row, "file")
    if not cell:
        raise UsageError(f"{place}: no file: name the edited picture, relative to {folder}")
    path = folder / cell
    if PurePosixPath(cell).is_absolute() or ".." in PurePosixPath(cell).parts or not is_inside(folder, path):
        raise UsageError(f"{place}: the file {cell!r} leads out of {folder}: put the picture there")
    return path
