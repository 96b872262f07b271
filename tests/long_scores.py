"""Scores as earlier versions of diffex wrote them, and as other programs may: a row for each picture and class."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from diffex_cli.artifacts.schemas import LONG_SCORES

Cell = tuple[str, str, str, float | None]
"""Subject, classifier, label and logit."""


def write_long(path: Path, cells: Iterable[Cell], without: Sequence[str] = (), kind: str | None = "softmax") -> None:
    """Write a part as a program would that knows nothing but docs/artifacts.md.

    Args:
        without: columns that are left out.
    """
    rows = [
        {"subject": subject, "kind": "edit", "classifier": classifier, "label": label, "logit": logit,
         "probability": None, "output_kind": kind}
        for subject, classifier, label, logit in cells
    ]  # fmt: skip
    schema = pa.schema([field.with_nullable(True) for field in LONG_SCORES.columns])
    table = pa.Table.from_pylist(rows, schema=schema).drop_columns(list(without))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({"diffex.schema": "diffex.scores/1"}), path)
