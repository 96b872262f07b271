"""``diffex corpus`` on images and hierarchies of one's own: nothing of a domain that nobody named gets in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app

HIERARCHY = "schema: diffex.corpus/1\ndomain: shapes\nnodes:\n- name: edge\n- name: surface\n"
MANY = 20


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("shapes.yaml").write_text(HIERARCHY)
    pictures(MANY)


def pictures(count: int) -> None:
    Path("pictures").mkdir(exist_ok=True)
    for shade in range(count):
        Image.new("RGB", (8, 8), (12 * shade, 100, 30)).save(f"pictures/{shade:02}.png")


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = diffex(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: str) -> str:
    result = diffex(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_corpus_file_and_a_folder_are_enough() -> None:
    assert f"The domain shapes with 2 attributes on 1 levels, {MANY} images" in told(
        "corpus", "--corpus-file", "shapes.yaml", "--images", "pictures"
    )
    shown = json.loads(told("config", "show", "--json"))
    assert shown["domain"] == {"value": "shapes", "origin": "run.yaml"}
    assert shown["classifier"]["value"] == ""
    assert "nothing says which" not in told("corpus")
    assert "the domain 'shapes' has no default for it: give --classifier" in refused("search")


def test_images_alone_need_a_domain_and_nothing_is_written() -> None:
    for more in ((), ("--dry-run",)):
        assert "what the images in pictures show: give --domain NAME" in refused(
            "corpus", "--images", "pictures", *more
        )
    assert not Path("diffex-run").exists()


def test_all_images_are_taken_of_a_domain_that_has_a_number_of_its_own() -> None:
    assert f"{MANY} images to do" in told("corpus", "--domain", "birds", "--images", "pictures", "--dry-run")
    assert f"{MANY} images" in told("corpus", "--domain", "birds", "--images", "pictures")
    assert len(RunDirectory(Path("diffex-run")).images()) == MANY
    assert "16 images" in told("corpus", "--domain", "birds", "--run", "samples")


def test_the_run_says_the_domain_of_more_images() -> None:
    told("corpus", "--corpus-file", "shapes.yaml", "--images", "pictures", "--n-images", "4")
    told("corpus", "--images", "pictures", "--n-images", "6")
    run = Path("diffex-run")
    assert (len(RunDirectory(run).images()), RunDirectory(run).corpus().domain) == (6, "shapes")
    assert yaml.safe_load((run / "run.yaml").read_text())["settings"]["domain"] == "shapes"
