from pathlib import Path

import numpy as np
import pytest

from diffex_cli.artifacts import writers
from diffex_cli.artifacts.parts import Parts
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.schemas import EDITS
from diffex_cli.artifacts.score_parts import ScoreParts
from diffex_cli.artifacts.writers import EditWriter, ScoreWriter


def edit(key: int, seconds: float = 0.0) -> EditRow:
    return EditRow(str(key), "i", "c", "e", 0, None, "failed", "no reason", 0.0, 0.0, seconds)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path / "edits", EDITS, ["edit"])


def test_quick_edits_share_a_part(parts: Parts) -> None:
    writer = EditWriter(parts, {})
    for key in range(17):
        writer.append(edit(key))
    assert parts.read().num_rows == 16
    writer.flush()
    writer.flush()
    assert parts.read().num_rows == 17
    assert len(parts) == 2


def test_a_slow_edit_is_safe_at_once(parts: Parts) -> None:
    writer = EditWriter(parts, {})
    writer.append(edit(0, seconds=3.0))
    assert parts.read().num_rows == 1


def test_an_edit_does_not_wait_long(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = EditWriter(parts, {})
    monkeypatch.setattr(writer, "wait_a_part", 0.0)
    writer.append(edit(0))
    assert parts.read().num_rows == 1


def test_parts_do_not_pile_up(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "MANY_PARTS", 3)
    writer = EditWriter(parts, {})
    for key in range(10):
        writer.append(edit(key, seconds=2.0))
    assert parts.read().num_rows == 10
    assert len(parts) <= 3


def test_scores_of_every_class(tmp_path: Path) -> None:
    parts = ScoreParts(tmp_path / "scores")
    writer = ScoreWriter(parts, "c", ["finch", "wren"], {})
    writer.append(["a", "b"], ["original", "edit"], np.array([[0.0, 0.0], [0.0, np.log(3.0)]]))
    assert len(parts) == 0
    writer.flush()
    rows = parts.read("c")
    assert [(row.subject, row.kind, row.labels) for row in rows.values()] == [
        ("a", "original", ("finch", "wren")),
        ("b", "edit", ("finch", "wren")),
    ]
    assert [row.probability("wren") for row in rows.values()] == pytest.approx([0.5, 0.75])


def test_parts_of_scores_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "MANY_PARTS", 3)
    parts = ScoreParts(tmp_path / "scores")
    writer = ScoreWriter(parts, "c", ["x"], {})
    monkeypatch.setattr(writer, "wait_a_part", 0.0)
    for key in range(10):
        writer.append([str(key)], ["edit"], np.array([[1.0]]))
    assert len(parts.read("c")) == 10
    assert len(parts) <= 3
