"""How long an edit takes, measured, so that a dry run can tell how long a search will."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.machine import cache_folder


def seconds_per_edit(rows: Iterable[EditRow]) -> float | None:
    """The mean time of edits that did not fail; ``None`` if there are none."""
    seconds = [row.seconds for row in rows if row.status != "failed"]
    return sum(seconds) / len(seconds) if seconds else None


def remember(fingerprint: str, rows: Iterable[EditRow]) -> None:
    """Note the rate of these edits for later runs. It is a convenience: a cache that cannot be written is no error."""
    rate = seconds_per_edit(rows)
    if rate is None:
        return
    try:
        write_text(_file(), json.dumps({**_all(), fingerprint: rate}, indent=1, sort_keys=True))
    except DiffexError:
        return


def recall(fingerprint: str) -> float | None:
    """Seconds an edit took when this editor was last used on this machine; ``None`` if it never was."""
    return _all().get(fingerprint)


def _file() -> Path:
    return cache_folder() / "rates.json"


def _all() -> dict[str, float]:
    try:
        rates = json.loads(_file().read_text(encoding="utf-8"))
        return {str(key): float(value) for key, value in rates.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
