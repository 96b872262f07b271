from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diffex_cli.artifacts.rows import EditRow, InputImage, ScoreRow
from diffex_cli.report.data import Evidence, ReportData
from diffex_cli.report.payload.assemble import assemble, files_shown
from diffex_cli.report.pictures import Album
from diffex_cli.report.tree import hierarchy

LABELS = ("cardinal", "jay", "duck")
SNOW = "background/snow"


def made(data: ReportData) -> dict[str, Any]:
    report = assemble(data, hierarchy(data), Album(files_shown(data)), {"csv": "ranking.csv"})
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    return report


def edit(candidate: str, image: str, **changes: Any) -> EditRow:
    row = EditRow(f"{candidate}@{image}", image, candidate, "e", 0, "x.png", "ok", None, 0.25, 0.125, 2.0)
    return dataclasses.replace(row, **changes)


@pytest.fixture
def known(report_data: ReportData) -> ReportData:
    """With the edits and the scores of all pictures: every edit makes one logit more for the jay, snow three more."""
    images = {f"image-{i}": InputImage(f"image-{i}", "x.png", f"<b>{i}.png", 32, 24, "jay") for i in range(6)}
    edits = {candidate: {image: edit(candidate, image) for image in images} for candidate in ("", *report_data.pairs)}
    edits["tail"] = {}
    pairs = {**report_data.pairs, "evil": report_data.pairs["evil"][:4]}
    edits["evil"]["image-4"] = edit("evil", "image-4", file=None, status="failed", reason="no mask")
    edits["evil"]["image-5"] = edit("evil", "image-5", file=None, status="failed", reason="no mask")
    edits["hat"]["image-0"] = edit("hat", "image-0", status="no-op", changed=0.0)
    scores = {}
    for candidate, some in edits.items():
        for image, row in some.items():
            more = 3.0 if candidate == SNOW else 1.0 if candidate else 0.0
            logits = np.array([2.0, more + 0.1 * int(image[-1]), -1.0])
            scores[row.edit] = ScoreRow(row.edit, "edit", LABELS, logits)
    for image in images:
        scores[image] = ScoreRow(image, "original", LABELS, np.array([2.0, 0.0, -1.0]))
    return dataclasses.replace(report_data, pairs=pairs, evidence=Evidence(images, edits, scores))


def attribute(report: dict[str, Any], id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in report["attributes"] if one["id"] == id)
    return found


def test_a_pair_names_its_files_and_what_the_classifier_said(known: ReportData) -> None:
    pairs = dict(known.pairs)
    pairs["evil"] = tuple(
        dataclasses.replace(
            pair,
            original=dataclasses.replace(pair.original, logit=-1.23456789),
            reconstruction=None,
            edited=dataclasses.replace(pair.edited, logit=0.5),
        )
        for pair in pairs["evil"]
    )
    report = made(dataclasses.replace(known, pairs=pairs))
    columns = attribute(report, "evil")["pairs"]
    assert columns["logit"] == [[-1.2346, None, 0.5]] * 4 + [None] * 2
    assert columns["file"] == ["x.png"] * 4 + [None] * 2
    assert {one["file"] for one in report["images"]} == {"x.png"}


def test_without_scores_and_edits_there_is_what_the_ranking_says(report_data: ReportData) -> None:
    report = made(report_data)
    assert [view["kind"] for view in report["views"]] == ["search"]
    assert report["classes"] == []
    assert not report["judged"]
    assert report["counts"]["edits"] == 54
    snow = attribute(report, SNOW)
    assert (snow["effect"], snow["low"], snow["high"], snow["n"]) == (2.31, 2.21, 2.41, 6)
    assert snow["views"] == [{"effect": 2.31, "low": 2.21, "high": 2.41, "n": 6}]
    assert snow["pairs"]["status"] == [0] * 6
    assert snow["pairs"]["changed"] == [None] * 6
    assert snow["pairs"]["before"] is None
    assert snow["quality"] == {
        **dict.fromkeys(("ok", "no_op", "failed", "flipped"), 0),
        **dict.fromkeys(("changed", "mean_change", "mask_share", "change_inside", "change_outside", "saturated")),
        **dict.fromkeys(("perceptual", "seconds")),
    }


def test_pairs_come_with_the_most_typical_first(report_data: ReportData) -> None:
    pairs = attribute(made(report_data), SNOW)["pairs"]
    assert pairs["image"] == [2, 3, 1, 4, 0, 5]
    assert pairs["delta"] == [[2.26, 2.36, 2.16, 2.46, 2.06, 2.56]]
    assert pairs["probability"] == [[0.75] * 6]


