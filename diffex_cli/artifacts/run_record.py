"""``run.yaml``: the settings given so far, and what each stage used."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.documents import read_document, write_document
from diffex_cli.artifacts.records import read_record
from diffex_cli.artifacts.tables import REMEDY
from diffex_cli.core.errors import UsageError

RUN_SCHEMA = "diffex.run/1"


@dataclasses.dataclass(frozen=True, slots=True)
class _Stage:
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    stages: Mapping[str, _Stage] = dataclasses.field(default_factory=dict)


def read_run_record(path: Path) -> dict[str, Any]:
    """The content, ``settings`` and ``stages`` always there unless there is no file: then it is empty.

    Raises:
        UsageError: it is no such file, or a key is of the wrong type.
    """
    try:
        content = read_document(path, RUN_SCHEMA)
        read_record(_Run, content)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UsageError(f"{path} lacks or garbles a key ({error}): {REMEDY}") from error
    return content | {key: content.get(key) or {} for key in ("settings", "stages")}


def write_run_record(path: Path, settings: Mapping[str, object], stages: Mapping[str, object]) -> None:
    """Replace the file."""
    write_document(path, RUN_SCHEMA, {"settings": dict(settings), "stages": dict(stages)})
