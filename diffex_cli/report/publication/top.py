"""The leading attributes of one or more runs, each with one before/after pair: the paper's Figures 5 to 7.

A band for each run; in it, for each attribute, the original (red border) above the edit (black border).
"""

from __future__ import annotations

from collections.abc import Sequence

from diffex_cli.report import choose, claims
from diffex_cli.report.data import ReportData
from diffex_cli.report.numbers import counted, finite, percent, signed
from diffex_cli.report.publication import words
from diffex_cli.report.publication.drawing import Drawing, no_pictures
from diffex_cli.report.publication.sheet import EDITED, FULL, ORIGINAL, QUIET, Sheet, height, row_of
from diffex_cli.report.publication.shots import Shots
from diffex_cli.report.publication.type import plain, wrapped
from diffex_cli.report.tree import hierarchy

_GAP = 8.0
_LARGEST = 112.0
_NARROWEST = 330.0
_NAME = 7.0
_SMALL = 6.5


def draw(runs: Sequence[ReportData], shots: Shots) -> Drawing:
    """Draw the figure, a band for each run in the order given.

    Args:
        runs: at least one.
        shots: reads the pictures.
    """
    strips = [(data, choose.strip(data, hierarchy(data), shots)) for data in runs]
    most = max(len(shown) for _, shown in strips)
    title = words.best(runs[0]) if len(runs) == 1 else f"The leading attributes of {len(runs)} searches"
    if not most:
        return no_pictures("top", title)
    side = min(_LARGEST, (FULL - (most - 1) * _GAP) / most)
    sheet = Sheet(max(_NARROWEST, most * side + (most - 1) * _GAP))
    y = 1.0
    for (data, shown), head in zip(strips, words.titles(runs), strict=True):
        y = sheet.paragraph(
            0, y, sheet.width, head if runs[1:] else f"{title} ({plain(data.shown_name)})", 9, weight="bold", most=2
        )
        if runs[1:]:
            y = sheet.paragraph(0, y, sheet.width, _about(data), _SMALL, color=QUIET, most=3)
        y = _band(sheet, y + 3, side, data, shown, shots) + 9
    y = row_of(sheet, 0, y - 1, sheet.width, [(ORIGINAL, "original"), (EDITED, "edited")], _SMALL)
    told = _caption(runs)
    sheet.skip(sheet.paragraph(0, y + 1, sheet.width, told, _SMALL, color=QUIET, most=6) + 2)
    return Drawing("top", title, told, " ".join(_alternative(data, shown) for data, shown in strips), sheet)


def _band(sheet: Sheet, y: float, side: float, data: ReportData, shown: Sequence[choose.Shown], shots: Shots) -> float:
    if not shown:
        return sheet.text(0, y, "There are no pictures to show.", _NAME, color=QUIET)
    names = [wrapped(words.name_and_class(one.row, data), _NAME, side, "bold", 3) for one in shown]
    label = height(max(map(len, names)), _NAME)
    for number, (lines, one) in enumerate(zip(names, shown, strict=True)):
        x, row = number * (side + _GAP), one.row
        at = y + label - height(len(lines), _NAME)
        for line in lines:
            at = sheet.text(x, at, line, _NAME, weight="bold")
        for top, shot, border in ((0, one.pair.original, ORIGINAL), (side + 4, one.pair.edited, EDITED)):
            image = shots.picture(shot.file)
            assert image is not None
            corner = percent(shot.probability) if finite(shot.probability) else ""
            sheet.picture(x, at + 2 + top, side, image, border, corner)
        at += 2 + 2 * side + 4 + 3
        effect = " · ".join(filter(None, (signed(row.effect), words.verdict(row))))
        at = sheet.text(x, at, effect, _SMALL, color=words.color(row), weight="bold")
        if words.brackets(row.low, row.high):
            sheet.text(x, at, words.brackets(row.low, row.high), _SMALL, color=words.color(row))
    return sheet.bottom


def _caption(runs: Sequence[ReportData]) -> str:
    typical = "Each pair is, of those that visibly change as the mean does, the closest to it."
    if len(runs) > 1:
        quantities = " or ".join(sorted({data.quantity for data in runs}))
        return (
            f"In the corner: probability of the class that is explained. Below: mean change of its {quantities}, "
            f"with its 95 % interval in brackets. {typical}"
        )
    return (
        f"In the corner: probability of {words.of_whom(runs[0])}. Below: {words.measured(runs[0])}. {typical} "
        f"{words.claims(runs[0])} {words.floor(runs[0])}"
    )


def _about(data: ReportData) -> str:
    """What differs from run to run, below each one's heading."""
    nothing = "" if claims.shown(data) else " Nothing was shown to matter; these are the strongest."
    return f"{counted(data.n_images, 'image')}. {words.floor(data)} {words.claims(data)}{nothing}"


def _alternative(data: ReportData, shown: Sequence[choose.Shown]) -> str:
    each = [f"{words.name_and_class(one.row, data)} {signed(one.row.effect)}" for one in shown]
    return f"Before and after pictures for {plain(data.domain)}, {words.whom(data)}: {'; '.join(each) or 'none'}."
