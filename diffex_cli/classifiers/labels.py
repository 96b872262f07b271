"""The names of a classifier's classes, from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_plain_file, read_text_file, read_yaml
from diffex_cli.core.wording import nfc

DOCUMENTS = (".yaml", ".yml", ".json")
WHAT = "the file of labels"
_UNDER = ("id2label", "names")
"""Where a model's ``config.json`` and a YOLO dataset's file have them."""


def read_labels(path: Path) -> tuple[str, ...]:
    """Names in the order of the model's outputs, as they are written: a class may be called ``no`` or ``010``.

    A text file holds one name a line, or a mapping as Python prints it (``{0: 'owl', 1: 'tit'}``). A YAML or JSON file
    (``.yaml``, ``.yml``, ``.json``) holds

    - a list of names;
    - a mapping from 0, 1, … to names, or to lists that end with the name, as ImageNet's ``class_index`` does;
    - a mapping from names to 0, 1, …, as torchvision's ``class_to_idx``;
    - one of these under ``id2label``, as a model's ``config.json``, or under ``names``, as a YOLO dataset.

    Raises:
        UsageError: it cannot be read, or is nothing of this.
    """
    if path.suffix.lower() in DOCUMENTS:
        names = _from_document(read_plain_file(path, WHAT, verbatim=True), path)
    else:
        text = read_text_file(path, WHAT)
        if text.lstrip().startswith("{"):
            names = _from_document(read_yaml(text, f"{WHAT} {path}", verbatim=True), path)
        else:
            names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise UsageError(f"{WHAT} {path} is empty: write one name per line")
    return tuple(map(nfc, names))


def numbered(names: Mapping[Any, Any], where: str) -> list[Any]:
    """The values of a mapping from 0, 1, … in this order.

    Raises:
        UsageError: it begins with 1, or has gaps; which class an output is would be a guess.
    """
    by_number = {str(number): name for number, name in names.items()}
    if by_number.keys() != {str(number) for number in range(len(by_number))}:
        raise UsageError(
            f"{where} must be numbered 0, 1, … without gaps, as the model's outputs are, not {_some(by_number)}: "
            "number them anew"
        )
    return [by_number[str(number)] for number in range(len(by_number))]


def _some(keys: Mapping[str, Any]) -> str:
    shown = ", ".join(list(keys)[:3])
    return f"{shown}, …" if len(keys) > 3 else shown


def _from_document(document: Any, path: Path) -> list[str]:
    if isinstance(document, Mapping):
        document = next((document[key] for key in _UNDER if key in document), document)
    if isinstance(document, Mapping):
        document = numbered(_by_number(document), f"the labels in {path}")
    names = [item[-1] if isinstance(item, list) and item else item for item in _listed(document)]
    if not isinstance(document, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise UsageError(f"{WHAT} {path} must hold a list of names, or a mapping from 0, 1, … to names")
    return names


def _listed(document: Any) -> list[Any]:
    """A list's items; where they are lists, they have to be so throughout."""
    items = document if isinstance(document, list) else []
    lists = [item for item in items if isinstance(item, list)]
    return items if not lists or (len(lists) == len(items) and all(len(item) > 1 for item in items)) else [None]


def _by_number(names: Mapping[str, Any]) -> Mapping[Any, Any]:
    """The mapping from numbers to names, also of one the other way round."""
    digits = [isinstance(value, str) and value.isdecimal() for value in names.values()]
    if not all(digits) or all(key.isdecimal() for key in names):
        return names
    turned = {value: key for key, value in names.items()}
    return turned if len(turned) == len(names) else names
