"""The report page: one file that asks the network for nothing.

A content security policy in the page forbids every request and every script but its own, so that
even a name that slipped through the escaping could not act.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json

import jinja2
from markupsafe import Markup

from diffex_cli.report import choose, facts, numbers
from diffex_cli.report.bars import Axis, Bar
from diffex_cli.report.data import Pair, ReportData, Row, Shot
from diffex_cli.report.pictures import Gallery, Picture
from diffex_cli.report.tree import Tree

PAIRS = 4
"""Before/after pairs shown for each attribute."""
_OPEN = 3
_SAME_PROBABILITY = 0.005


@dataclasses.dataclass(frozen=True, slots=True)
class PairView:
    """A pair with its embedded pictures.

    Attributes:
        reconstruction: the unedited reconstruction's probability, where it visibly differs from the
            original's; otherwise None.
    """

    pair: Pair
    before: Picture
    after: Picture
    reconstruction: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """What the page shows of one attribute beyond its numbers.

    Attributes:
        bar: its effect bar; None if the effect is unknown.
        pairs: the pictures chosen for it.
        available: how many images they were chosen from.
        open: whether the pictures are unfolded from the start.
    """

    bar: Bar | None
    pairs: tuple[PairView, ...]
    available: int
    open: bool


def page(data: ReportData, tree: Tree, gallery: Gallery) -> str:
    """Render the report.

    Args:
        data: all that it shows.
        tree: the ranking as a hierarchy.
        gallery: reads the pictures; those that it has read by the end are embedded.

    Returns:
        A complete HTML document.
    """
    environment = _environment()
    rows = facts.ranked(data.rows)
    floor = facts.noise_floor(rows)
    axis = Axis.over(rows, data.delta, floor.influence if floor else None)
    strip = [(shown.row, _view(shown.pair, gallery)) for shown in choose.strip(data, tree, gallery)]
    cards = _cards(data, rows, axis, gallery)
    script = _source(environment, "report.js")
    return environment.get_template("report.html.j2").render(
        data=data,
        rows=rows,
        kept=facts.kept(rows),
        headline=facts.headline(data),
        floor=floor,
        floor_sentence=facts.floor_sentence(rows),
        warnings=(*data.warnings, *gallery.warnings),
        cautions=facts.cautions(data),
        tree=tree,
        strip=strip,
        cards=cards,
        axis=axis,
        names={row.candidate: row.name for row in rows},
        pictures=tuple(gallery),
        style=_source(environment, "report.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("diffex_cli.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "signed": numbers.signed,
        "magnitude": numbers.magnitude,
        "probability": numbers.probability,
        "span": lambda row: numbers.interval(row.low, row.high),
        "pretty": _pretty,
    }
    return environment


def _source(environment: jinja2.Environment, name: str) -> Markup:
    """A file of the package, trusted as it is."""
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704


def _pretty(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _cards(data: ReportData, rows: tuple[Row, ...], axis: Axis, gallery: Gallery) -> dict[str, Card]:
    kept = [row.candidate for row in facts.kept(rows)]
    cards = {}
    for row in rows:
        pairs = tuple(_view(pair, gallery) for pair in choose.typical_pairs(data, row, gallery, PAIRS))
        available = len(choose.measured_pairs(data, row))
        cards[row.candidate] = Card(axis.bar(row), pairs, available, row.candidate in kept[:_OPEN])
    return cards


def _view(pair: Pair, gallery: Gallery) -> PairView:
    before, after = gallery.picture(pair.original.file), gallery.picture(pair.edited.file)
    assert before is not None
    assert after is not None
    return PairView(pair, before, after, _unlike(pair.reconstruction, pair.original))


def _unlike(reconstruction: Shot | None, original: Shot) -> float | None:
    if reconstruction is None or not numbers.finite(reconstruction.probability):
        return None
    if abs(reconstruction.probability - original.probability) < _SAME_PROBABILITY:
        return None
    return reconstruction.probability
