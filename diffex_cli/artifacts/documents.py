"""YAML artifacts: a mapping that says which schema it follows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.tables import REMEDY, check_schema_id
from diffex_cli.core.errors import UsageError
from diffex_cli.core.inside import is_file
from diffex_cli.core.plain_files import read_yaml, write_yaml


def read_document(path: Path, schema: str) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is no regular file or no YAML mapping, or follows another schema or version.
    """
    is_file(path)
    try:
        content = read_yaml(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise
    except (UsageError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} cannot be read ({' '.join(str(error).split())}): {REMEDY}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} does not hold a YAML mapping: {REMEDY}")
    check_schema_id(path, str(content.get("schema") or ""), schema)
    return content


def write_document(path: Path, schema: str, content: Mapping[str, object]) -> None:
    """Write a mapping of plain values, its schema first."""
    write_text(path, write_yaml({"schema": schema, **content}))
