"""The paper's tables."""

from __future__ import annotations

import dataclasses

from study_samples import HOSTILE, given, identify, joint, of_turn, quality

from diffex_cli.study.analysis import analyse
from diffex_cli.study.answers import AnswerFile, Rater
from diffex_cli.study.study import Study
from diffex_cli.study.tables import PaperTable, paper_tables, rendered


def _rated(study: Study, values: list[tuple[int, int]], rater: Rater = "person") -> list[AnswerFile]:
    return [
        given(study, f"{rater}{n}", {one.id: {"quality": a, "disentanglement": b} for one in study.items}, rater=rater)
        for n, (a, b) in enumerate(values)
    ]


def test_table_3_has_a_column_for_each_domain_and_kind_of_rater() -> None:
    birds = quality()
    faces = dataclasses.replace(birds, id="f" * 16, domain="faces")
    models = _rated(faces, [(2, 2)], rater="model")
    findings = [
        analyse(birds, _rated(birds, [(4, 3), (5, 3), (3, 3)])),
        analyse(faces, [*_rated(faces, [(4, 4)]), *models]),
    ]
    (table,) = paper_tables(findings)
    assert table.header == (
        "Rating",
        "birds (people, n = 3)",
        "faces (people, n = 1)",
        "faces (language models, n = 1)",
    )
    # 4, 5, 3: 4.302653 · 1/√3
    assert table.rows[0] == ("Edit quality", "4.000 ± 2.484", "4.000", "2.000")
    assert table.rows[1][0] == "Disentanglement"


def test_table_2_has_a_row_for_each_method() -> None:
    study = identify()
    files = [
        given(study, of_turn(study, turn), {one.id: {"choice": one.options[0]} for one in study.of_turn(turn)})
        for turn in range(3)
    ]
    (table,) = paper_tables([analyse(study, files)])
    assert table.header == ("Method", "red head", "tall crest", "Avg. correct")
    assert [row[0] for row in table.rows] == [
        "Edit and words (diffex), people, n = 3",
        "Edit alone, people, n = 3",
        "Heat map (gradcam), people, n = 3",
    ]
    assert table.rows[0][1:] == ("100%", "100%", "100.0% (43.9–100.0)")


def test_study_3_goes_by_how_many_attributes_were_edited() -> None:
    study = joint((1, 3, 6))
    (table,) = paper_tables(
        [analyse(study, [given(study, "ann", {one.id: {"disentanglement": 5} for one in study.items})])]
    )
    assert [row[0] for row in table.rows] == ["1 attribute", "3 attributes", "4 or more attributes"]


TABLE = PaperTable("t", ("Method", "50 % & | more"), ((f"_{HOSTILE}_", "1 ± 2"),))


def test_names_are_no_markdown() -> None:
    lines = rendered(TABLE, "markdown").splitlines()
    assert lines[0] == "| Method | 50 % &amp; \\| more |"
    assert lines[1] == "|---|---:|"
    assert "<" not in lines[2].replace("&lt;", "")
    assert lines[2].startswith("| \\_&lt;/script")


def test_names_are_no_latex() -> None:
    text = rendered(PaperTable("t", ("a", "b"), ((r"\input{x} 5% a_b $&#^~", "1 ± 2"),)), "latex")
    assert r"\textbackslash{}input\{x\} 5\% a\_b \$\&\#\textasciicircum{}\textasciitilde{}" in text
    assert r"1 $\pm$ 2 \\" in text
    assert text.startswith("\\begin{tabular}{lr}")


def test_csv_quotes_what_it_must() -> None:
    text = rendered(PaperTable("t", ("a", "b"), (('x, "y"', "1"),)), "csv")
    assert text == 'a,b\n"x, ""y""",1'
