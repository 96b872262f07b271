#!/usr/bin/env bash
# pyarrow 26.0.1 beside pandas 3.1.1: pa.array() of a plain list, which has nothing to do with pandas, imports pandas. A
# short command that only makes or filters a table pays for that import. Reading a file with ParquetFile and to_pylist()
# do not load it. Seen: pandas loaded False before, True after pa.array.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "pyarrow==26.0.1" "pandas==3.1.1"
"$folder/venv/bin/python" - "$folder/table.parquet" <<'PYTHON'
import sys

import pyarrow as pa
import pyarrow.parquet as pq

schema = pa.schema([("key", pa.string())])
pq.write_table(pa.Table.from_batches([], schema=schema), sys.argv[1])
pq.ParquetFile(sys.argv[1]).read()["key"].to_pylist()
before = "pandas" in sys.modules
pa.array([1, 2, 3])
after = "pandas" in sys.modules
print("pandas loaded", before, "before,", after, "after pa.array")
assert (before, after) == (False, True), "it is loaded at another moment now"
PYTHON
