"""Searches of which a verifier sees the edits whose readings are no probabilities."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pipeline import SILENT, settings

from diffex_cli.artifacts.review import read_review
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.birds.editor import RenderEditor
from diffex_cli.birds.meanings import MEANINGS
from diffex_cli.birds.verifier import ProbeVerifier
from diffex_cli.core.errors import IncompleteError
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.opened import OpenedEditor
from diffex_cli.measure import edit, score, verify
from diffex_cli.measure.calibration import AS_READ, PLACEBOS, of_last_search
from diffex_cli.measure.reviewed import as_taken
from diffex_cli.measure.session import Backends
from diffex_cli.report.finished import read_finished
from diffex_cli.report.reading import read_report_data
from diffex_cli.search import search
from diffex_cli.study.review import making
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier

HIERARCHY = """\
schema: diffex.corpus/1
domain: birds
nodes:
- name: crest
  children: [{name: tall crest}, {name: short crest}, {name: no crest}]
- name: tail shape
  children: [{name: long tail}, {name: forked tail}, {name: short tail}]
- name: hat
  placebo: true
"""
CREST = "birds:panel-single-no-tall-crest"
"""−3 where the crest is tall; nothing else counts."""


class Shy:
    """The probe, which says 0.55 for never and 0.75 for certainly."""

    costs = False
    calibrated = False
    fingerprint = "shy"

    def __init__(self) -> None:
        self._probe = ProbeVerifier("cpu")

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        return self._probe.exclusive(attributes)

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        return 0.55 + 0.2 * self._probe.seen(sights, attributes)


class Sure(Shy):
    calibrated = True


class Smudging(RenderEditor):
    """Every edit has another grain, so that a placebo changes readings a little."""

    fingerprint = "smudging"

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for one, request in zip(super().edit(images, requests, seed), requests, strict=True):
            assert one.image is not None
            grain = np.random.default_rng(len(request.candidate.id)).normal(0, 3, (*one.image.size[::-1], 3))
            noisy = Image.fromarray((np.asarray(one.image) + grain).clip(0, 255).astype(np.uint8))
            yield EditResult(one.key, one.status, noisy, 0.0)


def made(root: Path, n_images: int = PLACEBOS + 2, **changes: Any) -> Settings:
    values = {"domain": "birds", "images": None, "n_images": n_images, "editor": "render:birds", "classifier": CREST}
    (root / "hierarchy.yaml").write_text(HIERARCHY)
    found = settings(
        root, **{**values, "target": "yes", "algorithm": "exhaustive", "verifier": "object:shy", **changes}
    )
    corpus.run(found, SILENT)
    return found


def run(of: Settings, verifier: type[Shy] = Shy, editor: type[RenderEditor] = Smudging) -> search.SearchSummary:
    backends = Backends(editor=editor(parse_spec("render:birds")), verifier=verifier())
    return search.run(of, SILENT, backends=backends)


@pytest.fixture(scope="module")
def shy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, search.SearchSummary]:
    of = made(tmp_path_factory.mktemp("shy"))
    return of, run(of)


def test_what_is_shown_already_is_found_out_of_the_readings(shy: tuple[Settings, search.SearchSummary]) -> None:
    of, summary = shy
    tall = next(row for row in summary.ranking if row.name == "tall crest")
    birds, images = samples.records(), [image.image for image in RunDirectory(of.run).images()]
    assert tall.shown == sum(birds[image].crest == "tall" for image in images)
    assert tall.landed == 1.0
    assert summary.best == tall.candidate
    assert tall.effect < -1
    assert summary.warnings == ()


def test_people_are_asked_about_what_the_search_took_for_seen(shy: tuple[Settings, search.SearchSummary]) -> None:
    of, _ = shy
    backends = Backends(editor=Smudging(parse_spec("render:birds")), verifier=Shy())
    making.make_page(of, 24, backends)
    review = read_review(of.run, Shy.fingerprint)
    assert review is not None
    assert min(item.probability for item in review.items) > 0.5, "taken as they are, all would be seen"
    originals = [item for item in review.items if item.subject in samples.records()]
    assert {item.seen for item in originals} == {True, False}
    for item in originals:
        ((attribute, value),) = MEANINGS[item.words]
        assert item.seen == (samples.records()[item.subject].value(attribute) == value)
    taken = as_taken(as_taken(review, AS_READ), of_last_search(RunDirectory(of.run), Shy.fingerprint))
    assert taken == review
    assert of_last_search(RunDirectory(of.run), "another") == AS_READ


def test_taken_as_it_is_it_sees_everything_everywhere(tmp_path: Path) -> None:
    summary = run(made(tmp_path), Sure)
    assert {row.shown for row in summary.ranking if not row.placebo} == {PLACEBOS + 2}
    assert {row.effect for row in summary.ranking if not row.placebo} == {0.0}


def test_the_calibration_is_kept_with_the_result(shy: tuple[Settings, search.SearchSummary]) -> None:
    of, _ = shy
    kept = RunDirectory(of.run).search().calibration
    assert kept is not None
    assert kept.placebos == PLACEBOS + 2
    scales = {one.attribute: one for one in kept.scales}
    assert 0.58 < scales["crest/tall-crest"].threshold < 0.72
    assert scales["crest/tall-crest"].width < 0.5
    read = read_finished(of.run)
    assert read.calibration.placebos == PLACEBOS + 2
    assert read.calibration.probability("crest/tall-crest", 0.75) > 0.9
    assert read.calibration.probability("crest/tall-crest", 0.55) < 0.1


def test_a_second_time_it_finds_the_same_calibration(shy: tuple[Settings, search.SearchSummary]) -> None:
    of, first = shy
    again = run(of)
    assert (again.made, again.up_to_date, again.ranking) == (0, True, first.ranking)


@pytest.mark.parametrize("changes", [{"n_images": PLACEBOS - 1}, {"max_edits": 60}])
def test_too_few_placebos_are_told(tmp_path: Path, changes: dict[str, Any]) -> None:
    of = made(tmp_path, **{"algorithm": "beam", **changes})
    there = 0 if "max_edits" in changes else PLACEBOS - 1
    said = f"placebo edits that it has looked at, and there are {there}: an attribute counts as seen from 0.5 on"
    assert any(said in one for one in run(of).warnings)
    assert any(said in one for one in read_report_data(of.run).warnings)
    kept = RunDirectory(of.run).search().calibration
    assert kept is not None
    assert (kept.placebos, kept.scales) == (there, ())


def test_the_loop_without_filling_calibrates_the_same(
    shy: tuple[Settings, search.SearchSummary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffex_cli.measure.session.open_verifier", lambda *_: OpenedVerifier(Shy(), "object:shy"))
    smudging = OpenedEditor(Smudging(parse_spec("render:birds")), "object:smudging")
    monkeypatch.setattr("diffex_cli.measure.session.open_editor", lambda *_: smudging)
    of = made(tmp_path)
    for _ in range(8):
        try:
            found = search.run(of, SILENT, fill=False)
            break
        except IncompleteError:
            edit.run(of, SILENT, requests=True)
            score.run(of, SILENT)
            verify.run(of, SILENT)
    calibrations = [RunDirectory(one.run).search().calibration for one in (of, shy[0])]
    assert calibrations[0] == calibrations[1] is not None
    # the size of a batch changes a logit's last bits
    expected = {row.candidate: (row.shown, row.landed, pytest.approx(row.effect, abs=1e-3)) for row in shy[1].ranking}
    assert {row.candidate: (row.shown, row.landed, row.effect) for row in found.ranking} == expected