def test_an_image_is_shown_before_and_reconstructed(known: ReportData) -> None:
    report = made(known)
    image = report["images"][2]
    assert (image["key"], image["source"], image["label"]) == ("image-2", "<b>2.png", "jay")
    assert image["probability"][0] == 0.25
    assert image["base_probability"][0] == 0.5
    assert image["picture"] == image["reconstruction"] == 2
    assert report["classes"][image["prediction"]] == "cardinal"


def test_every_class_can_be_looked_at(known: ReportData) -> None:
    report = made(known)
    assert [view["label"] for view in report["views"]] == ["cardinal", "jay", "duck"]
    snow, background = attribute(report, SNOW), attribute(report, "background")
    assert snow["views"][1] == {"effect": 3.0, "low": 3.0, "high": 3.0, "n": 6}
    assert background["views"][1]["effect"] == 1.0
    assert background["views"][2]["effect"] == 0.0
    assert report["views"][1]["axis"] == 3.0
    k = snow["pairs"]["image"].index(1)
    assert snow["pairs"]["delta"][1][k] == 3.0
    assert report["images"][1]["base_value"][1] == 0.1
    after = np.exp([2.0, 3.1, -1.0])
    assert snow["pairs"]["probability"][1][k] == pytest.approx(after[1] / after.sum(), rel=1e-3)


def test_on_the_scale_of_probabilities_so_are_the_classes(known: ReportData) -> None:
    snow = attribute(made(dataclasses.replace(known, scale="prob")), SNOW)
    assert all(0 < delta < 1 for delta in snow["pairs"]["delta"][1])


def test_flips_are_changes_of_the_predicted_class(known: ReportData) -> None:
    report = made(known)
    snow, background = attribute(report, SNOW), attribute(report, "background")
    assert snow["pairs"]["flipped"] == [True] * 6
    assert {report["classes"][one] for one in snow["pairs"]["prediction"]} == {"jay"}
    assert background["pairs"]["flipped"] == [False] * 6
    assert snow["quality"]["flipped"] == 6
    assert report["counts"]["flipped"] == 6


def test_failed_edits_stand_last_without_a_picture(known: ReportData) -> None:
    report = made(known)
    evil = attribute(report, "evil")
    pairs = evil["pairs"]
    assert pairs["status"] == [0, 0, 0, 0, 2, 2]
    assert pairs["picture"][4:] == [None, None]
    assert pairs["reason"] == [None] * 4 + ["no mask"] * 2
    assert pairs["delta"][0][4:] == pairs["delta"][1][4:] == [None, None]
    assert all(
        len(column) == 6 for column in (pairs["flipped"], pairs["image"], *pairs["delta"], *pairs["probability"])
    )
    assert (evil["quality"]["ok"], evil["quality"]["failed"]) == (4, 2)
    assert report["counts"]["failed"] == 2
    assert report["counts"]["no_op"] == 1
    assert report["quality"]["reasons"] == [
        {"text": "no mask", "count": 2},
        {"text": "no reason was given", "count": 1},
    ]


def test_the_quality_panel_shows_what_the_run_knows(known: ReportData) -> None:
    report = made(known)
    assert [column["key"] for column in report["quality"]["columns"]] == ["changed", "mean_change", "seconds"]
    assert report["quality"]["seconds"] == 108.0
    assert attribute(report, SNOW)["quality"]["changed"] == 0.25
    assert attribute(report, SNOW)["quality"]["mask_share"] is None


def test_sets_have_their_parts_and_their_interaction(judged_data: ReportData) -> None:
    report = made(judged_data)
    joint = report["attributes"][report["best_joint"]]
    assert (joint["kind"], joint["joint_sum"], joint["interaction"]) == ("set", 2.71, 0.59)
    assert [(report["attributes"][part["attribute"]]["name"], part["effect"]) for part in joint["parts"]] == [
        ("snow background", 2.31),
        ("tall crest", 0.4),
    ]
    assert report["order"]["sets"] == [9, 10]
    assert report["counts"]["sets"] == 2


