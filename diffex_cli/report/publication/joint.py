"""Attributes together against the same ones alone, on one image and on average: the paper's Figure 8c."""

from __future__ import annotations

import dataclasses
import math

from diffex_cli.report import choose, facts
from diffex_cli.report.data import Pair, ReportData, Row, Shot
from diffex_cli.report.numbers import finite, percent, signed
from diffex_cli.report.publication import words
from diffex_cli.report.publication.axis import Axis
from diffex_cli.report.publication.drawing import Drawing, no_pictures
from diffex_cli.report.publication.sheet import EDITED, FULL, ORIGINAL, QUIET, RULE, Sheet, height, row_of
from diffex_cli.report.publication.shots import Shots
from diffex_cli.report.publication.type import plain, wrapped
from diffex_cli.search.statistics.claims import SETS_JOINED_BY

MOST = 3
"""Sets shown."""
_GAP = 8.0
_BARS = 212.0
_NAMES = 68.0
_FIGURES = 54.0
_LARGEST = 76.0
_NAME = 6.5
_SMALL = 6.2
_BAR = 6.0


@dataclasses.dataclass(frozen=True, slots=True)
class _Frame:
    """A picture of the row, with what stands above it."""

    label: str
    shot: Shot


@dataclasses.dataclass(frozen=True, slots=True)
class _Bar:
    """A bar: its name, effect and interval, each NaN where it is not known."""

    label: str
    effect: float
    low: float = math.nan
    high: float = math.nan
    color: str = QUIET
    strong: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class _Set:
    """A set of attributes with what is shown of it."""

    row: Row
    frames: tuple[_Frame, ...]
    bars: tuple[_Bar, ...]


def draw(data: ReportData, shots: Shots) -> Drawing | None:
    """Draw the figure: the sets that can be claimed first, by rank, at most three.

    Args:
        data: the report's data.
        shots: reads the pictures.

    Returns:
        ``None`` if no set was tried.
    """
    rows = [row for row in facts.sets(data.rows) if finite(row.effect)]
    if not rows:
        return None
    rows.sort(key=lambda row: (not words.claimed(row), row.candidate != data.best_joint))
    title = f"Attributes together and alone, {words.whom(data)} ({plain(data.shown_name)})"
    found = [one for row in rows[: 3 * MOST] if (one := _set(row, data, shots)) is not None][:MOST]
    if not found:
        return no_pictures("joint", title)
    floor = facts.noise_floor(data)
    bars = [bar for one in found for bar in one.bars]
    axis = Axis.over(
        FULL - _BARS + _NAMES,
        _BARS - _NAMES - _FIGURES - 4,
        [*(bar.effect for bar in bars), floor.value if floor else None],
        [end for bar in bars for end in (bar.low, bar.high)],
    )
    sheet = Sheet(FULL)
    y = sheet.paragraph(0, 1, FULL, title, 9, weight="bold", most=2) + 4
    for number, one in enumerate(found):
        if number:
            sheet.line((0, FULL), (y - 4, y - 4), RULE, 0.4)
        y = _block(sheet, y, one, data, axis, floor.value if floor else None, shots) + 9
    y = row_of(sheet, 0, y - 2, FULL, [(ORIGINAL, "original"), (EDITED, "edited")], _SMALL)
    told = (
        f"In the corner: probability of {words.of_whom(data)} on one image, the one whose changes lie closest to the "
        f"means. Bars: {words.measured(data)}; the interaction is the effect together minus the sum of the effects "
        f"alone. {words.claims(data)} {words.floor(data)}"
    )
    sheet.skip(sheet.paragraph(0, y + 1, FULL, told, _SMALL, color=QUIET, most=8) + 2)
    return Drawing("joint", title, told, " ".join(_alternative(one) for one in found), sheet)


def _set(row: Row, data: ReportData, shots: Shots) -> _Set | None:
    """What is shown of a set, or ``None`` if no image has it and all its parts."""
    rows = {one.candidate: one for one in data.rows}
    ids = [part.candidate for part in data.parts.get(row.candidate, ())] or row.candidate.split(SETS_JOINED_BY)
    alone = {part.candidate: part.effect for part in data.parts.get(row.candidate, ())}
    parts = [rows[id] for id in ids if id in rows]
    chosen = _image([row, *parts], data, shots)
    if chosen is None or len(parts) < len(ids):
        return None
    together, *single = chosen
    frames = [_Frame("original", together.original)]
    frames += [_Frame(words.name(part), pair.edited) for part, pair in zip(parts, single, strict=True)]
    frames.append(_Frame("together", together.edited))
    bars = [_single(part, alone.get(part.candidate, part.effect), data) for part in parts]
    total = row.joint_sum if row.joint_sum is not None else math.fsum(bar.effect for bar in bars)
    bars.append(_Bar("sum of these", total, color=RULE))
    bars.append(_Bar("together", row.effect, row.low, row.high, words.color(row), strong=True))
    return _Set(row, tuple(frames), tuple(bars))


