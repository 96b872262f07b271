from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from diffex_cli.artifacts import tables
from diffex_cli.artifacts.schemas import IMAGES
from diffex_cli.artifacts.tables import last_of_each, make_table, read_provenance, read_table, write_table
from diffex_cli.core.errors import UsageError

ROW = {"image": "ab" * 32, "file": "images/a.png", "source": "a.png", "width": 2, "height": 3, "label": None}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "images.parquet"
    write_table(path, IMAGES, make_table(IMAGES, [ROW]), {"stage": "corpus"})
    return path


def rewrite(path: Path, schema: str | None, drop: str | None = None, **columns: pa.Array) -> None:
    """Write the table again as somebody else might have."""
    table = pq.read_table(path).replace_schema_metadata(None if schema is None else {"diffex.schema": schema})
    for name, column in columns.items():
        table = table.drop_columns([name]).append_column(name, column)
    pq.write_table(table if drop is None else table.drop_columns([drop]), path)


def test_round_trip(file: Path) -> None:
    assert read_table(file, IMAGES).to_pylist() == [ROW]
    assert read_provenance(file) == {"stage": "corpus"}


def test_the_schema_is_in_the_metadata(file: Path) -> None:
    assert pq.read_metadata(file).metadata[b"diffex.schema"] == b"diffex.images/1"


def test_an_empty_table_round_trips(file: Path) -> None:
    write_table(file, IMAGES, make_table(IMAGES, []), {})
    assert read_table(file, IMAGES).num_rows == 0


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (None, r"images\.parquet does not say which schema it follows"),
        ("diffex.images/2", r"images\.parquet was written by a newer diffex .*update diffex"),
        ("diffex.images/0", r"images\.parquet was written by an older diffex"),
        ("diffex.scores/1", r"images\.parquet is 'diffex\.scores/1' where diffex\.images/1 is expected"),
        ("nonsense", r"images\.parquet is 'nonsense' where"),
    ],
)
def test_what_it_does_not_understand_is_refused(file: Path, schema: str | None, sentence: str) -> None:
    rewrite(file, schema)
    with pytest.raises(UsageError, match=sentence):
        read_table(file, IMAGES)


def test_a_missing_column_is_named(file: Path) -> None:
    rewrite(file, "diffex.images/1", drop="width")
    with pytest.raises(UsageError, match=r"images\.parquet lacks the column 'width'"):
        read_table(file, IMAGES)


def test_an_empty_cell_is_refused(file: Path) -> None:
    rewrite(file, "diffex.images/1", source=pa.array([None], pa.string()))
    with pytest.raises(UsageError, match=r"images\.parquet has empty cells in the column 'source'"):
        read_table(file, IMAGES)
    with pytest.raises(ValueError, match="'source'"):
        write_table(file, IMAGES, make_table(IMAGES, [{**ROW, "source": None}]), {})


def test_a_wrong_type_is_refused(file: Path) -> None:
    rewrite(file, "diffex.images/1", width=pa.array(["wide"]))
    with pytest.raises(UsageError, match=r"images\.parquet has a column of the wrong type"):
        read_table(file, IMAGES)


def test_kindred_types_and_further_columns_are_taken(file: Path) -> None:
    rewrite(file, "diffex.images/1", width=pa.array([2], pa.int64()), source=pa.array(["a.png"], pa.large_string()))
    table = pq.read_table(file).append_column("mine", pa.array([1]))
    pq.write_table(table, file)
    assert read_table(file, IMAGES).to_pylist() == [ROW]
    assert read_provenance(file) == {}


@pytest.mark.parametrize("cut", [0, 3, 200, -1])
def test_a_torn_file_is_refused(file: Path, cut: int) -> None:
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(UsageError, match=r"images\.parquet is torn or not a parquet file"):
        read_table(file, IMAGES)
    with pytest.raises(UsageError, match="torn"):
        read_provenance(file)


def test_flipped_bits_are_noticed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[content.index(b"images/a.png")] ^= 1
    file.write_bytes(content)
    with pytest.raises(UsageError, match="torn"):
        read_table(file, IMAGES)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "none.parquet", IMAGES)


@pytest.mark.parametrize("many", [0, 1000])
def test_last_of_each_keeps_order(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MANY", many)
    table = pa.table({"key": ["a", "b", "a", "c"], "value": [1, 2, 3, 4]})
    assert last_of_each(table, ["key"]).to_pydict() == {"key": ["b", "a", "c"], "value": [2, 3, 4]}
