"""An explanation as a few lines of HTML for notebooks: self-contained, without scripts, every text escaped."""

from __future__ import annotations

import base64
import dataclasses
import functools
from collections.abc import Sequence

import jinja2

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.settings import Settings
from diffex_cli.report.choose import typical_pairs
from diffex_cli.report.conclusions import every_class, signed
from diffex_cli.report.facts import p_value, standing
from diffex_cli.report.numbers import finite
from diffex_cli.report.pictures import Album, Gallery
from diffex_cli.report.reading import read_report_data
from diffex_cli.search.search import SearchSummary

_ROWS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Hero:
    """The picture that stands for the strongest attribute: data URIs before and after, and the target's change."""

    before: str
    after: str
    delta: str


def html(
    summary: SearchSummary,
    settings: Settings,
    sentences: Sequence[str],
    strongest: RankingRow | None,
    run: RunDirectory | None,
) -> str:
    """The verdict, the strongest attributes and the most typical picture of the first of them.

    Args:
        summary: what was found.
        settings: of the search.
        sentences: what is said of it.
        strongest: the attribute whose picture is shown; ``None`` for no picture.
        run: where the pictures are; ``None`` if they are gone.
    """
    rows = [row for row in summary.ranking if finite(row.effect)][:_ROWS]
    return _template().render(
        sentences=sentences,
        summary=summary,
        settings=settings,
        unit="logit" if settings.scale == "logit" else "probability",
        several=every_class(summary),
        rows=rows,
        largest=max((row.influence for row in rows), default=0) or 1,
        more=len(summary.ranking) - len(rows),
        strongest=strongest,
        hero=None if run is None or strongest is None else _hero(run, strongest),
    )


def _hero(run: RunDirectory, row: RankingRow) -> Hero | None:
    for pair in typical_pairs(read_report_data(run.path), row, Gallery(), 1):
        before, after = (_data_uri(Album([shot.file])) for shot in (pair.original, pair.edited))
        return Hero(before, after, signed(pair.delta))
    return None


def _data_uri(album: Album) -> str:
    return "data:image/webp;base64," + base64.b64encode(album.pictures[0].webp).decode("ascii")


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("diffex_cli.python"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"signed": signed, "p": p_value, "standing": standing}
    return environment.get_template("explanation.html.j2")
