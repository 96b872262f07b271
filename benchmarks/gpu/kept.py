"""Rows that were measured, one JSON object a line: a run that was cut off goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Figures = Mapping[str, Any]


class Kept:
    """Figures by (machine, case); the last line of a case counts. A torn last line is left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            path.write_bytes(path.read_bytes() + b"\n")  # a line that was torn ends here
        self._rows = {(row["machine"], row["case"]): row["figures"] for row in _read(path)}

    def get(self, machine: str, case: str) -> Figures | None:
        return self._rows.get((machine, case))

    def put(self, machine: str, case: str, figures: Figures) -> None:
        self._rows[machine, case] = figures
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"machine": machine, "case": case, "figures": figures}) + "\n")


def _read(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and {"machine", "case", "figures"} <= row.keys():
            yield row
