"""Racing on the panel: the table of what it saves."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures import rows
from truth_tables import FEW

from benchmarks.truth.pictures import Rendered, Wanted
from benchmarks.truth.savings import candidates, savings, savings_table
from benchmarks.truth.scores import fill
from benchmarks.truth.subjects import open_subjects, sample_images
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds.panel.members import PANEL
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import RECONSTRUCTION

BIRDS = corpus_yaml.read_corpus(domains.corpus_file("birds"))


def test_as_many_candidates_as_asked_for_each_once() -> None:
    for count in (5, 40, 100):
        chosen = candidates(BIRDS, count)
        assert len(chosen) == len({one.id for one in chosen}) == count
        assert chosen == candidates(BIRDS, count)
    assert sum(len(one.terms) == 2 for one in candidates(BIRDS, 100)) == 100 - 45
    assert 0 < len(candidates(FEW, 100)) < 100


def test_what_is_strong_is_found_for_fewer_edits(tmp_path: Path) -> None:
    subjects, _ = open_subjects({"single-snow": PANEL["single-snow"]}, tmp_path)
    subject, images, renderer = subjects["single-snow"], sample_images(8), Rendered()
    wanted = candidates(FEW, 40)
    edits = [Wanted(image, one) for image in images for one in (RECONSTRUCTION, *wanted)]
    fill([subject.scores], renderer, edits, "test")
    found = savings(subject, renderer, wanted, images)
    assert found.recall == 1
    assert found.share < 1


def test_the_table_has_a_row_for_every_kind_and_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.truth.savings.TRIALS", 2)
    subjects, _ = open_subjects({"null-constant": PANEL["null-constant"]}, tmp_path)
    page = rows(savings_table(list(subjects.values()), FEW, sample_images(4)))
    assert [cells[0] for cells in page[-6:]] == ["null"] * 2 + ["simulated, heavy"] * 2 + ["simulated, laplace"] * 2
    assert page[-6][5] == "–"
