from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus, settings

from diffex_cli.errors import IncompleteError, UsageError
from diffex_cli.stages import report, search


def test_the_files_of_a_report(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    ranking = search.run(made, SILENT).ranking
    assert report.plan(made).needed == len(ranking)
    summary = report.run(made, SILENT)
    assert summary.candidates == len(ranking)
    assert summary.warnings == ()
    assert {path.name for path in (made.run / "report").iterdir()} == {"index.html", "ranking.csv", "figure.png"}
    assert all(row.name in summary.html.read_text() for row in ranking)


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
    assert any("changed after the search" in sentence for sentence in report.run(made, SILENT).warnings)
