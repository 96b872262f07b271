"""The leading attributes of one or more runs as a table, in the style of the paper's Table 1.

Of one run with all figures; of several, a column each, place by place, with ``×`` where a run found no more.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

from diffex_cli.core.csv_text import csv_text
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean
from diffex_cli.report import facts
from diffex_cli.report.claims import shown
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import p_value
from diffex_cli.report.numbers import finite, signed
from diffex_cli.report.publication import words
from diffex_cli.report.publication.type import plain

Kind: TypeAlias = Literal["markdown", "latex", "csv"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MISSING = "×"
_MARK = "°"


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table before it is written.

    Attributes:
        groups: what stands above several columns, and how many; empty without such a line.
        header: the columns' names.
        rows: the cells; a ``float`` is written in full in CSV and for people elsewhere.
        numeric: for each column, whether it is one of numbers.
        caption: what it shows.
    """

    groups: tuple[tuple[str, int], ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]
    numeric: tuple[bool, ...]
    caption: str


def write_table(runs: Sequence[ReportData], kind: str, top: int = 10) -> str:
    """The attributes that can be claimed, the most influential first; without any, the strongest others, marked ``°``.

    Args:
        runs: one or more.
        kind: ``markdown``; ``latex`` (for the package ``booktabs``); ``csv``.
        top: rows at most, ≥ 1.

    Returns:
        the table, ending in a line break.

    Raises:
        UsageError: another kind, or no run.

    Source: the paper's Table 1.
    """
    writers: dict[str, Callable[[Table], str]] = {"markdown": _markdown, "latex": _latex, "csv": _csv}
    if kind not in writers:
        raise UsageError(f"--table {kind}: choose {', '.join(KINDS[:-1])} or {KINDS[-1]}{did_you_mean(kind, KINDS)}")
    if not runs:
        raise UsageError("--table needs at least one run directory: name a RUN")
    return writers[kind](_of_one(runs[0], top) if len(runs) == 1 else _of_several(runs, top))


def leading(data: ReportData, top: int) -> tuple[Row, ...]:
    """The single attributes of the table: those that can be claimed, else the strongest that were measured."""
    others = (row for row in facts.ranked(data.rows) if not row.placebo and not facts.is_set(row))
    return (shown(data) or tuple(row for row in others if finite(row.effect)))[:top]


def _of_one(data: ReportData, top: int) -> Table:
    rows = leading(data, top)
    found = shown(data)
    header = ("#", "Attribute", f"Δ {data.quantity}", "95 % from", "to", "n", "corrected p")
    cells = tuple(
        (
            number,
            _name(row, data),
            row.effect,
            row.low,
            row.high,
            row.n,
            float("nan") if row.p_corrected is None else row.p_corrected,
        )
        for number, row in enumerate(rows, 1)
    )
    caption = f"Attributes that move {words.whom(data)} most ({plain(data.domain)}, {plain(data.shown_name)})."
    caption += "" if found else _NOTHING
    return Table((), header, cells, (True, False, *[True] * 5), f"{caption} {words.floor(data)}")


def _of_several(runs: Sequence[ReportData], top: int) -> Table:
    columns = [leading(data, top) for data in runs]
    groups = tuple((title, 2) for title in words.titles(runs))
    header = ("#", *(text for data in runs for text in ("Attribute", f"Δ {data.quantity}")))
    rows = tuple(
        (place + 1, *(cell for data, column in zip(runs, columns, strict=True) for cell in _place(data, column, place)))
        for place in range(max(map(len, columns)))
    )
    caption = f"The most influential attributes of {len(runs)} searches; {MISSING}: nothing more was found."
    caption += "" if all(map(shown, runs)) else f" {_MARK}: not shown to matter."
    return Table((("", 1), *groups), header, rows, (True, *[False, True] * len(runs)), caption)


def _place(data: ReportData, column: Sequence[Row], place: int) -> tuple[str, str | float]:
    if place >= len(column):
        return MISSING, ""
    return _name(column[place], data), column[place].effect


def _name(row: Row, data: ReportData) -> str:
    return words.name_and_class(row, data) + ("" if words.claimed(row) else f" {_MARK}")


_NOTHING = f" {_MARK}: nothing was shown to matter; these are the strongest."


def _shown(cell: str | float | int, column: str) -> str:
    """A cell for people: effects with their sign, p-values with two digits."""
    if isinstance(cell, float):
        return p_value(cell) if column.endswith(" p") else signed(cell)
    return str(cell)


def _markdown(table: Table) -> str:
    header = table.header
    if table.groups:
        titles = [title for title, span in table.groups for _ in range(span)]
        header = tuple(
            name if title == "" else f"{title}: {name}" if number % 2 else name
            for number, (name, title) in enumerate(zip(header, titles, strict=True))
        )
    lines = [
        header,
        tuple("---:" if number else "---" for number in table.numeric),
        *(tuple(_shown(cell, name) for cell, name in zip(row, table.header, strict=True)) for row in table.rows),
    ]
    written = [f"| {' | '.join(map(_in_markdown, line))} |" for line in (lines[0], *lines[2:])]
    written.insert(1, f"| {' | '.join(lines[1])} |")
    return "\n".join([*written, "", _in_markdown(table.caption), ""])


def _in_markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|&~])", r"\\\1", text) if text != "#" else text


_LATEX = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}"},
    **{"−": "$-$", "×": r"$\times$", "°": r"$^{\circ}$", "Δ": r"$\Delta$", "δ": r"$\delta$", "±": r"$\pm$"},
    **{"→": r"$\rightarrow$", "–": "--", "‘": "`", "’": "'", "\N{NO-BREAK SPACE}": "~"},
}


def _latex(table: Table) -> str:
    shown = [[_shown(cell, name) for cell, name in zip(row, table.header, strict=True)] for row in table.rows]
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}[t]",
        r"  \centering",
        rf"  \begin{{tabular}}{{{''.join('r' if number else 'l' for number in table.numeric)}}}",
        r"    \toprule",
    ]
    if table.groups:
        spans = [rf"\multicolumn{{{span}}}{{c}}{{{_in_latex(title)}}}" for title, span in table.groups]
        lines.append(f"    {' & '.join(spans)} \\\\")
    lines += [f"    {_latex_line(table.header)}", r"    \midrule"]
    lines += [f"    {_latex_line(row)}" for row in shown]
    lines += [r"    \bottomrule", r"  \end{tabular}", rf"  \caption{{{_in_latex(table.caption)}}}", r"\end{table}", ""]
    return "\n".join(lines)


def _latex_line(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(_in_latex, cells))} \\\\"


def _in_latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)


def _csv(table: Table) -> str:
    titles = [title for title, span in table.groups for _ in range(span)] or [""] * len(table.header)
    header = [f"{title}: {name}" if title else name for name, title in zip(table.header, titles, strict=True)]
    return csv_text([header, *table.rows])
