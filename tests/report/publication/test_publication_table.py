from __future__ import annotations

import csv
import dataclasses
import io

import pytest

from diffex_cli.core.errors import UsageError
from diffex_cli.report.data import ReportData
from diffex_cli.report.publication.table import write_table


def renamed(data: ReportData, name: str) -> ReportData:
    return dataclasses.replace(data, rows=(dataclasses.replace(data.rows[0], name=name), *data.rows[1:]))


def test_one_run_as_markdown(judged_data: ReportData) -> None:
    lines = write_table([judged_data], "markdown").splitlines()
    assert lines[0] == "| # | Attribute | Δ logit | 95 % from | to | n | corrected p |"
    assert lines[1] == "| ---: | --- | ---: | ---: | ---: | ---: | ---: |"
    assert lines[2] == "| 1 | snow background | +2.31 | +2.21 | +2.41 | 6 | 0.022 |"
    assert lines[3] == "| 2 | no crest | −0.61 | −0.71 | −0.51 | 6 | 0.022 |"
    assert lines[4:] == [
        "",
        "Attributes that move ‘cardinal’ most (birds, birds:species). Noise floor: ±0.18 logits.",
    ]


def test_several_runs_side_by_side(judged_data: ReportData, report_data: ReportData) -> None:
    other = dataclasses.replace(report_data, classifier="torch:x_y.pt", scale="prob")
    lines = write_table([judged_data, other], "markdown", top=3).splitlines()
    assert lines[0] == (
        "| # | birds: cardinal (birds:species): Attribute | Δ logit "
        "| birds: cardinal (torch:x\\_y.pt): Attribute | Δ probability |"
    )
    assert lines[4] == "| 3 | × |  | tall crest ° | +0.40 |"
    assert len(lines) == 7


def test_runs_that_agree_in_everything_are_numbered(judged_data: ReportData) -> None:
    header = write_table([judged_data, judged_data], "markdown").splitlines()[0]
    assert "(birds:species, render:birds, 1)" in header
    assert "(birds:species, render:birds, 2)" in header


def test_where_nothing_passed_the_strongest_are_marked(nothing_passed: ReportData) -> None:
    text = write_table([nothing_passed], "markdown", top=2)
    assert "| 1 | snow background ° | +2.31 |" in text
    assert "°: nothing was shown to matter; these are the strongest." in text
    assert "| hat" not in write_table([nothing_passed], "markdown", top=99)
    assert "°: not shown to matter." in write_table([nothing_passed] * 2, "markdown")


def test_markdown_shows_what_names_hold(report_data: ReportData) -> None:
    text = write_table([renamed(report_data, "a|b `c` [d](e) <img> *f*\ng")], "markdown")
    assert r"| a\|b \`c\` \[d\](e) \<img\> \*f\* g ° |" in text


def test_latex(judged_data: ReportData) -> None:
    text = write_table([renamed(judged_data, r"50% & $x_1$ \input{/etc/passwd} #~^")], "latex")
    assert r"50\% \& \$x\_1\$ \textbackslash{}input\{/etc/passwd\} \#\textasciitilde{}\textasciicircum{}" in text
    assert r"\begin{tabular}{rlrrrrr}" in text
    assert r"2 & no crest & $-$0.61 & $-$0.71 & $-$0.51 & 6 & 0.022 \\" in text
    assert text.count("{") == text.count("}")
    both = write_table([judged_data, judged_data], "latex")
    assert r"\multicolumn{2}{c}{birds: cardinal (birds:species, render:birds, 2)} \\" in both
    assert all(letter.isascii() for letter in both)


def test_csv_has_full_numbers_and_no_formulas(judged_data: ReportData) -> None:
    text = write_table([renamed(judged_data, '=HYPERLINK("x"),"y"')], "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["Attribute"] == '\'=HYPERLINK("x"),"y"'
    assert float(rows[0]["95 % from"]) == 2.31 - 0.1
    assert rows[1]["Δ logit"] == "-0.61"
    both = list(csv.reader(io.StringIO(write_table([judged_data, nothing(judged_data)], "csv"))))
    assert len({len(row) for row in both}) == 1


def nothing(data: ReportData) -> ReportData:
    return dataclasses.replace(data, rows=(), pairs={}, classifier="other")


def test_unknown_kinds_and_no_runs(judged_data: ReportData) -> None:
    with pytest.raises(UsageError, match=r"--table markdwn: choose markdown, latex or csv \(did you mean 'markdown'"):
        write_table([judged_data], "markdwn")
    with pytest.raises(UsageError, match="name a RUN"):
        write_table([], "csv")
