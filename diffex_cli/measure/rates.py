"""How long an edit and other work takes, measured, so that a dry run and a search can tell how long they will."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import cache_folder
from diffex_cli.core.plain_files import read_plain_file


def seconds_per_edit(rows: Iterable[EditRow]) -> float | None:
    """The mean time of edits that did not fail; ``None`` if there are none."""
    seconds = [row.seconds for row in rows if row.status != "failed"]
    return sum(seconds) / len(seconds) if seconds else None


def remember(rates: Mapping[str, float]) -> None:
    """Note rates for later runs, in seconds: of an editor under its fingerprint, for a plan; of each kind of work of a
    :class:`~diffex_cli.measure.forecast.Forecast` under its name. It is a convenience: a cache that cannot be written
    is no error."""
    if not rates:
        return
    try:
        write_text(_file(), json.dumps({**recall(), **rates}, indent=1, sort_keys=True))
    except DiffexError:
        return


def recall() -> Mapping[str, float]:
    """All rates that were noted on this machine."""
    try:
        rates = read_plain_file(_file(), "the rates")
        return {str(key): float(value) for key, value in rates.items()}
    except (UsageError, ValueError, TypeError, AttributeError):
        return {}


def _file() -> Path:
    return cache_folder() / "rates.json"
