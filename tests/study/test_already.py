"""Edits of pictures that showed the attribute before are not asked about."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from pipeline import SILENT, make_corpus

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.settings import Settings
from diffex_cli.report.finished import FinishedRun
from diffex_cli.search import search
from diffex_cli.study import already
from diffex_cli.study.already import Sieve


@pytest.fixture
def run(tmp_path: Path) -> FinishedRun:
    """A finished search whose every edit changes all of the picture."""
    made: Settings = make_corpus(tmp_path, editor="tint:strength=0.9", algorithm="exhaustive")
    search.run(made, SILENT)
    return FinishedRun(RunDirectory(made.run))


def single(run: FinishedRun) -> Candidate:
    row = next(row for row in run.ranking if not row.placebo and not row.group)
    return run.candidates[row.candidate]


def change(run: FinishedRun, candidate: Candidate, image: str, share: float) -> None:
    """Let an edit be the original, but for an upper part of the picture that is black or white."""
    edit = run.edit(image, candidate)
    assert edit is not None
    pixels = np.asarray(run.run.picture(run.images[image])).copy()
    rows = round(share * len(pixels))
    pixels[:rows] = np.where(pixels[:rows] < 128, 255, 0)
    file = run.run.save_edited(Image.fromarray(pixels))
    cast(dict[str, EditRow], run.edits)[edit.edit] = dataclasses.replace(edit, file=file)


def test_a_change_far_below_the_usual_one_is_left_out(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate, images = single(run), list(run.images)
    for place, image in enumerate(images):
        change(run, candidate, image, 0.0 if place == 0 else 0.25 if place == 1 else 0.5)
    sieve = Sieve(run)
    assert sieve.worth_asking(candidate).keys() == set(images[1:])
    assert (sieve.left_out.little, sieve.left_out.total, sieve.left_out.edits) == (1, 1, len(images))


def test_edits_that_are_all_alike_are_all_asked_about(run: FinishedRun) -> None:
    candidate = single(run)
    for image in run.images:
        change(run, candidate, image, 0.1)
    assert Sieve(run).worth_asking(candidate).keys() == run.images.keys()


def test_what_is_known_comes_before_what_is_measured(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate, images = single(run), list(run.images)
    for place, image in enumerate(images):
        change(run, candidate, image, 0.0 if place == 0 else 0.5)
    known: dict[str, Any] = {images[0]: False, images[1]: True}
    monkeypatch.setattr(already, "shows_already", lambda image, candidate: known.get(image))
    sieve = Sieve(run)
    assert sieve.worth_asking(candidate).keys() == {*images} - {images[1]}
    assert (sieve.left_out.known, sieve.left_out.little) == (1, 0)
