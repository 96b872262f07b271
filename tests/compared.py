"""A comparison with everything in it: changes of every kind, one-sided claims, gaps, hostile names."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image

from diffex_cli.comparison.data import Compared, Estimate, Fact, OneSided, Scored, Versus

HOSTILE = "<img src=x onerror=alert(1)>"


def estimate(effect: float, half: float = 0.2, rank: int = 1) -> Estimate:
    return Estimate(rank, effect, effect - half, effect + half, 16, "passed", True)


def picture(folder: Path, name: str, color: str) -> Path:
    file = folder / f"{name}.png"
    Image.new("RGB", (24, 18), color).save(file)
    return file


def versus(folder: Path) -> Versus:
    """Two classifiers on the same images and edits; the pictures are made in ``folder``."""
    before, after = picture(folder, "before", "navy"), picture(folder, "after", "white")
    alone = picture(folder, "alone", "red")
    shots = tuple(
        Scored(file, edited, ((run, score),))
        for file, edited, scores in ((before, False, (0.11, 0.22)), (after, True, (0.33, 0.44)))
        for run, score in zip(("first", "second"), scores, strict=True)
    )
    return Versus(
        first="runs/a",
        second=f"runs/{HOSTILE}",
        first_short="birds:species",
        second_short="birds:shortcut",
        facts=(
            Fact("classifier", "birds:species", "birds:shortcut", True),
            Fact("target", "cardinal", "cardinal", False),
        ),
        cautions=("Logits of different classifiers may have different scales.",),
        same_unit=True,
        unit="logits",
        floors=(0.31, None),
        top=5,
        ndcg=0.5,
        ndcg_back=0.25,
        spearman=math.nan,
        corpora_iou=0.875,
        changes=(
            Compared("background/snow", "snow", estimate(0.1), estimate(2.4), 2.3, 2.0, 2.6, 16, "paired", True, shots),
            Compared("evil", HOSTILE, estimate(0.5), estimate(-0.5), -1.0, -1.2, -0.8, 16, "paired", True),
            Compared("tail", "tail", estimate(0.3), estimate(0.2), -0.1, -0.3, 0.1, 9, "unpaired", False),
            Compared(
                "beak", "beak", estimate(0.3), estimate(math.nan), math.nan, math.nan, math.nan, 1, "no interval", False
            ),
        ),
        one_sided=(OneSided("crest", "crest", None, estimate(1.5), (Scored(alone, False, (("second", math.nan),)),)),),
        both_claim=("snow",),
        first_claims=(),
        second_claims=("crest",),
        only_first=tuple(f"name {i}" for i in range(14)),
        only_second=("crest",),
    )
