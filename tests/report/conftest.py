"""A small explanation with everything in it: groups, placebos, removal, gaps in the numbers, hostile names."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from diffex_cli.corpus.hierarchy import Corpus, Node
from diffex_cli.report.data import Level, Pair, ReportData, Row, Setting, Shot

N_IMAGES = 6
HOSTILE = "<script>alert('x')</script>"

CORPUS = Corpus(
    "birds",
    (
        Node(
            "background",
            "background",
            "background",
            children=(
                Node("background/snow", "snow background", "snow background"),
                Node("background/water", "water background", "water background"),
                Node("background/desert", "desert background", "desert background"),
            ),
        ),
        Node(
            "head",
            "head",
            "head",
            children=(
                Node(
                    "head/crest",
                    "crest",
                    "crest",
                    children=(
                        Node("head/crest/tall-crest", "tall crest", "tall crest"),
                        Node("head/crest/no-crest", "no crest", "crest", remove=True),
                    ),
                ),
            ),
        ),
        Node("hat", "hat", "hat", placebo=True),
        Node("evil", HOSTILE, "evil"),
        Node("tail", "tail", "tail"),
    ),
)

EFFECTS = {
    "background/snow": (2.31, "kept"),
    "-head/crest/no-crest": (-0.61, "kept"),
    "head/crest/tall-crest": (0.4, "kept"),
    "head/crest": (0.2, "kept"),
    "background": (0.15, "dropped"),
    "evil": (0.12, "kept"),
    "background/water": (0.05, "dropped"),
    "hat": (0.042, "dropped"),
    "head": (-0.03, "dropped"),
}


def _rows() -> tuple[Row, ...]:
    nodes = {node.candidate.id: node for node in CORPUS.walk()}
    return tuple(
        Row(
            rank=rank,
            candidate=candidate,
            name=nodes[candidate].name,
            target="cardinal",
            effect=effect,
            influence=abs(effect),
            low=effect - 0.1,
            high=effect + 0.1,
            n=N_IMAGES,
            depth=candidate.count("/"),
            group=bool(nodes[candidate].children),
            placebo=nodes[candidate].placebo,
            status=status,
            reason="it was so",
            effect_original=math.nan,
        )
        for rank, (candidate, (effect, status)) in enumerate(EFFECTS.items(), 1)
    )


@pytest.fixture
def report_data(tmp_path: Path) -> ReportData:
    """Six images; in the pairs of a candidate, image i changes by the effect + (i − 2.5)/10 logits."""
    folder = tmp_path / "pictures"
    folder.mkdir()

    def picture(name: str, color: tuple[int, int, int]) -> Path:
        file = folder / f"{name}.png"
        Image.new("RGB", (32, 24), color).save(file)
        return file

    originals = [picture(f"original-{i}", (40 * i, 10, 10)) for i in range(N_IMAGES)]
    pairs = {}
    for number, (candidate, (effect, _)) in enumerate(EFFECTS.items()):
        made = []
        for i, file in enumerate(originals):
            delta = effect + (i - 2.5) / 10
            edited = Shot(picture(f"edit-{number}-{i}", (40 * i, 200, 20 * number)), delta, 0.75)
            made.append(Pair(f"image-{i}", Shot(file, 0.0, 0.25), edited, delta, reconstruction=Shot(file, 0.0, 0.5)))
        pairs[candidate] = tuple(made)
    return ReportData(
        domain="birds",
        target="cardinal",
        classifier="birds:species",
        editor="render:birds",
        delta=0.1,
        n_images=N_IMAGES,
        corpus=CORPUS,
        rows=_rows(),
        pairs=pairs,
        levels=(
            Level(1, ("background", "head", "evil"), ("hat",)),
            Level(2, ("background/snow", "head/crest"), ("background/water",)),
            Level(3, ("-head/crest/no-crest", "head/crest/tall-crest"), ()),
        ),
        settings=(Setting("beam", 5, "default"), Setting("images", HOSTILE, "flag"), Setting("max_depth", None)),
        provenance={"search": {"diffex": "0.1.0", "settings": {"editor": HOSTILE}}},
        warnings=(f"The folder {HOSTILE} was skipped.",),
        created="2026-01-02T03:04:05Z",
    )


@pytest.fixture
def with_rows(report_data: ReportData) -> Callable[..., ReportData]:
    """The report's data with columns of some rows replaced: ``with_rows({"hat": {"effect": 3.0}})``."""

    def change(changes: dict[str, dict[str, object]], **every: object) -> ReportData:
        rows = tuple(
            dataclasses.replace(row, **{**every, **changes.get(row.candidate, {})})  # type: ignore[arg-type]
            for row in report_data.rows
        )
        return dataclasses.replace(report_data, rows=rows)

    return change
