"""A small explanation with everything in it: groups, placebos, removal, gaps in the numbers, hostile names."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.report.claims import with_claims
from diffex_cli.report.data import Floor, Level, Pair, Part, ReportData, Row, Setting, Shot, Step

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
    rows = (
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
    return with_claims(rows, 0.1)


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
            Level(1, tuple(Step(id, id, "kept") for id in ("background", "head", "evil"))),
            Level(2, (Step("head/crest", "crest", "kept", "why", "head", True, 0.2, 0.1, 0.3, 0.5, 6),)),
            Level(3, (Step("unknown", HOSTILE, "dropped"),)),
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
        rows = (
            dataclasses.replace(row, **{**every, **changes.get(row.candidate, {})})  # type: ignore[arg-type]
            for row in report_data.rows
        )
        return dataclasses.replace(report_data, rows=with_claims(rows, report_data.delta))

    return change


JOINT = "background/snow + head/crest/tall-crest"
WEAK_JOINT = "background/snow + evil"


def _judged(row: Row) -> Row:
    """Five figures of everything, all different, so that a page that mixes them up is found out."""
    kept = row.status == "kept"
    return dataclasses.replace(
        row,
        p_value=0.011,
        p_corrected=0.022 if row.influence > 0.5 else 0.33,
        delta_probability=0.123,
        delta_probability_low=0.1,
        delta_probability_high=0.145,
        flip_to=0.31,
        flip_from=0.07,
        up=0.83,
        down=0.17,
        cace=0.123 if row.effect > 0 else -0.123,
        necessity=0.61,
        necessity_low=0.51,
        necessity_high=0.71,
        sufficiency=0.62,
        sufficiency_low=0.52,
        sufficiency_high=0.72,
        necessity_sufficiency=0.63,
        necessity_sufficiency_low=0.53,
        necessity_sufficiency_high=0.73,
        cout=-0.45,
        valid=0.96,
        coverage_rank=3 if kept else None,
        below_floor=row.influence <= 0.18,
        passed=kept and row.influence > 0.5,
        effect_holdout=row.effect * 0.9 if kept else None,
        low_holdout=row.effect * 0.9 - 0.3 if kept else None,
        high_holdout=row.effect * 0.9 + 0.3 if kept else None,
        n_holdout=4 if kept else None,
        confirmed=row.influence > 0.34 if kept else None,
        images=N_IMAGES if kept else 3,
        decided=not row.placebo,
    )


def _joint(rows: tuple[Row, ...], candidate: str, name: str, **figures: object) -> Row:
    joint = dataclasses.replace(rows[0], candidate=candidate, name=name, **figures)  # type: ignore[arg-type]
    return dataclasses.replace(joint, influence=abs(joint.effect), rank=len(rows) + 1, coverage_rank=None)


@pytest.fixture
def judged_data(report_data: ReportData) -> ReportData:
    """The same of a search with statistics, a holdout of 4 images, a race, and two sets of attributes."""
    rows = tuple(map(_judged, report_data.rows))
    pair = _joint(
        rows,
        JOINT,
        "snow background + tall crest",
        effect=3.3,
        low=3.0,
        high=3.6,
        joint_sum=2.71,
        interaction=0.59,
        interaction_low=0.21,
        interaction_high=0.97,
    )
    weak = _joint(
        rows,
        WEAK_JOINT,
        f"snow background + {HOSTILE}",
        effect=2.2,
        status="dropped",
        passed=False,
        joint_sum=2.43,
        interaction=-0.23,
        interaction_low=-0.6,
        interaction_high=0.14,
        effect_holdout=None,
        low_holdout=None,
        high_holdout=None,
        n_holdout=None,
        confirmed=None,
    )
    return dataclasses.replace(
        report_data,
        rows=with_claims((*rows, pair, dataclasses.replace(weak, rank=len(rows) + 2)), report_data.delta),
        pairs={**report_data.pairs, JOINT: report_data.pairs["background/snow"]},
        n_held_out=4,
        floor=Floor(0.18, "placebos", 2),
        detectable=0.77,
        corrected_for=11,
        best_joint=JOINT,
        parts={
            JOINT: (Part("background/snow", 2.31), Part("head/crest/tall-crest", 0.4)),
            WEAK_JOINT: (Part("background/snow", 2.31), Part("evil", 0.12)),
        },
    )


@pytest.fixture
def nothing_passed(judged_data: ReportData) -> ReportData:
    """The same, were everything that was kept noise; sets were not tried."""
    rows = [row for row in judged_data.rows if " + " not in row.candidate]
    return dataclasses.replace(
        judged_data,
        rows=with_claims((dataclasses.replace(row, passed=False, p_corrected=0.44) for row in rows), 0.1),
        floor=Floor(0.18, "sign flips", 9),
        best_joint=None,
        parts={},
    )
