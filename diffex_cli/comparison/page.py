"""The page of a comparison: one file that asks the network for nothing, with the policy that the report's page has."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence

from diffex_cli.comparison import sentences
from diffex_cli.comparison.data import Compared, Estimate, OneSided, Scored, Versus
from diffex_cli.report import numbers
from diffex_cli.report.bars import Axis
from diffex_cli.report.html import content_policy, environment, source
from diffex_cli.report.pictures import Album


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """Where an estimate lies on the axis, in percent of its width."""

    at: float
    low: float | None
    high: float | None


def _axis(one: Versus) -> Axis:
    """The axis that all attributes of a comparison share."""
    both = [estimate for row in _rows(one) for estimate in (row.first, row.second) if estimate]
    points = [*(estimate.effect for estimate in both), *one.floors]
    axis = Axis.of(points, [end for estimate in both for end in (estimate.low, estimate.high)])
    return axis if axis.span else Axis(1.0)


def _place(axis: Axis, estimate: Estimate | None) -> _Place | None:
    if estimate is None or not numbers.finite(estimate.effect):
        return None
    return _Place(axis.at(estimate.effect), *axis.interval(estimate.low, estimate.high))


def _band(axis: Axis, floor: float | None) -> tuple[float, float] | None:
    """Left end and width of the noise floor's band."""
    return (axis.at(-floor), round(axis.at(floor) - axis.at(-floor), 2)) if floor else None


def page(comparisons: Sequence[Versus], warnings: Sequence[str] = ()) -> str:
    """Render the page."""
    templates = environment("diffex_cli.comparison")
    templates.filters |= {"direction": sentences.direction, "place": sentences.place, "percent": _percent}
    templates.globals |= {"interval": numbers.interval, "alternative": _alternative}
    album = Album(shot.file for one in comparisons for row in _rows(one) for shot in row.shots)
    style, script = source(templates, "compare.css"), source(templates, "compare.js")
    document = templates.get_template("compare.html.j2").render(
        title=_title(comparisons),
        sections=[_section(one, album) for one in comparisons],
        pictures=[
            f"data:image/webp;base64,{base64.b64encode(picture.webp).decode('ascii')}" for picture in album.pictures
        ],
        warnings=(*warnings, *album.warnings),
        style=style,
        script=script,
        policy=content_policy(style, script, "data:"),
    )
    # the name of a folder may hold bytes that are no text
    return document.encode("utf-8", "replace").decode("utf-8")


def _title(comparisons: Sequence[Versus]) -> str:
    if len(comparisons) == 1:
        return f"{comparisons[0].second_short} against {comparisons[0].first_short}"
    return f"{len(comparisons)} runs against {comparisons[0].first_short}"


def _section(one: Versus, album: Album) -> dict[str, object]:
    axis = _axis(one)
    return {
        "one": one,
        "headline": sentences.headline(one),
        "expected": sentences.expected(one),
        "agreement": sentences.agreement(one),
        "span": axis.span,
        "bands": [_band(axis, floor) for floor in one.floors],
        "one_sided": sentences.one_sided(one),
        "plots": {row.candidate: (_place(axis, row.first), _place(axis, row.second)) for row in _rows(one)},
        "pictured": [(row, frames) for row in one.changes if (frames := _frames(row, album))],
        "one_sided_pictured": [(row, frames) for row in one.one_sided if (frames := _frames(row, album))],
    }


def _rows(one: Versus) -> tuple[Compared | OneSided, ...]:
    return (*one.changes, *one.one_sided)


def _frames(row: Compared | OneSided, album: Album) -> list[tuple[Scored, int]]:
    """The pictures that could be read, each with its number; one that both runs have is one with both scores."""
    frames: dict[tuple[bool, int], Scored] = {}
    for shot in row.shots:
        number = album.number(shot.file)
        if number is None:
            continue
        same = frames.get((shot.edited, number))
        scores = (*same.scores, *shot.scores) if same else shot.scores
        frames[shot.edited, number] = dataclasses.replace(shot, scores=scores)
    return [(shot, number) for (_, number), shot in frames.items()]


def _percent(value: float) -> str:
    return numbers.percent(value) if numbers.finite(value) else numbers.MISSING


def _alternative(row: Compared | OneSided, shot: Scored) -> str:
    """A picture in words."""
    what = f"Edited: {row.name}" if shot.edited else "Original image"
    scores = [f"{run} run {_percent(value)}" for run, value in shot.scores if numbers.finite(value)]
    return f"{what}. Probability of the class: {', '.join(scores)}." if scores else f"{what}."
