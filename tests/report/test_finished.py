import dataclasses
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from pipeline import N_IMAGES, SILENT, make_corpus
from synthetic_runs import CORPUS, make_run

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.report.finished import read_finished
from diffex_cli.search import search


def test_a_real_run_gives_back_the_changes_behind_its_effects(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", algorithm="exhaustive")
    ranking = search.run(made, SILENT).ranking
    shutil.rmtree(made.run / "edits")  # the scores are enough
    found = read_finished(made.run)
    assert found.ranking == ranking
    assert (found.search.target, found.search.editor.spec, found.search.images) == ("green", "tint:", N_IMAGES)
    assert found.warnings == ()
    for row in ranking:
        one = found.measurements[row.candidate]
        assert set(one.deltas) == set(found.images)
        assert np.mean(list(one.deltas.values())) == pytest.approx(row.effect, abs=1e-9)
        assert (one.low, one.high, one.n, one.matters) == (row.low, row.high, row.n, row.claim == "matters")


def test_without_scores_only_the_ranking_is_known(tmp_path: Path) -> None:
    found = read_finished(make_run(tmp_path / "run", {"hat": [0.1, 0.2]}))
    assert found.measurements["hat"].deltas == pytest.approx({"image-0": 0.1, "image-1": 0.2})
    bare = read_finished(make_run(tmp_path / "bare", {"hat": [0.1, 0.2]}, with_scores=False))
    assert bare.measurements["hat"].deltas == {}
    assert "bare has no scores that fit 1 of its 1 ranked attributes (such as 'hat')" in bare.warnings[0]
    other = read_finished(make_run(tmp_path / "other", {"hat": [0.1, 0.2]}, target="cardinal − jay"))
    assert other.measurements["hat"].deltas == {}


def test_scores_that_are_not_those_of_the_ranking_are_not_used(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", {"hat": [0.1, 0.2], "beak": [1.0, 2.0]})
    run = RunDirectory(path)
    rows = [dataclasses.replace(row, effect=row.effect + (row.candidate == "hat")) for row in run.ranking()]
    run.write_ranking(rows, {})
    found = read_finished(path)
    assert (len(found.measurements["hat"].deltas), len(found.measurements["beak"].deltas)) == (0, 2)
    assert len(found.warnings) == 1


def test_an_attribute_that_left_the_corpus_keeps_its_row(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", {"hat": [0.1, 0.2], "beak": [1.0, 2.0]})
    RunDirectory(path).write_corpus(Corpus("birds", CORPUS.roots[:4]), {})
    assert read_finished(path).measurements["hat"].deltas == {}


def test_failed_edits_are_left_out(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", {"hat": [0.1, 0.2], "beak": [1.0, 2.0, 3.0]})
    found = read_finished(path)
    assert list(found.measurements["hat"].deltas) == ["image-0", "image-1"]
    assert math.isclose(found.measurements["beak"].effect, 2)


def test_what_is_no_finished_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run directory"):
        read_finished(tmp_path / "nowhere")
    with pytest.raises(IncompleteError, match="run `diffex search` first"):
        _ = read_finished(tmp_path).measurements
    path = make_run(tmp_path / "run", {"hat": [0.1, 0.2]}, search={"beam": "many"})
    with pytest.raises(UsageError, match=r"search\.yaml lacks or garbles a key \(beam: a whole number is expected"):
        _ = read_finished(path).measurements
