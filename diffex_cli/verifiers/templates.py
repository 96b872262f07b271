"""The sentences into which an attribute's words are put for a model that compares pictures with texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_plain_file

_WHAT = "the file of templates"


@dataclasses.dataclass(frozen=True, slots=True)
class Templates:
    """Each holds one ``{}``, the attribute's words.

    Attributes:
        shown: what a picture that shows it could be called.
        absent: what one that does not could be.
    """

    shown: tuple[str, ...]
    absent: tuple[str, ...]


DEFAULT = Templates(
    shown=("{}", "a photo of {}.", "a photo that shows {}.", "a close-up of {}."),
    absent=("no {}", "a photo without {}.", "a photo that shows no {}.", "a close-up without {}."),
)
"""Several, since the mean of their embeddings tells more than one (Radford et al. 2021, section 3.1.4)."""


def read_templates(path: Path) -> Templates:
    """The lists ``shown`` and ``absent`` of a YAML or JSON file."""
    document = read_plain_file(path, _WHAT, verbatim=True)
    if not isinstance(document, Mapping) or document.keys() != {"shown", "absent"}:
        raise UsageError(f"{_WHAT} {path} must hold two lists, shown and absent")
    return Templates(*(_list(document[key], key, path) for key in ("shown", "absent")))


def _list(found: Any, key: str, path: Path) -> tuple[str, ...]:
    if not (isinstance(found, list) and found and all(isinstance(one, str) and one.count("{}") == 1 for one in found)):
        raise UsageError(f"{_WHAT} {path}: {key} must be a list of texts, each with one {{}} for the attribute's words")
    return tuple(found)
