"""Tables as Markdown, and the places in a page where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; every row has one cell a column."""
    lines = [header, ["---"] * len(header), *rows]
    if any(len(line) != len(header) for line in lines):
        raise ValueError(f"a row has not the {len(header)} cells of the header {', '.join(header)}")
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_between_markers(document: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    page = document.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if start not in page or end not in page:
        raise ValueError(f"{document} has no {start} … {end}")
    before, after = page.split(start)[0], page.split(end)[1]
    document.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")
