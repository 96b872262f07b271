"""A score that is not finite costs its picture, in words, and nothing else."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from long_scores import write_long
from pipeline import N_IMAGES, SILENT, ask_until_done, make_corpus

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.measure import edit, score
from diffex_cli.measure.session import Session
from diffex_cli.measure.unusable import unusable
from diffex_cli.report.finished import read_finished
from diffex_cli.report.reading import report_data
from diffex_cli.search import search

MODEL = """\
import numpy as np
from colour_classifier import LABELS, logits as colours

BROKEN = set()


def logits(pictures):
    found = colours(pictures)
    found[[picture.tobytes() in BROKEN for picture in pictures], 1] = np.nan
    return found
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A run with all edits made, and a classifier that gives NaN for the pictures in ``moody_model.BROKEN``."""
    (tmp_path / "moody_model.py").write_text(MODEL)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield make_corpus(tmp_path, classifier="python:moody_model:logits", algorithm="exhaustive", target="green")
    sys.modules.pop("moody_model", None)


def break_(picture: bytes) -> None:
    import moody_model  # type: ignore[import-not-found]

    moody_model.BROKEN.add(picture)


def broken_edit(made: Settings, candidate: str = "shadow") -> str:
    """Let an edit's score be NaN; returns the name of its image."""
    edit.run(made, SILENT)
    session = Session(made)
    row = next(row for row in session.edits.values() if row.candidate == candidate)
    assert session.classifier.labels
    break_(session.run.edited_picture(row).tobytes())
    return session.images[row.image].source


def test_an_edit_is_left_out_and_named_and_not_asked_for_again(made: Settings) -> None:
    source = broken_edit(made)
    told = f"the classifier's scores are not finite on 1 picture, which is left out: the edit 'shadow' of {source}"
    summary = score.run(made, SILENT)
    assert summary.warnings == (told,)
    assert score.run(made, SILENT).scored == 0
    found = search.run(made, SILENT)
    assert found.warnings == (told,)
    n = {row.candidate: row.n for row in found.ranking}
    assert n.pop("shadow") == N_IMAGES - 1
    assert set(n.values()) == {N_IMAGES}
    assert all(math.isfinite(row.effect) for row in found.ranking)
    run = read_finished(made.run)
    assert run.warnings == (told,)
    data = report_data(run)
    assert told in data.warnings
    assert [math.isfinite(pair.delta) for pair in data.pairs["shadow"]].count(False) == 1


def test_the_loop_without_filling_ends(made: Settings) -> None:
    source = broken_edit(made, candidate="edge")
    found = ask_until_done(made)
    assert {row.candidate for row in found.ranking if row.n < N_IMAGES} == {"edge"}
    assert f"the edit 'edge' of {source}" in found.warnings[0]


def test_a_reconstruction_costs_its_image(made: Settings) -> None:
    search.run(made, SILENT)
    session = Session(made)
    base = next(row for row in session.edits.values() if not row.candidate)
    cells = [(base.edit, session.classifier.fingerprint, label, math.nan) for label in ("red", "green", "blue")]
    write_long(made.run / "scores" / "zzz.parquet", cells)
    found = search.run(made, SILENT)
    assert {row.n for row in found.ranking} == {N_IMAGES - 1}
    assert f"the reconstruction of {session.images[base.image].source}" in found.warnings[0]


def test_an_original_is_refused_with_its_name_before_anything_is_edited(made: Settings) -> None:
    session = Session(made)
    assert session.classifier.labels
    key, image = next(iter(session.images.items()))
    break_(session.pictures[key].tobytes())
    assert image.source in score.run(made, SILENT).warnings[0]
    for fill in (True, False):
        with pytest.raises(UsageError) as caught:
            search.run(made, SILENT, fill=fill)
        assert str(caught.value) == (
            "the scores of the classifier python:moody_model:logits are not finite on 1 of the 5 input images "
            f"({image.source}), with which nothing can be compared: take them out and run `diffex corpus` again, or "
            f"mend the classifier, remove {made.run / 'scores'} and run this again"
        )
    assert Session(made).edits == {}


def test_an_attribute_without_any_score_says_why(made: Settings) -> None:
    edit.run(made, SILENT)
    session = Session(made)
    assert session.classifier.labels
    for row in session.edits.values():
        if row.candidate == "edge":
            break_(session.run.edited_picture(row).tobytes())
    found = {row.candidate: row for row in search.run(made, SILENT).ranking}
    assert (found["edge"].n, found["shadow"].n) == (0, N_IMAGES)
    assert found["edge"].reason == "of every edit, it or its reconstruction has a score that is not finite (5 pictures)"


def test_a_null_of_another_program_costs_its_picture(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, algorithm="exhaustive", target="green")
    search.run(made, SILENT)
    session = Session(made)
    row = next(row for row in session.edits.values() if row.candidate == "shadow")
    fingerprint = session.classifier.fingerprint
    cells = [(row.edit, fingerprint, label, None if label == "blue" else 1.0) for label in ("red", "green", "blue")]
    write_long(made.run / "scores" / "zzz.parquet", cells)
    again = search.run(made, SILENT, fill=False)
    assert {one.candidate: one.n for one in again.ranking}["shadow"] == N_IMAGES - 1
    assert "the edit 'shadow' of " in again.warnings[0]
    write_long(made.run / "scores" / "zzzz.parquet", [cells[0]])
    assert row.edit in RunDirectory(made.run).scores(fingerprint).unusable


def test_many_are_counted_and_some_are_named(tmp_path: Path) -> None:
    session = Session(make_corpus(tmp_path))
    session.scores.unusable.update(session.images)
    (told,) = unusable(session.scores, session.images, [("k", "edge", "an image of before")])
    assert told.startswith("the classifier's scores are not finite on 5 pictures, which are left out: ")
    assert told.endswith(" and 2 more")
    assert unusable(session.scores, {}, []) == ()


def test_an_effect_of_scores_in_64_bits_is_still_paired(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, algorithm="exhaustive", target="green")
    search.run(made, SILENT)
    run = RunDirectory(made.run)
    noise = np.random.default_rng(0)
    # as if the search had known more digits than the scores have now
    ranking = [dataclasses.replace(row, effect=row.effect + noise.uniform(-4e-7, 4e-7)) for row in run.ranking()]
    run.write_ranking(ranking, {}, run.search().id)
    assert all(len(one.deltas) == one.n for one in read_finished(made.run).measurements.values())
