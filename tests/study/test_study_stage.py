"""Studies about real runs: made, answered by a model, analysed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pipeline import SILENT, make_corpus

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.search import search
from diffex_cli.study import analyse as study_analysing
from diffex_cli.study import make as study
from diffex_cli.study.choosing import MANY
from diffex_cli.study.page import read_page
from diffex_cli.study.study import read_study


@pytest.fixture
def searched(tmp_path: Path) -> Settings:
    """A finished search of everything, with pairs."""
    made = make_corpus(tmp_path, algorithm="exhaustive", joint=2, beam=9, delta=0.0, accept="larger")
    search.run(made, SILENT)
    return made


def make(run: Path, kind: Any, **more: Any) -> study.StudyMade:
    return study.make(run, study.StudyOptions(kind, **more), SILENT)


def test_a_study_of_quality(searched: Settings) -> None:
    made = make(searched.run, "quality", attributes=3, per_attribute=2)
    key, page = read_study(made.key), read_page(made.page)
    assert made.page == searched.run / "study" / "quality" / "page.html"
    assert (made.items, made.per_participant, made.attributes) == (6, 6, 3)
    assert made.size == made.page.stat().st_size
    assert (key.id, key.domain, key.turns) == (page.study, "shapes", 1)
    assert [item.id for item in key.items] == [item.id for item in page.items]
    run = RunDirectory(searched.run)
    rows = {row.candidate: row for row in run.ranking()}
    edits = run.edits()
    for item, shown in zip(key.items, page.items, strict=True):
        assert not rows[item.candidate].placebo
        assert shown.words == rows[item.candidate].name
        assert (edits[item.edit].image, edits[item.edit].candidate) == (item.image, item.candidate)
        assert edits[item.edit].status == "ok"
        assert len(set(shown.pictures)) == 2


def test_the_same_wish_gives_the_same_page(searched: Settings, tmp_path: Path) -> None:
    first = make(searched.run, "quality")
    text = first.page.read_text()
    assert make(searched.run, "quality").study == first.study
    assert first.page.read_text() == text
    assert make(searched.run, "quality", seed=1, out=tmp_path / "other").study != first.study


def test_a_study_that_may_be_out_is_not_overwritten(searched: Settings, tmp_path: Path) -> None:
    first = make(searched.run, "quality")
    with pytest.raises(UsageError, match=r"holds another study, which participants may have answered.*--out"):
        make(searched.run, "quality", seed=1)
    assert read_study(first.key).id == first.study


def test_a_joint_study_has_sets_and_their_parts(searched: Settings) -> None:
    key = read_study(make(searched.run, "joint").key)
    sets = [item for item in key.items if item.size > 1]
    parts = {part for item in sets for part in item.candidate.split(" + ")}
    assert {item.size for item in key.items} == {1, 2}
    assert all(1 < item.size < MANY for item in sets)
    assert {item.candidate for item in key.items if item.size == 1} <= parts


def test_a_joint_study_needs_sets(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    search.run(made, SILENT)
    with pytest.raises(UsageError, match="run `diffex search --joint 4` first"):
        make(made.run, "joint")


@pytest.mark.parametrize("more", [{"heatmap": "occlusion"}, {}], ids=["occlusion", "none"])
def test_identify_shows_every_method(searched: Settings, more: dict[str, Any]) -> None:
    made = make(searched.run, "identify", attributes=2, **more)
    key, page = read_study(made.key), read_page(made.page)
    methods = {"words", "picture", *(["heatmap"] if more else [])}
    assert (key.turns, {item.method for item in key.items}) == (len(methods), methods)
    assert key.heat == ("occlusion" if more else "")
    for item, shown in zip(key.items, page.items, strict=True):
        assert len(shown.pictures) == (3 if item.method == "heatmap" else 2)
        assert shown.words == (item.name if item.method == "words" else "")
        assert item.options[0] == item.name
        assert shown.options == tuple(sorted(item.options))  # the right one is not told by its place


def test_identify_takes_heat_maps_from_a_folder(searched: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "heat"
    folder.mkdir()
    with pytest.raises(UsageError, match=r"--heatmaps: the heat map .*\.png is missing or cannot be read"):
        make(searched.run, "identify", attributes=1, heatmaps=folder)
    for key in RunDirectory(searched.run).edits():
        Image.new("L", (4, 4), 255).save(folder / f"{key[:16]}.png")
    made = make(searched.run, "identify", attributes=1, heatmaps=folder)
    assert read_study(made.key).heat == "heat"
    assert any(len(item.pictures) == 3 for item in read_page(made.page).items)


def test_gradcam_of_a_black_box_names_the_way_out(searched: Settings) -> None:
    with pytest.raises(UsageError, match="use --heatmap occlusion"):
        make(searched.run, "identify", attributes=1, heatmap="gradcam")


def test_edits_that_changed_nothing_are_told_and_left_out(searched: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunDirectory(searched.run)
    parts = list(run.edits().values())
    idle = next(row.edit for row in parts if row.candidate == "shadow")
    kept = RunDirectory.edits

    def edits(self: RunDirectory, editor: str | None = None) -> Any:
        rows = kept(self, editor)
        object.__setattr__(rows[idle], "status", "no-op")
        return rows

    monkeypatch.setattr(RunDirectory, "edits", edits)
    made = make(searched.run, "quality", per_attribute=4)
    assert idle not in {item.edit for item in read_study(made.key).items}
    assert (made.left_out.unchanged, made.left_out.total) == (1, 1)
    (told,) = [text for text in made.warnings if text.startswith("Not asked about: 1 of")]
    assert "1 because nothing changed" in told
    assert read_study(made.key).provenance["settings"]["left_out_because"]["unchanged"] == 1


def test_without_a_search_there_is_no_study(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(IncompleteError, match="run `diffex search` first"):
        make(made.run, "quality")
    with pytest.raises(UsageError, match="there is no run directory"):
        make(tmp_path / "nowhere", "quality")


def test_heat_maps_go_with_identify(searched: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--heatmaps goes with --kind identify, not with quality"):
        make(searched.run, "quality", heatmaps=tmp_path)


def _answered(key: Path, file: Path, participant: str) -> Path:
    made = read_study(key)
    content = {
        "schema": "diffex.answers/1",
        "study": made.id,
        "kind": made.kind,
        "participant": participant,
        "rater": {"kind": "person"},
        "complete": True,
        "answers": {item.id: {"quality": 5, "disentanglement": 4} for item in made.items},
    }
    file.write_text(json.dumps(content))
    return file


def test_a_study_is_found_beside_its_answers_in_the_run_or_by_name(searched: Settings, tmp_path: Path) -> None:
    made = make(searched.run, "quality")
    nowhere = tmp_path / "nowhere"
    away = _answered(made.key, tmp_path / "ann.json", "ann")
    beside = _answered(made.key, made.key.parent / "bob.json", "bob")
    assert study_analysing.read_and_analyse([away], [], searched.run).findings[0].study == made.study
    assert study_analysing.read_and_analyse([away, beside], [], nowhere).findings[0].study == made.study
    for named in (made.key, made.key.parent):
        assert study_analysing.read_and_analyse([away], [named], nowhere).findings[0].study == made.study
    with pytest.raises(UsageError, match=r"answers the study .* of which there is no study\.json.*--study"):
        study_analysing.read_and_analyse([away], [], nowhere)
