"""A figure with all that belongs to it, and the files that it becomes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.report.publication.sheet import COLUMN, DPI, KINDS, QUIET, Sheet


@dataclasses.dataclass(frozen=True, slots=True)
class Drawing:
    """A figure.

    Attributes:
        stem: the files' name without its ending.
        title: what it shows, in a line.
        caption: how to read it, for the caption below it.
        alternative: what can be seen on it, for who cannot see it.
        sheet: the figure itself.
    """

    stem: str
    title: str
    caption: str
    alternative: str
    sheet: Sheet

    def write(self, folder: Path, dpi: int = DPI) -> list[Path]:
        """Write ``<stem>.png`` and ``<stem>.svg``, with so many dots an inch."""
        files = []
        for kind in KINDS:
            file = folder / f"{self.stem}.{kind}"
            write_bytes(file, self.sheet.render(kind, self.title, f"{self.caption} {self.alternative}", dpi))
            files.append(file)
        return files


def no_pictures(stem: str, title: str, why: str = "There are no pictures to show.") -> Drawing:
    """What stands in the place of a figure that has nothing to show."""
    sheet = Sheet(COLUMN * 1.4)
    y = sheet.paragraph(0, 2, sheet.width, title, 9, weight="bold")
    sheet.skip(sheet.paragraph(0, y + 4, sheet.width, why, 7, color=QUIET) + 4)
    return Drawing(stem, title, why, why, sheet)
