"""The ranking, and the edits behind it, as CSV."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diffex_cli.core.csv_text import csv_text
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import ranked
from diffex_cli.report.payload.pairs import STATUSES

_FIRST = ("rank", "candidate", "target", "effect", "influence", "n", "name", "low", "high")

COLUMNS = (*_FIRST, *(field.name for field in dataclasses.fields(Row) if field.name not in _FIRST))
"""All columns of ``ranking.parquet``; what most readers look for comes first."""

EDIT_COLUMNS = (
    *("candidate", "name", "image", "source", "label", "status", "delta", "probability_original"),
    *("probability_reconstruction", "probability_edited", "prediction_reconstruction", "prediction_edited", "flipped"),
    *("class_lost", "changed", "mean_change", "reason"),
)
"""Of ``edits.csv``: one row for each edit that the page shows; figures are of the search's own target."""

LEAK_COLUMNS = ("candidate", "name", "changed", "changed_name", "share", "low", "high", "n", "kin", "protected")
"""Of ``leaks.csv``: one row for each attribute, or set of them, and each attribute that was read in its edits."""


def ranking_csv(rows: Iterable[Row]) -> str:
    """The rows by rank, numbers in full precision, unknown ones empty, truth values ``true``/``false``."""
    return csv_text([COLUMNS, *([getattr(row, column) for column in COLUMNS] for row in ranked(rows))])


def leaks_csv(data: ReportData) -> str:
    """What edits changed besides, by the rank of what was asked for, the most frequent change first."""
    found = ((row, one) for row in ranked(data.rows) for one in data.also_changed.get(row.candidate, ()))
    rows = (
        (row.candidate, row.name, one.id, one.name, one.share, one.low, one.high, one.n, one.kin, one.protected)
        for row, one in found
    )
    return csv_text([LEAK_COLUMNS, *rows])


def edits_csv(report: Mapping[str, Any]) -> str:
    """The edits of all attributes in the page's order, numbers with five significant digits.

    Args:
        report: the payload.
    """
    return csv_text([EDIT_COLUMNS, *_edits(report)])


def _edits(report: Mapping[str, Any]) -> Iterator[list[object]]:
    classes = report["classes"]
    for attribute in report["attributes"]:
        pairs = attribute["pairs"]
        for k, number in enumerate(pairs["image"]):
            image = report["images"][number]
            before = pairs["before"][k] if pairs["before"] else image["probability"][0]
            predictions = (image["base_prediction"], pairs["prediction"][k])
            yield [
                *(attribute["id"], attribute["name"], image["key"], image["source"], image["label"]),
                STATUSES[pairs["status"][k]],
                *(pairs["delta"][0][k], before, image["base_probability"][0], pairs["probability"][0][k]),
                *(None if prediction is None else classes[prediction] for prediction in predictions),
                *(
                    pairs["flipped"][k],
                    pairs["class_lost"][k],
                    pairs["changed"][k],
                    pairs["mean_change"][k],
                    pairs["reason"][k],
                ),
            ]
