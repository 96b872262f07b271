"""The benchmark's figure: how true the methods are, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.truth.judging import average
from benchmarks.truth.results import Result
from benchmarks.truth.tables import METHODS
from diffex_cli.birds.panel.members import PANEL, Family

_COLORS: dict[Family, str] = {"function": "#3b6fb6", "planted": "#c8553d"}


def draw(results: Sequence[Result], path: Path) -> None:
    """A row an editor: left the nDCG@5 of every classifier with their mean, right the edits."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 0.9 + 3.0 * len(results)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(results), 2, squeeze=False, width_ratios=(3, 2), sharey="row")
    places = range(len(METHODS))
    for (left, right), result in zip(axes, results, strict=True):
        for place, method in zip(places, METHODS, strict=True):
            values = {name: marks[method].ndcg5 for name, marks in result.marks.items()}
            known = {name: value for name, value in values.items() if not math.isnan(value)}
            for k, (name, value) in enumerate(known.items()):
                jitter = 0.5 * ((k + 0.5) / len(known) - 0.5)
                left.plot(value, place + jitter, "o", ms=4, alpha=0.7, color=_COLORS[PANEL[name].family])
            if known:
                mean = average(list(known.values()))
                left.plot([mean, mean], [place - 0.38, place + 0.38], color="black", lw=2)
            edits = average([marks[method].edits for marks in result.marks.values()])
            right.barh(place, edits, color="#8a8f98")
            right.annotate(f" {edits:.0f}", (edits, place), va="center", fontsize=8)
        left.set(yticks=list(places), yticklabels=METHODS, xlim=(-0.03, 1.03))
        left.invert_yaxis()
        left.set_title(f"{result.editor}: nDCG@5 against the exact effects", loc="left", fontsize=10)
        right.set_title(f"edits a classifier, {result.images} images", loc="left", fontsize=10)
        right.margins(x=0.15)
        for axis in (left, right):
            axis.spines[["top", "right"]].set_visible(False)
    for family, color in _COLORS.items():
        axes[0][0].plot([], [], "o", color=color, label={"function": "known function", "planted": "shortcut"}[family])
    axes[0][0].plot([], [], color="black", lw=2, label="mean")
    axes[0][0].legend(loc="upper left", fontsize=8, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
