"""The paper's tables of a study: Table 3 (quality), Table 2 (identify), and study 3's means as one more (joint)."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from diffex_cli.core.csv_text import csv_text
from diffex_cli.study.analysis import TOGETHER, Figure, Findings, Group, part_title
from diffex_cli.study.wording import WORDINGS, Kind

Style: TypeAlias = Literal["markdown", "latex", "csv"]

_MISSING = "–"
_WHO = {"person": "people", "model": "language models"}


@dataclasses.dataclass(frozen=True, slots=True)
class PaperTable:
    """A table as text; the first cell of each row says what it is."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def paper_tables(findings: Sequence[Findings]) -> tuple[PaperTable, ...]:
    """One table of all studies of quality, one of each study of identifying, one of all of joint edits."""
    tables = []
    quality = [one for one in findings if one.kind == "quality"]
    if quality:
        tables.append(_by_study("Edit quality and disentanglement, from 1 to 5", "quality", quality, [TOGETHER]))
    tables += [_identified(one) for one in findings if one.kind == "identify"]
    joint = [one for one in findings if one.kind == "joint"]
    if joint:
        parts = {figure.part for one in joint for group in one.groups for figure in group.figures}
        title = "Disentanglement by how many attributes were edited, from 1 to 5"
        tables.append(_by_study(title, "joint", joint, sorted(parts)))
    return tuple(tables)


def rendered(table: PaperTable, style: Style) -> str:
    """The table in a style; names are data in all of them, never markup."""
    return _STYLES[style](table)


def who(group: Group) -> str:
    """The raters in a few words, such as ``people, n = 12``."""
    return f"{_WHO[group.rater]}, n = {len(group.names)}"


def rating(figure: Figure | None) -> str:
    """A mean rating as the paper prints it: ``3.386 ± 0.223``, half the interval over the raters."""
    if figure is None or not math.isfinite(figure.mean):
        return _MISSING
    if not math.isfinite(figure.low):
        return f"{figure.mean:.3f}"
    return f"{figure.mean:.3f} ± {(figure.high - figure.low) / 2:.3f}"


def percent(figure: Figure | None, interval: bool = False) -> str:
    """A share of right answers: ``88%``, or ``88.4% (80.1–93.0)``."""
    if figure is None or not math.isfinite(figure.mean):
        return _MISSING
    if not interval:
        return f"{100 * figure.mean:.0f}%"
    known = math.isfinite(figure.low)
    ends = f" ({100 * figure.low:.1f}–{100 * figure.high:.1f})" if known else ""
    return f"{100 * figure.mean:.1f}%{ends}"


def find(group: Group, query: str, part: str, attribute: str = TOGETHER) -> Figure | None:
    wanted = query, part, attribute
    return next((one for one in group.figures if (one.query, one.part, one.attribute) == wanted), None)


def _by_study(title: str, kind: Kind, studies: Sequence[Findings], parts: Sequence[str]) -> PaperTable:
    columns = [(study, group) for study in studies for group in study.groups]
    first = "Attributes edited" if kind == "joint" else "Rating"
    return PaperTable(
        title=title,
        header=(first, *(f"{one.domain} ({who(group)})" for one, group in columns)),
        rows=tuple(
            (
                query.title if part == TOGETHER else part_title(kind, part),
                *(rating(find(group, query.name, part)) for _, group in columns),
            )
            for part in parts
            for query in WORDINGS[kind].queries
        ),
    )


def _identified(study: Findings) -> PaperTable:
    figures = [figure for group in study.groups for figure in group.figures]
    attributes = sorted({figure.attribute for figure in figures} - {TOGETHER})
    parts = dict.fromkeys(figure.part for figure in figures)
    return PaperTable(
        title=f"Right answers, of four to choose from ({study.domain})",
        header=("Method", *attributes, "Avg. correct"),
        rows=tuple(
            (
                f"{part_title(study.kind, part, study.heat)}, {who(group)}",
                *(percent(find(group, "choice", part, attribute)) for attribute in attributes),
                percent(find(group, "choice", part), interval=True),
            )
            for group in study.groups
            for part in parts
        ),
    )


def _markdown(table: PaperTable) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(_marked(cell) for cell in cells)} |"

    rule = f"|---|{'---:|' * (len(table.header) - 1)}"
    return "\n".join([line(table.header), rule, *map(line, table.rows)])


def _marked(text: str) -> str:
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", plain)


_LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "–": "--",
}


def _latex(table: PaperTable) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"  {' & '.join(_set(cell) for cell in cells)} \\\\"

    return "\n".join(
        [
            f"\\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
            "  \\hline",
            line(table.header),
            "  \\hline",
            *map(line, table.rows),
            "  \\hline",
            "\\end{tabular}",
        ]
    )


def _set(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _csv(table: PaperTable) -> str:
    return csv_text([table.header, *table.rows]).rstrip("\n")


_STYLES: Mapping[Style, Callable[[PaperTable], str]] = {"markdown": _markdown, "latex": _latex, "csv": _csv}