def test_the_tree_the_ancestors_and_the_floor(judged_data: ReportData) -> None:
    report = made(judged_data)
    assert attribute(report, SNOW)["parent"] == [one["id"] for one in report["attributes"]].index("background")
    assert attribute(report, "background")["parent"] is None
    first = report["tree"]["roots"][0]
    assert (first["name"], first["children"][0]["name"], first["unseen"]) == (
        "background",
        "snow background",
        ["desert background"],
    )
    assert report["tree"]["unseen"] == ["tail"]
    assert report["floor"] == {"value": 0.18, "source": "placebos", "arms": 2, "n": 0}
    assert attribute(report, "background")["below_floor"]
    assert not attribute(report, "hat")["below_floor"]
    assert attribute(report, SNOW)["holdout"] == {"effect": 2.079, "low": 1.779, "high": 2.379, "n": 4}
    assert report["raced"]


def test_the_trace_keeps_the_searchs_order_and_its_reasons(report_data: ReportData) -> None:
    levels = made(report_data)["trace"]["levels"]
    assert [one["id"] for one in levels[0]["candidates"]] == ["background", "head", "evil"]
    crest = levels[1]["candidates"][0]
    assert (crest["reach"], crest["expanded"], crest["reason"], crest["parent"]) == (0.5, True, "why", "head")
    assert levels[2]["candidates"][0]["attribute"] is None


def test_with_all_classes_figures_of_an_image_are_of_none(known: ReportData) -> None:
    rows = tuple(dataclasses.replace(row, target="jay") for row in known.rows)
    report = made(dataclasses.replace(known, rows=rows, target="all"))
    assert report["target_kind"] == "all"
    assert report["images"][0]["value"][0] is None
    assert attribute(report, SNOW)["pairs"]["before"] == [0.25] * 6


@pytest.mark.parametrize(
    ("target", "kind"), [("cardinal", "class"), ("predicted", "predicted"), ("cardinal - jay", "contrast")]
)
def test_what_kind_of_target_is_explained(known: ReportData, target: str, kind: str) -> None:
    assert made(dataclasses.replace(known, target=target))["target_kind"] == kind


def test_heat_maps_belong_to_their_pictures(known: ReportData) -> None:
    pair = known.pairs[SNOW][2]
    heat = {pair.edited.file: known.pairs["hat"][0].edited.file}
    evidence = dataclasses.replace(known.evidence, heat=heat, heat_kind="gradcam", heat_note="so")
    report = made(dataclasses.replace(known, evidence=evidence))
    snow, hat = attribute(report, SNOW), attribute(report, "hat")
    assert snow["pairs"]["heat"][0] == hat["pairs"]["picture"][hat["pairs"]["image"].index(0)]
    assert snow["pairs"]["heat"][1:] == [None] * 5
    assert report["heat"] == {"kind": "gradcam", "note": "so"}


def test_unknown_figures_are_null(with_rows: Callable[..., ReportData]) -> None:
    report = made(with_rows({SNOW: {"effect": math.nan, "influence": math.nan, "low": math.nan, "high": math.inf}}))
    snow = attribute(report, SNOW)
    assert (snow["effect"], snow["high"], snow["views"]) == (None, None, [None])


def test_a_single_output_has_no_other_classes(known: ReportData) -> None:
    scores = {
        subject: ScoreRow(subject, row.kind, ("score",), row.logits[:1])
        for subject, row in known.evidence.scores.items()
    }
    evidence = dataclasses.replace(known.evidence, scores=scores)
    report = made(dataclasses.replace(known, evidence=evidence, target="score"))
    assert len(report["views"]) == 1
    assert report["images"][0]["prediction"] is None


def test_the_pairs_that_carry_an_attribute_are_places_in_its_columns(known: ReportData) -> None:
    snow = attribute(made(known), SNOW)
    assert snow["after"] == "snow background added"
    assert snow["called"] == "called ‘cardinal’"
    assert snow["examples"] == [0, 1, 2]
    no_crest = attribute(made(known), "-head/crest/no-crest")
    # it lowers, but 25 % → 75 % rises: then the change alone decides
    assert [no_crest["pairs"]["delta"][0][at] < 0 for at in no_crest["examples"]] == [True] * 3


def test_the_axis_has_room_for_the_dots_but_not_for_wild_ones(report_data: ReportData) -> None:
    axis = made(report_data)["axis"]
    assert axis == pytest.approx(2.56), "the largest change of a single picture"
    pairs = list(report_data.pairs[SNOW])
    wild = dataclasses.replace(pairs[0], delta=-50.0)
    report = made(dataclasses.replace(report_data, pairs={**report_data.pairs, SNOW: (wild, *pairs[1:])}))
    assert report["axis"] == report["views"][0]["axis"] == pytest.approx(1.4 * 2.41)
