#!/usr/bin/env bash
# pyarrow 26.0.1: two row groups or parts of one Parquet column read as dictionaries have a dictionary each, and
# concat_tables keeps both. unique() merges them by itself; group_by() of the same column raises ArrowNotImplementedError
# "Unifying differing dictionaries" until unify_dictionaries() was called on the table. Seen: exactly this.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "pyarrow==26.0.1"
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

parts = []
for number, attributes in enumerate((["beak", "crest"], ["tail", "crest"])):
    file = Path(sys.argv[1]) / f"part-{number}.parquet"
    pq.write_table(pa.table({"attribute": attributes, "seen": [1.0, 2.0]}), file)
    parts.append(pq.read_table(file, read_dictionary=["attribute"]))
table = pa.concat_tables(parts)
assert table["attribute"].unique().to_pylist() == ["beak", "crest", "tail"]
try:
    table.group_by("attribute").aggregate([("seen", "sum")])
    said = "nothing"
except pa.ArrowNotImplementedError as error:
    said = str(error)
print("group_by:", said)
assert said == "Unifying differing dictionaries", "it groups them now, or refuses in other words"
sums = table.unify_dictionaries().group_by("attribute").aggregate([("seen", "sum")]).to_pydict()
print("after unify_dictionaries:", sums)
assert sums == {"attribute": ["beak", "crest", "tail"], "seen_sum": [1.0, 4.0, 1.0]}
PYTHON
