"""A ranking that was not made from what the run holds now is told by no command; the search makes it anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from pipeline import SILENT, make_corpus, settings
from typer.testing import CliRunner, Result

from diffex_cli.artifacts.keys import corpus_digest, images_digest
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.corpus import corpus
from diffex_cli.measure import edit
from diffex_cli.report.finished import read_finished
from diffex_cli.search import search

READERS = (
    ("report", "--run", "run"),
    ("report", "--run", "run", "--terminal"),
    ("report", "run", "--table", "csv"),
    ("report", "run", "--figures", "--out", "drawn"),
    ("compare", "other", "run"),
    ("check", "run", "--forbid", "edge"),
    ("check", "other", "--against", "run"),
    ("study", "make", "--run", "run", "--kind", "quality"),
    ("search", "--run", "run", "--explain", "edge"),
)
N_IMAGES = 3


@pytest.fixture(autouse=True)
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs, ``run`` and ``other``, with finished searches."""
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    make_corpus(tmp_path, n_images=N_IMAGES)
    search.run(settings(tmp_path), SILENT)
    other = settings(tmp_path, run=tmp_path / "other", n_images=N_IMAGES)
    corpus.run(other, SILENT)
    search.run(other, SILENT)


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def rename(root: Path) -> None:
    file = root / "run" / "corpus.yaml"
    file.write_text(file.read_text().replace("name: shadow", "name: dark shadow"))


def add_images(root: Path) -> None:
    corpus.run(settings(root), SILENT)


def name_another_editor(root: Path) -> None:
    edit.run(settings(root, editor="tint::strength=0.5"), SILENT)


CHANGES = {
    "corpus.yaml changed": rename,
    "images.parquet changed": add_images,
}


@pytest.mark.parametrize("sentence", CHANGES)
def test_every_reader_refuses_and_a_search_mends_it(tmp_path: Path, sentence: str) -> None:
    CHANGES[sentence](tmp_path)
    for command in READERS:
        result = diffex(*command)
        assert (result.exit_code, result.stdout) == (2, ""), command
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        assert f"in run was not made from what the run holds now ({sentence}): " in result.stderr
        assert result.stderr.endswith(": run `diffex search --run run` again\n")
    assert not (tmp_path / "run" / "report").exists()
    assert not (tmp_path / "run" / "study").exists()
    assert not (tmp_path / "drawn").exists()
    assert diffex("search", "--run", "run").exit_code == 0
    assert diffex("search", "--run", "run", "--explain", "edge").exit_code == 0
    assert diffex("report", "--run", "run", "-q").exit_code == 0


def test_readers_go_by_the_finished_search_whatever_was_named_since(tmp_path: Path) -> None:
    def told() -> list[tuple[int, str]]:
        return [(result.exit_code, result.stdout) for result in (diffex(*words) for words in READERS)]

    told()  # the first study and report are written
    before = told()
    name_another_editor(tmp_path)
    file = tmp_path / "run" / "run.yaml"
    recorded = yaml.safe_load(file.read_text())
    recorded["settings"] |= {"classifier": "birds:species", "target": "blue", "beam": 7, "seed": 3}
    file.write_text(yaml.safe_dump(recorded))
    assert told() == before
    Path("other.yaml").write_text("beam: 7")
    result = diffex("report", "--run", "run", "--config", "other.yaml")
    assert (result.exit_code, "the last search had --beam 2, not 7" in result.stderr) == (2, True)


def test_what_changes_no_result_is_accepted(tmp_path: Path) -> None:
    run = tmp_path / "run"
    file = run / "corpus.yaml"
    file.write_text(f"# looked at\n{file.read_text()}")
    read_finished(run)
    search_file = run / "search.yaml"
    document = yaml.safe_load(search_file.read_text())
    assert document["corpus_sha256"] == corpus_digest(RunDirectory(run).corpus())
    assert document["images_sha256"] == images_digest(image.image for image in RunDirectory(run).images())
    # a file of an earlier version
    del document["corpus_sha256"], document["images_sha256"]
    search_file.write_text(yaml.safe_dump(document))
    rename(tmp_path)
    add_images(tmp_path)
    read_finished(run)


def test_the_order_of_siblings_and_of_images_changes_no_digest(tmp_path: Path) -> None:
    before = RunDirectory(tmp_path / "run").corpus()
    after = Corpus(before.domain, before.roots[::-1])
    assert corpus_digest(before) == corpus_digest(after) != corpus_digest(Corpus(before.domain, before.roots[1:]))
    assert images_digest(["a", "b"]) == images_digest(["b", "a"]) != images_digest(["a"])
