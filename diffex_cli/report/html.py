"""The report page: one file that asks the network for nothing.

A content security policy in the page forbids every request and every script but its own, so that
even a name that slipped through the escaping could not act.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Callable

import jinja2
from markupsafe import Markup

from diffex_cli.report import choose, facts, numbers, sentences
from diffex_cli.report.bars import Axis, Bar
from diffex_cli.report.data import Floor, Pair, ReportData, Row, Shot
from diffex_cli.report.figures import Figure, figures
from diffex_cli.report.pictures import Gallery, Picture
from diffex_cli.report.standing import p_value, standing
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
    """What the page shows of one attribute beyond its row.

    Attributes:
        bar: its effect bar; None if the effect is unknown.
        standing: where it stands, in a few words.
        below: it lies below the noise floor.
        figures: all that was measured of it.
        pairs: the pictures chosen for it.
        available: how many images they were chosen from.
        open: whether the pictures are unfolded from the start.
    """

    bar: Bar | None
    standing: str
    below: bool
    figures: tuple[Figure, ...]
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
    floor = facts.noise_floor(data)
    axis = Axis.over(rows, data.delta, floor.value if floor else None)
    strip = [(shown.row, _view(shown.pair, gallery)) for shown in choose.strip(data, tree, gallery)]
    cards = _cards(data, rows, axis, floor, gallery)
    script = _source(environment, "report.js")
    return environment.get_template("report.html.j2").render(
        data=data,
        rows=rows,
        kept=facts.kept(rows),
        found=facts.found(data),
        sets=facts.sets(rows),
        headline=sentences.headline(data),
        joint_sentence=sentences.joint_sentence(data),
        floor=floor,
        floor_sentence=sentences.floor_sentence(data),
        detectable_sentence=sentences.detectable_sentence(data),
        warnings=(*data.warnings, *gallery.warnings),
        cautions=sentences.cautions(data),
        tree=tree,
        strip=strip,
        cards=cards,
        axis=axis,
        raced=any(row.images is not None and row.images < data.n_images for row in rows),
        tried=_tried(data),
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
    filters: dict[str, Callable[..., object]] = {
        "signed": numbers.signed,
        "magnitude": numbers.magnitude,
        "probability": numbers.probability,
        "span": lambda row: numbers.interval(row.low, row.high),
        "span_held_out": lambda row: numbers.interval(row.low_holdout, row.high_holdout),
        "span_interaction": lambda row: numbers.interval(row.interaction_low, row.interaction_high),
        "sortable": lambda value: "nan" if value is None else value,
        "p_value": p_value,
        "subject": sentences.subject,
        "pretty": _pretty,
    }
    environment.filters |= filters
    return environment


def _source(environment: jinja2.Environment, name: str) -> Markup:
    """A file of the package, trusted as it is."""
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704


def _pretty(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _tried(data: ReportData) -> dict[int, str]:
    """Level → how many images its attributes got, the fewest and the most."""
    images = {row.candidate: row.n if row.images is None else row.images for row in data.rows}
    counts = {
        level.number: [images[id] for id in (*level.kept, *level.dropped) if id in images] for level in data.levels
    }
    return {number: _range(some) for number, some in counts.items()}


def _range(counts: list[int]) -> str:
    if not counts:
        return numbers.MISSING
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def _cards(
    data: ReportData, rows: tuple[Row, ...], axis: Axis, floor: Floor | None, gallery: Gallery
) -> dict[str, Card]:
    leading = [row.candidate for row in facts.found(data) or facts.kept(rows)]
    cards = {}
    for row in rows:
        below = facts.below_floor(row, floor)
        cards[row.candidate] = Card(
            bar=axis.bar(row),
            standing=standing(row, below),
            below=below and not row.placebo,
            figures=figures(row, data),
            pairs=tuple(_view(pair, gallery) for pair in choose.typical_pairs(data, row, gallery, PAIRS)),
            available=len(choose.measured_pairs(data, row)),
            open=row.candidate in leading[:_OPEN],
        )
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
