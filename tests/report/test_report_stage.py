import dataclasses
import json
from pathlib import Path

import pytest
from pipeline import N_IMAGES, SILENT, make_corpus, settings
from synthetic_runs import deltas, make_run

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.report import report
from diffex_cli.report.reading import read_report_data
from diffex_cli.search import search


def test_the_files_of_a_report(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    ranking = search.run(made, SILENT).ranking
    assert report.plan(made).needed == len(ranking)
    summary = report.run(made, SILENT)
    assert summary.candidates == len(ranking)
    assert summary.warnings == ()
    files = {"index.html", "ranking.csv", "edits.csv", "report.json", "figure.png"}
    assert {path.name for path in (made.run / "report").iterdir()} == files
    assert all(row.name in summary.html.read_text() for row in ranking)
    assert summary.assets is None
    assert summary.size == summary.html.stat().st_size


def test_without_a_search_there_is_none(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(IncompleteError, match="run `diffex search` first"):
        report.run(made, SILENT)
    with pytest.raises(IncompleteError, match="run `diffex search` first"):
        report.plan(made)


def test_other_settings_than_the_searchs_are_refused(tmp_path: Path) -> None:
    search.run(make_corpus(tmp_path), SILENT)
    with pytest.raises(UsageError, match=r"the last search had --delta 0\.05, not 0\.5: run `diffex search`"):
        report.run(settings(tmp_path, delta=0.5), SILENT)
    with pytest.raises(UsageError, match="--target"):
        report.run(settings(tmp_path, target="nobody"), SILENT)


def test_a_changed_hierarchy_is_told(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    search.run(made, SILENT)
    file = made.run / "corpus.yaml"
    file.write_text(file.read_text().replace("id: shadow", "id: dusk"))
    with pytest.raises(UsageError, match=r"\(corpus.yaml changed\): run `diffex search --run .*` again"):
        report.run(made, SILENT)
    assert not (made.run / "report").exists()
    # a file of an earlier version has no digests
    run = RunDirectory(made.run)
    run.write_search(dataclasses.replace(run.search(), corpus_sha256=None, images_sha256=None))
    assert any("changed after the search" in sentence for sentence in report.run(made, SILENT).warnings)


def test_the_data_of_a_search_is_complete(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    ranking = search.run(made, SILENT).ranking
    data = report.read(made)
    evidence = data.evidence
    assert len(evidence.images) == N_IMAGES
    assert set(evidence.edits) == {"", *(row.candidate for row in ranking)}
    assert all(edit.edit in evidence.scores for some in evidence.edits.values() for edit in some.values())
    for row in ranking:
        pairs = data.pairs[row.candidate]
        assert sum(pair.delta for pair in pairs) / len(pairs) == pytest.approx(row.effect)
    steps = [step for level in data.levels for step in level.steps]
    assert {step.candidate for step in steps} == {row.candidate for row in ranking}
    assert all(step.reach >= abs(step.effect) - 1e-9 for step in steps)


def test_a_page_that_would_be_too_large_says_where_its_pictures_are(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    search.run(made, SILENT)
    summary = report.run(made, SILENT, max_size=0)
    assert summary.assets == made.run / "report" / "assets"
    assert len(list(summary.assets.iterdir())) == summary.pictures
    assert any("larger than 0 MB" in text and str(summary.assets) in text for text in summary.warnings)
    assert any("its words and numbers alone take that much" in text for text in summary.warnings)
    # what the page warns of is about the results alone
    shown = json.loads(summary.data.read_text())["overview"]["warnings"]
    assert not any("larger than" in segment["text"] for text in shown for segment in text)


def test_a_report_without_a_search_of_this_version(tmp_path: Path) -> None:
    """Without the newer columns and keys, without scores, and without a single picture."""
    level = {"depth": 0, "candidates": [{"candidate": "beak", "influence": 1.0, "status": "kept"}]}
    path = make_run(
        tmp_path / "old",
        {"beak": deltas(1.0, 0.2), "tail": deltas(0.01, 0.2)},
        with_scores=False,
        search={"levels": [level]},
    )
    data = read_report_data(path)
    assert data.levels[0].steps[0].name == "beak"
    assert data.evidence.scores == {}
    summary = report.run(Settings(run=path, classifier="birds:shortcut", editor="tint:"), SILENT)
    shown = json.loads(summary.data.read_text())
    assert not shown["judged"]
    assert [one["pairs"]["available"] for one in shown["attributes"]] == [0, 0]
    assert [one["effect"] for one in shown["attributes"]] == [1.0, 0.01]


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run directory"):
        read_report_data(tmp_path / "nowhere")


@pytest.mark.parametrize("stages", ["[1]", "{edit: 3}"])
def test_a_garbled_record_of_the_stages_is_told(tmp_path: Path, stages: str) -> None:
    path = make_run(tmp_path / "run", {"beak": [0.1, 0.2]})
    (path / "run.yaml").write_text(f"schema: diffex.run/1\nsettings: {{}}\nstages: {stages}\n")
    with pytest.raises(UsageError, match=r"run\.yaml lacks or garbles a key \(stages"):
        read_report_data(path)
