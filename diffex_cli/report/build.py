"""Write a report's files."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.files import write_bytes, write_text
from diffex_cli.core.progress import Progress, SilentProgress
from diffex_cli.report import store
from diffex_cli.report.csv_files import edits_csv, leaks_csv, ranking_csv
from diffex_cli.report.data import ReportData
from diffex_cli.report.html import page
from diffex_cli.report.payload.assemble import assemble, files_shown
from diffex_cli.report.pictures import MAX_PIXELS, Album
from diffex_cli.report.publication.figures import overview_png
from diffex_cli.report.tree import hierarchy

MAX_SIZE = 8_000_000
"""Bytes of a page that an e-mail still carries."""

_TASK = "pictures"
_FILES = {"csv": "ranking.csv", "edits": "edits.csv", "json": "report.json", "figure": "figure.png"}
_LEAKS = "leaks.csv"


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """Where the report is.

    Attributes:
        edits: all edits, one a row, as CSV.
        data: what the page shows, as JSON.
        leaks: what edits changed besides, as CSV; ``None`` if no verifier looked.
        assets: the folder of the pictures, if the page would have been too large with them.
        pictures: how many different ones it shows.
        thumbnails_beside: the thumbnails are in that folder too, not only the pictures at full size.
        up_to_date: it was there already.
    """

    html: Path
    csv: Path
    edits: Path
    data: Path
    figure: Path
    leaks: Path | None
    assets: Path | None
    size: int
    pictures: int
    candidates: int
    warnings: tuple[str, ...]
    thumbnails_beside: bool = False
    up_to_date: bool = False


def build(
    data: ReportData,
    folder: Path,
    max_size: int = MAX_SIZE,
    max_pixels: int = MAX_PIXELS,
    run: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Write ``index.html``, ``ranking.csv``, ``edits.csv``, ``report.json``, ``figure.png`` and ``leaks.csv``, the last
    only where a verifier looked.

    The same data gives the same bytes.

    Args:
        folder: where to; created if it is missing.
        max_size: bytes that the page may have with its pictures in it. A larger one has those at full size in
            ``assets/`` beside it; if it is still too large, all. If it is too large even so, its data are compressed,
            unless that does not help either.
        max_pixels: the longer side that pictures are stored at to be looked at; with up to 192 of them there are
            thumbnails only.
        run: the run directory; by default the folder's.
        progress: hears of each picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    progress = progress or SilentProgress()
    tree, files, shelf = hierarchy(data), files_shown(data), store.Shelf(folder, max_size)
    progress.start(_TASK, len(files))
    album = Album(files, max_pixels, shelf.put, lambda: progress.advance(_TASK))
    pictures = album.pictures
    report = assemble(data, tree, album, {**_FILES, "leaks": _LEAKS if data.verified else None})
    html = page(report, store.beside(pictures))
    packed = len(html.encode()) > max_size
    if packed:
        small = page(report, store.beside(pictures), packed=True)
        html = small if len(small.encode()) <= max_size else html
    left = max_size - len(html.encode()) - store.embedded_size(pictures)
    thumbnails_beside, large_beside = bool(pictures) and (packed or left < 0), shelf.size > max(left, 0)
    if not thumbnails_beside:
        html = page(report, store.embedded(pictures, None if large_beside else shelf))
    if large_beside:
        shelf.write()
    beside = thumbnails_beside or large_beside
    assets = store.write_beside(pictures, folder, thumbnails_beside) if beside else None
    write_text(folder / "index.html", html)
    if assets is None:
        store.remove_beside(folder)
    write_text(folder / _FILES["csv"], ranking_csv(data.rows))
    write_text(folder / _FILES["edits"], edits_csv(report))
    if data.verified:
        write_text(folder / _LEAKS, leaks_csv(data))
    else:
        (folder / _LEAKS).unlink(missing_ok=True)
    write_text(folder / _FILES["json"], _json(report, album, run or folder.parent))
    write_bytes(folder / _FILES["figure"], overview_png(data, tree))
    return Report(
        html=folder / "index.html",
        csv=folder / _FILES["csv"],
        edits=folder / _FILES["edits"],
        data=folder / _FILES["json"],
        figure=folder / _FILES["figure"],
        leaks=folder / _LEAKS if data.verified else None,
        assets=assets,
        size=len(html.encode()),
        pictures=len(pictures),
        candidates=len(data.rows),
        warnings=tuple(album.warnings),
        thumbnails_beside=thumbnails_beside,
    )


def _json(report: Mapping[str, Any], album: Album, run: Path) -> str:
    """The payload for programs: the pictures are named by their files, relative to the run directory."""
    files = [Path(os.path.relpath(picture.file, run)).as_posix() for picture in album.pictures]
    text = json.dumps({**report, "pictures": files}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"
