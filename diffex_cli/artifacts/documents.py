"""YAML artifacts: a mapping that says which schema it follows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.tables import REMEDY, check_schema_id
from diffex_cli.core.errors import UsageError

_NO_YAML = (yaml.YAMLError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What PyYAML raises at a text that is none, is nested too deeply, or has a value that does not fit its tag."""


def read_document(path: Path, schema: str) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is no YAML mapping, or follows another schema or version.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (*_NO_YAML, OSError) as error:
        raise UsageError(f"{path} cannot be read ({' '.join(str(error).split())}): {REMEDY}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} does not hold a YAML mapping: {REMEDY}")
    check_schema_id(path, str(content.get("schema") or ""), schema)
    return content


def write_document(path: Path, schema: str, content: Mapping[str, object]) -> None:
    """Write a mapping of plain values, its schema first."""
    text = yaml.safe_dump({"schema": schema, **content}, sort_keys=False, allow_unicode=True, width=120)
    write_text(path, text)
