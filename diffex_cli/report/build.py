"""Write a report's three files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from diffex_cli.artifacts.files import write_bytes, write_text
from diffex_cli.report.data import ReportData
from diffex_cli.report.figure import figure_png
from diffex_cli.report.html import page
from diffex_cli.report.pictures import Gallery
from diffex_cli.report.table import ranking_csv
from diffex_cli.report.tree import hierarchy


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """Where the report is.

    Attributes:
        html: the page, self-contained.
        csv: the ranking.
        figure: the overview picture (PNG).
        warnings: a sentence for each picture that could not be read.
    """

    html: Path
    csv: Path
    figure: Path
    warnings: tuple[str, ...]


def build(data: ReportData, folder: Path) -> Report:
    """Write ``index.html``, ``ranking.csv`` and ``figure.png``; the same data gives the same bytes.

    Args:
        data: all that the report shows.
        folder: where to; created if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tree = hierarchy(data)
    gallery = Gallery()
    report = Report(folder / "index.html", folder / "ranking.csv", folder / "figure.png", ())
    write_text(report.html, page(data, tree, gallery))
    write_text(report.csv, ranking_csv(data.rows))
    write_bytes(report.figure, figure_png(data, tree, gallery))
    return dataclasses.replace(report, warnings=tuple(gallery.warnings))
