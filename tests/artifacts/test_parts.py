from pathlib import Path

import pytest

from diffex_cli.artifacts import parts as module
from diffex_cli.artifacts.parts import Parts
from diffex_cli.artifacts.schemas import IMAGES
from diffex_cli.artifacts.tables import make_table, read_provenance


def table(*rows: tuple[str, str]) -> object:
    made = [{"image": key, "file": "f", "source": source, "width": 1, "height": 1} for key, source in rows]
    return make_table(IMAGES, made)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path / "parts", IMAGES, ["image"])


def sources(parts: Parts) -> dict[str, str]:
    return {row["image"]: row["source"] for row in parts.read().to_pylist()}


def test_nothing_is_an_empty_table(parts: Parts) -> None:
    assert parts.read().num_rows == 0
    assert len(parts) == 0
    parts.merge({})


def test_the_last_part_wins(parts: Parts) -> None:
    parts.write(table(("a", "old"), ("b", "old")), {})
    parts.write(table(("a", "new")), {})
    assert sources(parts) == {"a": "new", "b": "old"}


def test_merging_keeps_the_rows_and_the_origins(parts: Parts, tmp_path: Path) -> None:
    parts.write(table(("a", "old"), ("b", "old")), {"stage": "edit", "created": "1"})
    parts.write(table(("a", "new")), {"stage": "edit", "created": "2"})
    parts.write(table(("c", "new")), {"stage": "search", "created": "3"})
    parts.merge({"stage": "search"})
    assert sources(parts) == {"a": "new", "b": "old", "c": "new"}
    (file,) = (tmp_path / "parts").iterdir()
    assert [origin["stage"] for origin in read_provenance(file)["merged"]] == ["edit", "search"]
    parts.write(table(("d", "new")), {"stage": "score"})
    parts.merge({})
    (file,) = (tmp_path / "parts").iterdir()
    assert [origin["stage"] for origin in read_provenance(file)["merged"]] == ["edit", "search", "score"]


def test_a_single_part_is_left_alone(parts: Parts) -> None:
    path = parts.write(table(("a", "x")), {})
    parts.merge({})
    assert path.exists()


def test_a_torn_part_is_left_out_and_left_alone(parts: Parts) -> None:
    good = [parts.write(table((key, "good")), {}) for key in "ab"]
    torn = parts.write(table(("c", "lost")), {})
    torn.write_bytes(torn.read_bytes()[:50])
    (torn.parent / ".hidden.parquet.1-2.tmp").write_bytes(b"half")
    assert sources(parts) == {"a": "good", "b": "good"}
    assert len(parts.warnings) == 1
    assert str(torn) in parts.warnings[0]
    parts.merge({})
    assert torn.exists()
    assert not any(path.exists() for path in good)
    assert sources(parts) == {"a": "good", "b": "good"}


def test_a_merge_meanwhile_loses_no_reader_a_row(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in "ab":
        parts.write(table((key, "x")), {})
    read, merged = module.read_table, []

    def read_while_another_merges(path: Path, schema: object) -> object:
        if not merged:
            merged.append(True)
            Parts(path.parent, IMAGES, ["image"]).merge({})
        return read(path, schema)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "read_table", read_while_another_merges)
    assert sources(parts) == {"a": "x", "b": "x"}
    assert parts.warnings == []
