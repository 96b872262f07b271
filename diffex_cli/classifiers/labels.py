"""The names of a classifier's classes, from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from diffex_cli.core.errors import UsageError

_YAML = (".yaml", ".yml", ".json")


def read_labels(path: Path) -> tuple[str, ...]:
    """Names in the order of the model's outputs. A text file holds one name a line. A YAML or JSON file (``.yaml``,
    ``.yml``, ``.json``) holds a list of names, a mapping from 0, 1, … to names, or, as a model's ``config.json`` does,
    such a mapping under ``id2label``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file of labels {path} cannot be read: {error}") from None
    if path.suffix.lower() not in _YAML:
        names = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        names = _from_document(read_yaml(path, text), path)
    if not names:
        raise UsageError(f"the file of labels {path} is empty: write one name per line")
    return tuple(names)


def read_yaml(path: Path, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"the file {path} is not valid YAML{where}: {getattr(error, 'problem', error)}") from None


def _from_document(document: Any, path: Path) -> list[str]:
    if isinstance(document, Mapping) and "id2label" in document:
        document = document["id2label"]
    if isinstance(document, Mapping):
        by_number = {str(number): name for number, name in document.items()}
        if by_number.keys() != {str(number) for number in range(len(by_number))}:
            raise UsageError(f"the labels in {path} must be numbered 0, 1, … without gaps")
        document = [by_number[str(number)] for number in range(len(by_number))]
    if not isinstance(document, list) or not all(isinstance(name, str | int) for name in document):
        raise UsageError(f"the file of labels {path} must hold a list of names, or a mapping from 0, 1, … to names")
    return [str(name) for name in document]
