"""Which picture in a folder is which edit, by a table: CSV, Parquet or YAML.

Its columns: ``image`` (16 or more digits of the key, or the source file below ``originals``); ``prompt`` or ``node``
(several attributes joined by `` + ``, ``-`` before one that is removed, empty for the baseline); ``remove`` (true for
one attribute that is removed; may be absent); ``file`` (relative to the folder).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.plain_files import read_plain_file, read_text_file
from diffex_cli.editors.folder.files import is_inside
from diffex_cli.editors.folder.names import ImageNames

_COLUMNS = ("image", "prompt", "node", "remove", "file")
_TRUTH = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}

_Terms = frozenset[tuple[str, bool]]
"""(node or prompt, whether it is removed) of every attribute."""


class ListedPictures:
    """The pictures that a manifest lists."""

    def __init__(self, folder: Path, path: Path, names: ImageNames) -> None:
        self._path = path
        self._listed: dict[tuple[str, str, _Terms], list[Path]] = {}
        for number, row in enumerate(_read(path), start=1):
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


def _read(path: Path) -> list[Mapping[str, Any]]:
    try:
        path.stat()
        rows = _READERS[path.suffix.lower()](path)
    except KeyError:
        raise UsageError(f"the manifest {path} must be one of {', '.join(_READERS)}") from None
    except FileNotFoundError:
        raise UsageError(f"there is no manifest {path}: manifest=FILE is relative to the folder of the edits") from None
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"the manifest {path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise UsageError(f"the manifest {path} must be a list of rows with the columns image, prompt or node, and file")
    for row in rows:
        unknown = [str(name) for name in row if name not in _COLUMNS]
        if unknown:
            raise UsageError(f"the manifest {path} has a column {unknown[0]!r}; the columns are {', '.join(_COLUMNS)}")
    return rows


def _read_csv(path: Path) -> Iterable[Mapping[str, Any]]:
    return list(csv.DictReader(read_text_file(path, "the manifest").splitlines(keepends=True), restkey="?"))


def _read_parquet(path: Path) -> Iterable[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            rows: list[Mapping[str, Any]] = pq.ParquetFile(file).read().to_pylist()
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    return rows


def _read_yaml(path: Path) -> Any:
    return read_plain_file(path, "the manifest", verbatim=True)


_READERS: Mapping[str, Callable[[Path], Any]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()


def _image(row: Mapping[str, Any], names: ImageNames, place: str) -> str:
    cell = _text(row, "image")
    digits = names.digits(cell)
    if digits is None:
        raise UsageError(
            f"{place}: the image {cell!r} is neither 16 or more digits of an image's key nor a picture below "
            "originals: correct the row, or add the option originals=DIR"
        )
    return digits


def _attributes(row: Mapping[str, Any], place: str) -> tuple[str, _Terms]:
    """``node`` or ``prompt``, or nothing for the baseline; and the attributes by it."""
    node, prompt = _text(row, "node"), _text(row, "prompt")
    if node and prompt:
        raise UsageError(f"{place}: a row names its attribute by node or by prompt, not by both")
    flag = _text(row, "remove").lower()
    if flag not in _TRUTH:
        raise UsageError(f"{place}: remove is {flag!r}: write true or false")
    parts = [part.strip() for part in (node or prompt).split(" + ")] if node or prompt else []
    if _TRUTH[flag] and (len(parts) != 1 or parts[0].startswith("-")):
        raise UsageError(f"{place}: remove: true belongs to one attribute; write - before each that is removed instead")
    terms = frozenset((part.removeprefix("-"), part.startswith("-") or _TRUTH[flag]) for part in parts)
    return "node" if node else "prompt" if prompt else "", terms


def _file(row: Mapping[str, Any], folder: Path, place: str) -> Path:
    cell = _text(row, "file")
    if not cell:
        raise UsageError(f"{place}: no file: name the edited picture, relative to {folder}")
    path = folder / cell
    if PurePosixPath(cell).is_absolute() or ".." in PurePosixPath(cell).parts or not is_inside(folder, path):
        raise UsageError(f"{place}: the file {cell!r} leads out of {folder}: put the picture there")
    return path