def _single(part: Row, effect: float, data: ReportData) -> _Bar:
    """A part's bar; its own interval only where it is of the same images."""
    same = math.isclose(effect, part.effect, rel_tol=1e-4, abs_tol=1e-6)
    low, high = (part.low, part.high) if same else (math.nan, math.nan)
    return _Bar(words.name(part), effect, low, high, words.color(part))


def _image(rows: list[Row], data: ReportData, shots: Shots) -> tuple[Pair, ...] | None:
    """The pairs of all the rows on one image: the one whose changes lie closest to the means."""
    pairs = [{pair.image: pair for pair in choose.measured_pairs(data, row)} for row in rows]
    shared = set.intersection(*(set(one) for one in pairs))

    def distance(image: str) -> tuple[float, str]:
        return sum(abs(one[image].delta - row.effect) for one, row in zip(pairs, rows, strict=True)), image

    for image in sorted(shared, key=distance):
        found = tuple(one[image] for one in pairs)
        files = [found[0].original.file, *(pair.edited.file for pair in found)]
        if all(shots.picture(file) is not None for file in files):
            return found
    return None


def _block(sheet: Sheet, y: float, one: _Set, data: ReportData, axis: Axis, floor: float | None, shots: Shots) -> float:
    """One set, from y downwards: its heading, the pictures on the left, the bars on the right."""
    row = one.row
    heading = " · ".join(filter(None, (words.name_and_class(row, data), words.verdict(row))))
    y = sheet.paragraph(0, y, FULL, heading, 7.5, weight="bold", most=2) + 1
    count = len(one.frames)
    side = min(_LARGEST, (FULL - _BARS - 14 - (count - 1) * _GAP) / count)
    labels = [wrapped(frame.label, _NAME, side + 2, most=3) for frame in one.frames]
    label = height(max(map(len, labels)), _NAME)
    for number, (frame, lines) in enumerate(zip(one.frames, labels, strict=True)):
        x, at = number * (side + _GAP), y + label - height(len(lines), _NAME)
        for line in lines:
            at = sheet.text(x, at, line, _NAME)
        image = shots.picture(frame.shot.file)
        assert image is not None
        corner = percent(frame.shot.probability) if finite(frame.shot.probability) else ""
        sheet.picture(x, at + 2, side, image, EDITED if number else ORIGINAL, corner)
    return max(y + label + 2 + side, _bars(sheet, y, one, axis, floor))


def _bars(sheet: Sheet, y: float, one: _Set, axis: Axis, floor: float | None) -> float:
    left, right = FULL - _BARS, FULL - _FIGURES
    names = [wrapped(bar.label, _SMALL, _NAMES - 5, "bold" if bar.strong else "normal", 2) for bar in one.bars]
    figures = [tuple(filter(None, (signed(bar.effect), words.brackets(bar.low, bar.high)))) for bar in one.bars]
    tall = [height(max(len(name), len(told)), _SMALL) + 2 for name, told in zip(names, figures, strict=True)]
    axis.ground(sheet, y, y + sum(tall), floor)
    for bar, name, told, room in zip(one.bars, names, figures, tall, strict=True):
        middle = y + room / 2
        at = middle - height(len(name), _SMALL) / 2
        for line in name:
            at = sheet.text(left, at, line, _SMALL, weight="bold" if bar.strong else "normal")
        start, end = sorted((axis.at(0), axis.at(bar.effect)))
        sheet.box(start, middle - _BAR / 2, end - start, _BAR, bar.color)
        axis.interval(sheet, middle, bar.low, bar.high)
        at = middle - height(len(told), _SMALL) / 2
        for number, line in enumerate(told):
            at = sheet.text(right, at, line, _SMALL, weight="normal" if number else "bold")
        y += room
    y = axis.ticks(sheet, y + 1)
    interaction = _interaction(one.row)
    return sheet.paragraph(left, y + 1, _BARS, interaction, _SMALL, most=2) if interaction else y


def _interaction(row: Row) -> str:
    if row.interaction is None:
        return ""
    zero = ""
    if (
        finite(row.interaction_low)
        and finite(row.interaction_high)
        and row.interaction_low <= 0 <= row.interaction_high
    ):
        zero = ", includes zero"
    ends = words.brackets(row.interaction_low, row.interaction_high)
    return f"interaction {signed(row.interaction)} {ends}{zero}".strip()


def _alternative(one: _Set) -> str:
    alone = ", ".join(f"{bar.label} {signed(bar.effect)}" for bar in one.bars[:-2])
    total, together = one.bars[-2:]
    return (
        f"{words.name(one.row)}: alone {alone}; their sum {signed(total.effect)}; together {signed(together.effect)} "
        f"{words.brackets(together.low, together.high)}."
    )
