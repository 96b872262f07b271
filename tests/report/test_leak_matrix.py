"""What edits changed besides, as a matrix, and what the page, its data and the sentences make of it."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from diffex_cli.report import sentences
from diffex_cli.report.build import build
from diffex_cli.report.claims import with_claims
from diffex_cli.report.data import ReportData
from diffex_cli.report.details import checks
from diffex_cli.report.leak_matrix import COLUMNS, ROWS, matrix
from diffex_cli.report.leaks import Leak
from diffex_cli.report.sentences_of_edits import class_lost, how_often, matrix_sentence

HOSTILE = "<script>alert('x')</script>"
SNOW = "background/snow"


def one(id: str, share: float, **further: bool) -> Leak:
    return Leak(id, f"the {id}", share, 20, max(share - 0.1, 0), min(share + 0.1, 1), **further)


def leaking(data: ReportData, leaks: Mapping[str, Sequence[Leak]]) -> ReportData:
    """The snow is what was shown to matter."""
    rows = (dataclasses.replace(row, p_corrected=0.01 if row.candidate == SNOW else 0.5) for row in data.rows)
    also_changed = {id: tuple(some) for id, some in leaks.items()}
    return dataclasses.replace(
        data, rows=with_claims(rows, data.delta), verified=True, protect=("scar",), also_changed=also_changed
    )


def test_rows_and_columns_in_which_nothing_is_worth_showing_are_left_out(report_data: ReportData) -> None:
    data = leaking(
        report_data,
        {
            "head/crest": [one("eye", 0.3), one("beak", 0.0), one("wing", 0.09)],
            SNOW: [one("eye", 0.05), one("wing", 0.2), one("throat", 0.1, kin=True)],
            "head": [one("eye", 0.02)],
        },
    )
    found = matrix(data)
    assert found is not None
    # what was shown to matter comes first; kin stands before what changed more often
    assert [row.candidate for row in found.rows] == [SNOW, "head/crest"]
    assert [column.id for column in found.columns] == ["throat", "eye", "wing"]
    assert [[None if cell is None else cell.share for cell in row] for row in found.cells] == [
        [0.1, 0.05, 0.2],
        [None, 0.3, 0.09],
    ]
    assert matrix_sentence(found).replace("\N{NO-BREAK SPACE}", " ") == (
        "The verifier looked at the edits of 3 attributes: those of 2 changed something else in 10 % of them or more, "
        "3 attributes in all."
    )


def test_what_is_protected_comes_first_however_rare(report_data: ReportData) -> None:
    data = leaking(report_data, {"head": [one("scar", 0.05, protected=True), one("eye", 0.9)], "evil": []})
    found = matrix(data)
    assert found is not None
    assert [column.id for column in found.columns] == ["scar", "eye"]
    never = matrix(leaking(report_data, {"head": [one("scar", 0.0, protected=True)]}))
    assert never is not None
    assert never.rows == ()
    assert "they did not change anything else" in matrix_sentence(never)
    assert matrix(leaking(report_data, {"head": []})) is None
    assert matrix(report_data) is None


def test_a_large_hierarchy_is_cut_and_the_sentence_says_so(report_data: ReportData) -> None:
    rows = [
        dataclasses.replace(report_data.rows[0], candidate=f"x/{i}", name=f"x {i}", rank=i + 1, claim="undecided")
        for i in range(70)
    ]
    read = {row.candidate: [one(f"y/{i}", 0.2) for i in range(60)] for row in rows}
    found = matrix(leaking(dataclasses.replace(report_data, rows=tuple(rows)), read))
    assert found is not None
    assert (len(found.rows), len(found.columns), found.leaky, found.changed) == (ROWS, COLUMNS, 70, 60)
    assert {len(row) for row in found.cells} == {COLUMNS}
    assert f"the first {ROWS} rows and {COLUMNS} columns of that; leaks.csv has all" in matrix_sentence(found)


def test_page_data_and_csv_say_the_same(report_data: ReportData, tmp_path: Path) -> None:
    data = leaking(report_data, {SNOW: [Leak("evil", HOSTILE, 0.65, 20, 0.43, 0.82, True), one("eye", 0.0)]})
    made = build(data, tmp_path / "report")
    payload = json.loads(made.data.read_text(encoding="utf-8"))
    leaks, place = payload["leaks"], [row["id"] for row in payload["attributes"]].index(SNOW)
    assert (leaks["rows"], [column["id"] for column in leaks["columns"]]) == ([place], ["evil"])
    told = "65 % of 20 edits (95 %: 43–82 %)"
    assert leaks["cells"][0][0]["told"].replace("\N{NO-BREAK SPACE}", " ") == told
    assert [leak["id"] for leak in payload["attributes"][place]["also_changed"]] == ["evil"]
    page = made.html.read_text(encoding="utf-8")
    assert HOSTILE not in page.split("<main>")[1].split("</main>")[0]
    assert 'class="leak-6 kin"' in page
    assert payload["files"]["leaks"] == "leaks.csv"
    assert made.leaks is not None
    rows = list(csv.DictReader(made.leaks.read_text(encoding="utf-8").splitlines()))
    assert [(row["candidate"], row["changed"], row["share"], row["kin"]) for row in rows] == [
        (SNOW, "evil", "0.65", "true"),
        (SNOW, "eye", "0.0", "false"),
    ]


def test_without_a_verifier_there_is_no_matrix_and_no_file(report_data: ReportData, tmp_path: Path) -> None:
    build(leaking(report_data, {SNOW: [one("eye", 0.5)]}), tmp_path)
    made = build(dataclasses.replace(report_data, verified=False), tmp_path)
    assert made.leaks is None
    assert not (tmp_path / "leaks.csv").exists()
    assert json.loads(made.data.read_text(encoding="utf-8"))["leaks"] is None
    assert 'id="leaks-title"' not in made.html.read_text(encoding="utf-8")


def test_the_caution_names_what_is_protected(report_data: ReportData) -> None:
    told = leaking(report_data, {SNOW: [one("scar", 0.05, protected=True)], "head": [one("scar", 0.5, protected=True)]})
    (caution,) = [text for text in sentences.cautions(told) if "protected" in text]
    assert caution.replace("\N{NO-BREAK SPACE}", " ") == (
        "Edits of what was shown to matter also change what is protected: those of ‘snow background’ change ‘the scar’ "
        "in 5 % of 20 edits (95 %: 0–15 %)."
    )
    clean = leaking(report_data, {SNOW: [one("scar", 0.0, protected=True), one("eye", 0.9)]})
    assert not [text for text in sentences.cautions(clean) if "protected" in text]


def test_the_caution_says_which_edits_change_the_class_itself(report_data: ReportData) -> None:
    data = leaking(report_data, {})
    rows = [dataclasses.replace(row, class_lost=0.5, n_class=12) for row in data.rows]
    lost = dataclasses.replace(data, rows=tuple(rows), own_class="cardinal")
    assert sentences.cautions(lost)[-1] == (
        "After some edits the verifier no longer sees ‘cardinal’, so that a classifier that follows them may be right: "
        "6 of 12 of ‘snow background’."
    )
    several = dataclasses.replace(lost, own_class="")
    assert "no longer sees an image’s own class, so" in sentences.cautions(several)[-1]
    told = {figure.label: figure.value for figure in checks(rows[0], lost)}
    assert told["The class itself"] == "the verifier no longer sees ‘cardinal’ in 6 of 12 edits"
    kept = dataclasses.replace(rows[0], class_lost=0.0)
    assert class_lost(kept, "jay") == "the verifier still sees ‘jay’ in all 12 edits"
    for rare in ({"class_lost": 0.05}, {"n_class": 0}, {"class_lost": None}):
        few = dataclasses.replace(lost, rows=tuple(dataclasses.replace(row, **rare) for row in rows))
        assert not [text for text in sentences.cautions(few) if "no longer sees" in text]


@pytest.mark.parametrize(("n", "words"), [(1, "1 edit"), (8, "8 edits")])
def test_a_share_says_of_how_many(n: int, words: str) -> None:
    assert how_often(Leak("x", "x", 1.0, n, math.nan, math.nan)).endswith(f"of {words}")
