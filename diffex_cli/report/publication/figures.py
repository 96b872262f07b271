"""All figures of a run, as files with their captions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from diffex_cli.artifacts.files import write_text
from diffex_cli.report.data import ReportData
from diffex_cli.report.publication import forest, hierarchical, joint, top
from diffex_cli.report.publication.drawing import Drawing
from diffex_cli.report.publication.sheet import DPI
from diffex_cli.report.publication.shots import Shots
from diffex_cli.report.reading import read_report_data
from diffex_cli.report.tree import Tree, hierarchy


def write_figures(data: ReportData, folder: Path, dpi: int = DPI) -> list[Path]:
    """Write ``hierarchy``, ``top``, ``forest`` and, if sets of attributes were tried, ``joint``: each as PNG and
    SVG, and ``captions.md`` with what to write below them.

    The same data gives the same bytes. The fonts are legible at the width that the figure has:
    495 points for the first two and ``joint``, 250 for ``forest``.

    Args:
        data: the report's data.
        folder: where to; created if it is missing.
        dpi: dots an inch, of the pictures in the SVG too.

    Returns:
        the files, figure by figure, the captions last.

    Raises:
        DiffexError: the folder cannot be written.

    Source: the paper's Figures 4, 5 to 7 and 8c.
    """
    shots = Shots()
    drawings = [hierarchical.draw(data, hierarchy(data), shots), top.draw([data], shots), forest.draw(data)]
    together = joint.draw(data, shots)
    return _write([*drawings, together] if together else drawings, folder, dpi)


def overview_png(data: ReportData, tree: Tree) -> bytes:
    """The hierarchical figure alone, at 150 dots an inch, for screens."""
    drawn = hierarchical.draw(data, tree, Shots())
    return drawn.sheet.render("png", drawn.title, f"{drawn.caption} {drawn.alternative}", dpi=150)


def write_top(runs: Sequence[ReportData], folder: Path) -> list[Path]:
    """Write ``top`` alone, with a band for each run, and its caption: the paper's Figures 5 to 7.

    Raises:
        DiffexError: the folder cannot be written.
    """
    return _write([top.draw(runs, Shots())], folder)


def _write(drawings: Sequence[Drawing], folder: Path, dpi: int = DPI) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = [file for drawing in drawings for file in drawing.write(folder, dpi)]
    captions = folder / "captions.md"
    write_text(captions, "\n\n".join(map(_caption, drawings)) + "\n")
    return [*files, captions]


def _caption(drawing: Drawing) -> str:
    told = (
        f"**{_escaped(drawing.title)}.** {_escaped(drawing.caption)}",
        f"Alternative text: {_escaped(drawing.alternative)}",
    )
    return "\n\n".join((f"## {drawing.stem}", *told))


def _escaped(text: str) -> str:
    """Text as Markdown that shows it, whatever it holds."""
    return re.sub(r"([\\`*_{}\[\]<>#|&])", r"\\\1", text)


def draw_figures(run: Path, folder: Path, target: str | None = None) -> list[Path]:
    """Draw all figures of a run; see :func:`~diffex_cli.report.publication.figures.write_figures`.

    Args:
        run: a run directory that ``diffex search`` has finished.
        folder: where to; created if it is missing.
        target: whose result; ``None`` for the last search's.

    Returns:
        the files.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: there is no such run, or a file in it cannot be read.
        DiffexError: the folder cannot be written.
    """
    from diffex_cli.report.publication.figures import write_figures

    return write_figures(read_report_data(run, target), folder)


def draw_top(runs: Sequence[Path], folder: Path, target: str | None = None) -> list[Path]:
    """Draw the leading attributes of several runs below each other; as :func:`draw_figures` otherwise."""
    from diffex_cli.report.publication.figures import write_top

    return write_top([read_report_data(run, target) for run in runs], folder)


def table(runs: Sequence[Path], kind: str, top: int = 10, target: str | None = None) -> str:
    """The leading attributes of one or more runs as a table.

    Args:
        runs: run directories that ``diffex search`` has finished.
        kind: ``markdown``, ``latex`` or ``csv``.
        top: rows at most, ≥ 1.
        target: whose result of each; ``None`` for the last searches'.

    Raises:
        IncompleteError: one has no ranking yet.
        UsageError: another kind, or a run that cannot be read.
    """
    from diffex_cli.report.publication.table import write_table

    return write_table([read_report_data(run, target) for run in runs], kind, top)
