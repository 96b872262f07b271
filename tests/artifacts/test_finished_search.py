"""What a finished search left, each file read once and only when it is asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from synthetic_runs import CORPUS, make_run

from diffex_cli.artifacts.finished_search import FinishedSearch
from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, directed


def opened(path: Path) -> FinishedSearch:
    return FinishedSearch(RunDirectory(path))


def test_a_file_is_read_once_and_not_before_it_is_asked_for(tmp_path: Path) -> None:
    found = opened(make_run(tmp_path / "run", {"hat": [0.1, 0.2]}))
    (tmp_path / "run" / "images.parquet").unlink()
    assert found.search.target == "cardinal"
    for name in ("search.yaml", "ranking.parquet"):  # which are read together
        (tmp_path / "run" / name).unlink()
    assert found.search.target == found.ranking[0].target == "cardinal"
    with pytest.raises(IncompleteError, match=r"images\.parquet: run `diffex corpus` first"):
        _ = found.images


def test_a_search_without_its_ranking_is_none(tmp_path: Path) -> None:
    found = opened(make_run(tmp_path / "run", {"hat": [0.1, 0.2]}))
    (tmp_path / "run" / "ranking.parquet").unlink()
    with pytest.raises(IncompleteError, match=r"ranking\.parquet: run `diffex search` first"):
        _ = found.search


def test_images_that_were_held_out_are_images_too(tmp_path: Path) -> None:
    found = opened(make_run(tmp_path / "run", {"hat": [0.1, 0.2, 0.3]}, search={"held_out": ["image-1"]}))
    assert list(found.images) == ["image-0", "image-1", "image-2"]
    assert list(found.searched) == ["image-0", "image-2"]
    assert found.search.searched == 2


def test_candidates_are_those_whose_attributes_the_corpus_has(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", {"hat": [0.1], "beak": [1.0], "nape/collar": [0.5], "-crest": [0.2]})
    run = RunDirectory(path)
    together = dataclasses.replace(run.ranking()[0], candidate="beak + -crest")
    run.write_ranking([*run.ranking(), together, dataclasses.replace(together, candidate="beak + gone")], {})
    run.write_corpus(Corpus("birds", CORPUS.roots[:4]), {})
    found = opened(path)
    assert set(found.candidates) == {"beak", "nape/collar", "-crest", "beak + -crest"}
    assert all(candidate.id == id for id, candidate in found.candidates.items())


@pytest.mark.parametrize("direction", ["corpus", "add", "remove"])
def test_keys_are_those_of_the_search(tmp_path: Path, direction: str) -> None:
    found = opened(make_run(tmp_path / "run", {"hat": [0.1]}, seed=3))
    for node in directed(CORPUS, direction).walk():  # type: ignore[arg-type]
        candidate: Candidate = node.candidate
        assert found.key("image-0", candidate) == edit_key("image-0", candidate, "tint:/1", 3)
    assert found.key("image-0", RECONSTRUCTION) in found.scores
    assert found.edit("image-0", RECONSTRUCTION) is None
