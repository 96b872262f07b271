"""What could not be edited has no effect but a reason, and a search that measured nothing is an error."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pipeline import N_IMAGES, SILENT, make_corpus

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import DiffexError
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.tint import TintEditor
from diffex_cli.search import search

WHOLE = TintEditor.edit


def fail(monkeypatch: pytest.MonkeyPatch, broken: Callable[[EditRequest], str | None]) -> None:
    """Let the editor fail for the reason that ``broken`` gives; ``None`` for an edit that works."""

    def edit(
        self: TintEditor, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for result, request in zip(WHOLE(self, images, requests, seed), requests, strict=True):
            reason = broken(request)
            yield result if reason is None else EditResult(request.key, "failed", None, 0.0, reason)

    monkeypatch.setattr(TintEditor, "edit", edit)


def only_edge(request: EditRequest) -> str | None:
    return "no edge" if request.candidate.id == "edge" else None


@pytest.mark.parametrize("changes", [{}, {"algorithm": "exhaustive"}, {"racing": True}, {"algorithm": "paper"}])
def test_an_attribute_whose_edits_all_failed_has_a_reason_and_no_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    fail(monkeypatch, only_edge)
    made = make_corpus(tmp_path, target="green", **changes)
    summary = search.run(made, SILENT)
    row = next(row for row in summary.ranking if row.candidate == "edge")
    assert math.isnan(row.effect)
    assert math.isnan(row.influence)
    n = N_IMAGES if not changes.get("racing") else row.images
    assert row.reason == f"all {n} edits failed, most often because: no edge"
    assert (row.n, row.passed, row.p_value, row.p_corrected) == (0, False, None, None)
    entry = RunDirectory(made.run).search().tried["edge"]
    assert (entry.effect, entry.reason) == (None, row.reason)


def test_so_it_has_for_every_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, only_edge)
    made = make_corpus(tmp_path, target="all")
    search.run(made, SILENT)
    of_all = RunDirectory(made.run).ranking_of_all()
    assert of_all is not None
    assert {row.reason for row in of_all if row.candidate == "edge"} == {
        f"all {N_IMAGES} edits failed, most often because: no edge"
    }


def test_a_set_that_cannot_be_edited_has_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, lambda request: "too much at once" if len(request.candidate.terms) > 1 else None)
    summary = search.run(make_corpus(tmp_path, target="green", joint=2, delta=0.0), SILENT)
    sets = [row for row in summary.ranking if " + " in row.candidate]
    assert {row.reason for row in sets} == {f"all {N_IMAGES} edits failed, most often because: too much at once"}


@pytest.mark.parametrize("changes", [{}, {"algorithm": "exhaustive"}, {"racing": True}, {"max_edits": 60}])
def test_a_search_whose_edits_all_failed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    def broken(request: EditRequest) -> str | None:
        # the placebo alone works
        if not request.candidate.terms or request.candidate.id == "nothing":
            return None
        return "rare" if request.candidate.id == "shadow" else "out of memory"

    fail(monkeypatch, broken)
    made = make_corpus(tmp_path, target="green", **changes)
    sentence = r"with --editor tint: all \d+ edits failed, most often because: out of memory"
    with pytest.raises(DiffexError, match=sentence) as caught:
        search.run(made, SILENT)
    assert caught.value.exit_code == 1
    run = RunDirectory(made.run)
    assert not (made.run / "ranking.parquet").exists()
    assert not (made.run / "search.yaml").exists()
    assert any(row.status == "failed" for row in run.edits().values())


def test_when_all_reconstructions_failed_nothing_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, lambda request: None if request.candidate.terms else "cannot invert")
    made = make_corpus(tmp_path, target="green")
    sentence = f"all {N_IMAGES} reconstructions failed, most often because: cannot invert"
    with pytest.raises(DiffexError, match=sentence):
        search.run(made, SILENT)
    assert not (made.run / "ranking.parquet").exists()


def test_when_of_every_pair_one_failed_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: EditRequest) -> str | None:
        bad = request.image == first[0]
        return "odd picture" if bad == (not request.candidate.terms) else None

    first: list[str] = []
    made = make_corpus(tmp_path, target="green")
    first += [image.image for image in RunDirectory(made.run).images()][:1]
    fail(monkeypatch, broken)
    with pytest.raises(DiffexError, match="of every edit, it or its reconstruction failed, most often because: odd"):
        search.run(made, SILENT)


def test_an_earlier_ranking_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_corpus(tmp_path, target="green")
    search.run(made, SILENT)
    before = {name: (made.run / name).read_bytes() for name in ("ranking.parquet", "search.yaml")}
    fail(monkeypatch, lambda request: "broken" if request.candidate.terms else None)
    with pytest.raises(DiffexError, match="all 15 edits failed"):
        search.run(dataclasses.replace(made, seed=1), SILENT)
    assert {name: (made.run / name).read_bytes() for name in before} == before


def test_an_editor_that_cannot_screen_leaves_it_to_the_other_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_corpus(tmp_path, target="green", screen="tint::strength=0.2")
    cheap = search.Session(dataclasses.replace(made, editor=made.screen)).editor_fingerprint

    def edit(
        self: TintEditor, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for result, request in zip(WHOLE(self, images, requests, seed), requests, strict=True):
            broken = self.fingerprint == cheap and request.candidate.terms
            yield EditResult(request.key, "failed", None, 0.0, "weak") if broken else result

    monkeypatch.setattr(TintEditor, "edit", edit)
    summary = search.run(made, SILENT)
    assert any(row.n for row in summary.ranking)
    screening = RunDirectory(made.run).search().screening
    assert screening is not None
    assert {one.reason for one in screening.candidates} == {f"all {N_IMAGES} edits failed, most often because: weak"}
