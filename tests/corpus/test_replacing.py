"""What ``diffex corpus`` refuses to replace: nothing is lost, half-written or remembered."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pipeline import HIERARCHY, N_IMAGES, SILENT, make_corpus, settings
from typer.testing import CliRunner

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.core.errors import UsageError
from diffex_cli.corpus import corpus
from diffex_cli.search import search

OTHER = "schema: diffex.corpus/1\ndomain: dots\nnodes:\n- name: dot\n"


def content(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.suffix}


def searched(root: Path, **changes: object) -> Path:
    made = make_corpus(root, **changes)
    search.run(made, SILENT)
    return made.run


def refused(root: Path, **changes: object) -> str:
    """The sentence; it names both remedies, and nothing in the run has changed."""
    before = content(root / "run")
    with pytest.raises(UsageError) as caught:
        corpus.run(settings(root, **changes), SILENT)
    assert content(root / "run") == before
    assert str(caught.value).endswith(": name another folder with --run, or give --force")
    return str(caught.value)


def test_another_domain_s_hierarchy_is_not_replaced(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    (tmp_path / "other.yaml").write_text(OTHER)
    other = {"domain": "dots", "corpus_file": tmp_path / "other.yaml"}
    sentence = refused(tmp_path, **other)
    assert "the hierarchy of 9 attributes of the domain 'shapes' would be replaced by one of 'dots'" in sentence
    corpus.run(settings(tmp_path, **other), SILENT, force=True)
    assert RunDirectory(tmp_path / "run").corpus().domain == "dots"
    corpus.run(settings(tmp_path, run=tmp_path / "another"), SILENT)


def test_what_a_finished_search_was_made_of_is_not_replaced(tmp_path: Path) -> None:
    run = searched(tmp_path)
    assert corpus.run(settings(tmp_path), SILENT).up_to_date
    (tmp_path / "hierarchy.yaml").write_text(HIERARCHY.replace("name: shadow", "name: light"))
    assert "'shapes', which its search was made of, would be replaced" in refused(tmp_path)
    (tmp_path / "hierarchy.yaml").write_text(f"# the same\n{HIERARCHY}")
    corpus.run(settings(tmp_path), SILENT)
    (tmp_path / "hierarchy.yaml").write_text(HIERARCHY.replace("name: shadow", "name: light"))
    corpus.run(settings(tmp_path), SILENT, force=True)
    assert RunDirectory(run).corpus().node("light").name == "light"


def test_the_images_of_a_finished_search_are_not_left_out_but_more_are_welcome(tmp_path: Path) -> None:
    run = searched(tmp_path, n_images=3)
    corpus.run(settings(tmp_path, n_images=4), SILENT)
    assert "1 of the 4 images that its search was made of would be left out" in refused(tmp_path, n_images=3)
    (tmp_path / "own").mkdir()
    noise = np.random.default_rng(9).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "own" / "a.png")
    assert "4 of the 4 images" in refused(tmp_path, images=tmp_path / "own")
    corpus.run(settings(tmp_path), SILENT)
    assert len(RunDirectory(run).images()) == N_IMAGES
    corpus.run(settings(tmp_path, images=tmp_path / "own"), SILENT, force=True)
    assert [image.source for image in RunDirectory(run).images()] == ["a.png"]


def test_a_hierarchy_that_was_edited_by_hand_after_the_search_stays(tmp_path: Path) -> None:
    file = searched(tmp_path) / "corpus.yaml"
    file.write_text(file.read_text().replace("name: shadow", "name: dark shadow"))
    assert corpus.run(settings(tmp_path), SILENT).up_to_date


def test_the_command_exits_with_2_and_takes_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    make_corpus(tmp_path)
    (tmp_path / "other.yaml").write_text(OTHER)
    command = ["corpus", "--run", "run", "--corpus-file", "other.yaml"]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("Error: run: the hierarchy of 9 attributes of the domain 'shapes' would be")
    result = CliRunner().invoke(app, [*command, "--force"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "The domain dots" in result.stdout
