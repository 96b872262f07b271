from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pipeline import N_IMAGES, N_ROOTS, SILENT, make_corpus, settings

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.errors import UsageError
from diffex_cli.stages import edit, score

PICTURES = N_IMAGES * (N_ROOTS + 2)


def test_originals_and_edits_with_every_class(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    assert score.run(made, SILENT).scored == N_IMAGES
    edit.run(made, SILENT)
    assert score.plan(made).to_do == PICTURES - N_IMAGES
    summary = score.run(made, SILENT)
    assert (summary.needed, summary.cached, summary.scored) == (PICTURES, N_IMAGES, PICTURES - N_IMAGES)
    (part,) = (made.run / "scores").glob("*.parquet")
    table = pq.read_table(part)
    assert table.num_rows == PICTURES * 3
    assert set(table["kind"].to_pylist()) == {"original", "edit"}
    assert set(table["label"].to_pylist()) == {"red", "green", "blue"}
    assert score.run(made, SILENT).scored == 0


def test_a_torn_part_is_scored_again(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    score.run(made, SILENT)
    (part,) = (made.run / "scores").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:99])
    summary = score.run(made, SILENT)
    assert summary.scored == N_IMAGES
    assert str(part) in summary.warnings[0]


def test_only_this_seeds_edits_are_scored(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    for seed in (0, 1):
        edit.run(settings(tmp_path, seed=seed), SILENT)
    assert score.run(settings(tmp_path), SILENT).needed == PICTURES


def test_a_bad_spec_is_not_remembered(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    before = RunDirectory(made.run).recorded()
    with pytest.raises(UsageError):
        score.run(settings(tmp_path, classifier="pyton:x:y"), SILENT)
    assert RunDirectory(made.run).recorded() == before
