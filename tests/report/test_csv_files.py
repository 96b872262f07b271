from __future__ import annotations

import csv
import dataclasses
import io
import math

from diffex_cli.artifacts.schemas import RANKING
from diffex_cli.report.csv_files import ranking_csv
from diffex_cli.report.data import ReportData


def test_the_csv_has_every_row_by_rank_in_full_precision(report_data: ReportData) -> None:
    odd = dataclasses.replace(
        report_data.rows[1], candidate='a, "b"\nc', name="ü,\r\n", effect=1 / 3, low=math.nan, high=math.inf
    )
    rows = (*report_data.rows[2:], odd, report_data.rows[0])
    read = list(csv.DictReader(io.StringIO(ranking_csv(rows), newline="")))
    assert [int(row["rank"]) for row in read] == list(range(1, len(rows) + 1))
    assert {"rank", "candidate", "target", "effect", "influence", "n", "low", "high", "status"} <= set(read[0])
    assert read[1]["candidate"] == 'a, "b"\nc'
    assert read[1]["name"] == "ü,\r\n"
    assert float(read[1]["effect"]) == 1 / 3
    assert read[1]["low"] == read[1]["high"] == ""
    assert (read[0]["placebo"], read[0]["effect_original"]) == ("false", "")


def test_no_rows_leave_the_header() -> None:
    assert ranking_csv(()).startswith("rank,candidate,target,effect,influence,n,")


def test_the_csv_has_every_column_of_the_ranking(judged_data: ReportData) -> None:
    read = {row["candidate"]: row for row in csv.DictReader(io.StringIO(ranking_csv(judged_data.rows), newline=""))}
    joint = read["background/snow + head/crest/tall-crest"]
    assert set(joint) == set(RANKING.columns.names)
    assert (joint["interaction"], joint["joint_sum"], joint["passed"]) == ("0.59", "2.71", "true")
    assert (read["hat"]["effect_holdout"], read["hat"]["confirmed"], read["hat"]["decided"]) == ("", "", "false")
    assert read["background/snow"]["p_corrected"] == "0.022"
