"""A report that would come out as it is: known by the state of all that it is made of, noted between commands."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffex_cli
from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import cache_folder
from diffex_cli.core.plain_files import read_plain_file
from diffex_cli.core.settings import Settings
from diffex_cli.report.build import Report

_REPORTS = 128
"""Reports that are noted: those that were written last."""
_PATHS = tuple(field.name for field in dataclasses.fields(Report) if "Path" in str(field.type))


class Notes:
    """What is noted of one report on this machine. It is a convenience: what cannot be noted or read is written anew.

    Args:
        folder: where the report is, in the run directory of the settings.
        asked: what else decides how it comes out.
    """

    def __init__(self, settings: Settings, folder: Path, *asked: object) -> None:
        self._run, self._folder = settings.run, folder
        self._asked = [settings.values(), dict(settings.origins), *asked]
        self._file = cache_folder() / "reports" / f"{digest(ascii(str(folder.resolve())))[:32]}.json"

    def recall(self) -> Report | None:
        """The report, if neither it, nor anything in the run directory, nor diffex changed since it was noted."""
        try:
            noted: dict[str, Any] = read_plain_file(self._file, "the notes of a report")
            if noted["state"] != self._state():
                return None
            values = {**noted["report"], "warnings": tuple(noted["report"]["warnings"])}
            paths = {name: values[name] and self._folder / values[name] for name in _PATHS}
            return dataclasses.replace(Report(**{**values, **paths}), up_to_date=True)
        except (UsageError, OSError, KeyError, TypeError, AttributeError):
            return None

    def remember(self, report: Report) -> None:
        """Note that it was written just now."""
        values = dataclasses.asdict(report)
        paths = {name: values[name] and os.path.relpath(values[name], self._folder) for name in _PATHS}
        with contextlib.suppress(DiffexError, OSError):
            write_text(self._file, json.dumps({"state": self._state(), "report": {**values, **paths}}))
            noted = sorted(self._file.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns)
            for file in noted[:-_REPORTS]:
                file.unlink(missing_ok=True)

    def _state(self) -> str:
        code = Path(diffex_cli.__file__).parent
        return digest([ascii(self._asked), *map(ascii, (*_states(self._run), *_states(code)))])


def _states(folder: Path) -> Iterator[tuple[object, ...]]:
    """Of every file below: the time of the last change to the inode is no program's to set. Not of the lock, which each
    command writes, nor of compiled code."""
    for inside, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - {"__pycache__"})
        for file in (Path(inside) / name for name in sorted(set(files) - {".lock"})):
            state = file.lstat()
            yield os.path.relpath(file, folder), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino
