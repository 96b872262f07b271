"""The answers so far, a line of JSON each, so that an interrupted benchmark goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.sentences.builds import Answer
from benchmarks.sentences.cases import Case
from diffex_cli.core.errors import UsageError


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One answer.

    Attributes:
        build: the name of the build that gave it.
        sources: the digest of its code and data.
        exact: attribute's id → exact effect on the images that were searched.
    """

    case: Case
    build: str
    sources: str
    answer: Answer
    exact: Mapping[str, float]


class Records:
    """A file that grows; of several answers to one case by one build the last counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._found: dict[tuple[str, str], Record] = {}
        if file.exists():
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                self._keep(_read(line, f"{file}:{number}"))

    def get(self, case: Case, build: str) -> Record | None:
        return self._found.get((case.id, build))

    def add(self, record: Record) -> None:
        """Keep it, on disk too."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dataclasses.asdict(record), ensure_ascii=False) + "\n")
        self._keep(record)

    def _keep(self, record: Record) -> None:
        self._found[record.case.id, record.build] = record


def _read(line: str, where: str) -> Record:
    try:
        row = json.loads(line)
        return Record(**{**row, "case": Case(**row["case"]), "answer": Answer(**row["answer"])})
    except (TypeError, ValueError, KeyError) as error:
        raise UsageError(f"{where} is no answer of this benchmark ({error!r}): remove the line") from error
