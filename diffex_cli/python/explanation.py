"""What ``explain`` returns."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.schemas import RANKING
from diffex_cli.artifacts.tables import make_table
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.python import notebook
from diffex_cli.report.claims import claims, shown
from diffex_cli.report.facts import p_value, standing
from diffex_cli.report.numbers import interval, signed
from diffex_cli.report.reading import read_report_data
from diffex_cli.report.sentences import conclusions
from diffex_cli.report.words import plain
from diffex_cli.search.search import SearchSummary

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 8


class Explanation:
    """A finished search, with its pictures in a private folder that goes when this object goes.

    Prints as the command's sentences, and in a notebook as a small table with a picture.

    Attributes:
        settings: of the search.
        summary: what the search found, and how much work that was.
        warnings: sentences about pictures and files that were left out.
    """

    def __init__(self, folder: Path, settings: Settings, summary: SearchSummary, warnings: tuple[str, ...]) -> None:
        """Take over a folder, in which ``run`` is the run directory."""
        self.settings = settings
        self.summary = summary
        self.warnings = warnings
        self._private = folder
        self._data = read_report_data(self.run)
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    @property
    def target(self) -> str:
        """What is explained: a class, a contrast of two, ``predicted`` or ``all``."""
        return self.summary.target

    @property
    def ranking(self) -> tuple[RankingRow, ...]:
        """All attributes and sets of them that were evaluated, the most influential first."""
        return self.summary.ranking

    @property
    def strongest(self) -> RankingRow | None:
        """The strongest attribute that was shown to matter; ``None`` if none was."""
        return next(iter(shown(self._data)), None)

    @functools.cached_property
    def sentences(self) -> tuple[str, ...]:
        """What was found, as the command says it."""
        told = [plain(text) for text in conclusions(self._data)]
        if self.summary.failed:
            told.append(
                f"{self.summary.failed} of {self.summary.edits} edits failed, most often because: "
                f"{self.summary.failure}. They are left out of the effects."
            )
        if self.summary.screening is not None:
            told.append(self.summary.screening.sentence)
        return tuple(told)

    def __str__(self) -> str:
        """The sentences, and the first rows of the ranking."""
        lines = [*self.sentences, ""]
        for row in self.ranking[:_SHOWN]:
            ends = interval(row.low, row.high)
            lines.append(
                f"{row.rank:3} {signed(row.effect):>7} {ends:16}  p {p_value(row.p_corrected):8}  {row.name}"
                f"{f' on {row.target!r}' if self._data.every_class else ''} – {standing(row)}"
            )
        if len(self.ranking) > _SHOWN:
            lines.append(f"    … and {len(self.ranking) - _SHOWN} more: to_pandas() has all")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._html

    @functools.cached_property
    def _html(self) -> str:
        pictured = self.strongest or next(iter(claims(self._data).undecided), None)
        return notebook.html(self._data, self.sentences, pictured)

    def to_pandas(self) -> pd.DataFrame:
        """The ranking, with the columns of ``ranking.parquet`` (docs/artifacts.md)."""
        frame: pd.DataFrame = make_table(RANKING, [dataclasses.asdict(row) for row in self.ranking]).to_pandas()
        return frame

    @property
    def run(self) -> Path:
        """The private run directory. It is gone once this object is, or is closed."""
        return self._private / "run"

    def save(self, run_dir: str | Path) -> Path:
        """Copy the run directory to where the command line can go on with it, all or nothing.

        Returns:
            the folder.

        Raises:
            UsageError: there is something at that place, or this explanation is closed.
            DiffexError: it cannot be written.
        """
        target = typed_path(run_dir).absolute()
        if not self._remove.alive:
            raise UsageError("this explanation is closed, and its pictures are gone: save it first")
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise UsageError(f"something already exists at {target}: name another folder, or remove it")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
                copy = Path(beside) / "run"
                shutil.copytree(self.run, copy, ignore=shutil.ignore_patterns(".lock"))
                _settle(RunDirectory(copy), self._private, target)
                copy.rename(target)
            Consent.of(dataclasses.replace(self.settings, run=target)).remember()
        except OSError as error:
            raise DiffexError(f"cannot save to {target}: {error.strerror or error}") from error
        return target

    def close(self) -> None:
        """Remove the private folder now."""
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_OWN = {"images": "images", "corpus_file": "corpus.yaml"}
"""Settings of the inputs → where a run directory has its own copy of them."""


def _settle(run: RunDirectory, private: Path, home: Path) -> None:
    """Let the record name no input that lies in the private folder, but the run directory's own copy of it."""
    recorded = run.recorded()
    settings, stages = recorded["settings"], recorded["stages"]
    for values in (settings, *(stage["settings"] for stage in stages.values())):
        for name, copy in _OWN.items():
            if values.get(name) and Path(values[name]).is_relative_to(private):
                values[name] = str(home / copy)
    run.write_recorded(settings, stages)
