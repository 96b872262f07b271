"""Figures and tables of finished runs, for papers and talks. Reads runs, holds no lock, loads no model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.report.data import ReportData


def draw_figures(run: Path, folder: Path) -> list[Path]:
    """Draw all figures of a run; see :func:`~diffex_cli.report.publication.figures.write_figures`.

    Args:
        run: a run directory that ``diffex search`` has finished.
        folder: where to; created if it is missing.

    Returns:
        the files.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: there is no such run, or a file in it cannot be read.
        DiffexError: the folder cannot be written.
    """
    from diffex_cli.report.publication.figures import write_figures

    return write_figures(_read(run), folder)


def draw_top(runs: Sequence[Path], folder: Path) -> list[Path]:
    """Draw the leading attributes of several runs below each other; as :func:`draw_figures` otherwise."""
    from diffex_cli.report.publication.figures import write_top

    return write_top([_read(run) for run in runs], folder)


def table(runs: Sequence[Path], kind: str, top: int = 10) -> str:
    """The leading attributes of one or more runs as a table.

    Args:
        runs: run directories that ``diffex search`` has finished.
        kind: ``markdown``, ``latex`` or ``csv``.
        top: rows at most, ≥ 1.

    Raises:
        IncompleteError: one has no ranking yet.
        UsageError: another kind, or a run that cannot be read.
    """
    from diffex_cli.report.publication.table import write_table

    return write_table([_read(run) for run in runs], kind, top)


def _read(run: Path) -> ReportData:
    from diffex_cli.stages.report_data import report_data

    if not run.is_dir():
        raise UsageError(f"there is no run directory {run}: name one that `diffex search --run` has finished")
    return report_data(RunDirectory(run))
