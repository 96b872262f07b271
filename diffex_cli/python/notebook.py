"""An explanation as a few lines of HTML for notebooks: self-contained, without scripts, every text escaped."""

from __future__ import annotations

import base64
import dataclasses
import functools
from collections.abc import Sequence

import jinja2

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.report.choose import telling_pairs
from diffex_cli.report.data import ReportData
from diffex_cli.report.facts import p_value, standing
from diffex_cli.report.numbers import finite, interval, signed
from diffex_cli.report.pictures import Album, Gallery

_ROWS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Hero:
    """The picture that stands for the strongest attribute: data URIs before and after, and the target's change."""

    before: str
    after: str
    delta: str


def html(data: ReportData, sentences: Sequence[str], named: RankingRow | None) -> str:
    """The answer, the strongest attributes, and the picture that carries the one that is named.

    Args:
        data: what was found.
        sentences: what is said of it.
        named: the attribute whose picture is shown, if its files are still there; ``None`` for no picture.
    """
    rows = [row for row in data.rows if finite(row.effect)][:_ROWS]
    return _template().render(
        sentences=sentences,
        data=data,
        rows=rows,
        largest=max((row.influence for row in rows), default=0) or 1,
        more=len(data.rows) - len(rows),
        named=named,
        hero=None if named is None else _hero(data, named),
    )


def _hero(data: ReportData, row: RankingRow) -> Hero | None:
    for pair in telling_pairs(data, row, Gallery(), 1):
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
    environment.filters |= {"signed": signed, "interval": interval, "p": p_value, "standing": standing}
    return environment.get_template("explanation.html.j2")
