"""The package that docs/extending.md shows is taken from the page, installed, and used as the page says."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.core.registry import CLASSIFIERS, CORPUS_PROVIDERS, EDITORS, REGIONS, names

PAGE = (Path(__file__).parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w.]+)`\n\n```\w+\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))
SCRIPT = re.findall(r"^```sh\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)[-1]
COMMANDS = [words[1:] for words in map(shlex.split, SCRIPT.splitlines()) if words[0] == "diffex"]
MODULES = ("darkroom_editor", "darkroom_classifier", "darkroom_corpus", "darkroom_regions")


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an installer makes of the page's files, and a folder with pictures."""
    site = tmp_path / "site"
    info = site / "darkroom-1.0.dist-info"
    info.mkdir(parents=True)
    project = tomllib.loads(FILES["pyproject.toml"])
    assert set(project["tool"]["setuptools"]["py-modules"]) == set(MODULES)
    for module in MODULES:
        (site / f"{module}.py").write_text(FILES[f"{module}.py"], encoding="utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)
    head = project["project"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {head['name']}\nVersion: {head['version']}\n")
    groups = head["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()) for group, entries in groups]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(site)

    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("outline.txt").write_text(FILES["outline.txt"])
    Path("photos").mkdir()
    random = np.random.default_rng(0)
    for number in range(4):
        pixels = random.integers(0, 60 + 30 * number, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"photos/{number}.png")


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_package_is_found_by_name() -> None:
    assert "darkroom" in names(EDITORS)
    assert "brightness" in names(CLASSIFIERS)
    assert "outline" in names(CORPUS_PROVIDERS)
    assert "light" in names(REGIONS)


def test_the_commands_of_the_page() -> None:
    assert [words[0] for words in COMMANDS] == ["classify", "corpus", "search", "search", "report"]
    for words in COMMANDS:
        result = diffex(*words)
        assert result.exit_code == 0, result.output
    bounded = json.loads(diffex("search", "--json").stdout)
    found = json.loads(diffex("search", "--region", "none", "--json").stdout)
    effects = {row["candidate"]: row["effect"] for row in found["rows"]}
    assert effects["bright/very-bright"] == effects["bright"] > 0.5  # its only member
    within = {row["candidate"]: row["effect"] for row in bounded["rows"]}
    assert 0.1 < within["bright"] < effects["bright"]
    assert abs(effects["blurred"]) < 0.2
    assert found["rows"][0]["candidate"] == "bright"
    assert Path("diffex-run/report/index.html").is_file()


def test_the_classifier_is_sound() -> None:
    found = json.loads(diffex("classify", "photos", "--classifier", "brightness", "--json").stdout)
    assert found["oddities"] == []
    assert [image["top"][0]["label"] for image in found["images"]] == ["dark"] * 4


def test_what_the_editor_cannot_do_fails_with_its_reason() -> None:
    Path("outline.txt").write_text("bright\nupside down\n")
    assert diffex(*COMMANDS[1]).exit_code == 0
    summary = json.loads(diffex("edit", "--editor", "darkroom", "--json").stdout)
    assert summary["failed"] == 4
    assert summary["failure"] == "there is no filter for upside-down"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["classify", "photos", "--classifier", "brightness:threshold=high"], "threshold must be a number, not 'high'"),
        (["corpus", "--domain", "x", "--images", "photos", "--provider", "outline:no.txt"], "there is no file no.txt"),
        (["classify", "photos", "--classifier", "brightnes"], "did you mean 'brightness'?"),
    ],
)
def test_mistakes_give_the_packages_own_sentences(arguments: list[str], sentence: str) -> None:
    result = diffex(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_an_outline_that_is_indented_wrongly_is_refused() -> None:
    Path("outline.txt").write_text("bright\n     very bright\n")
    result = diffex(*COMMANDS[1])
    assert result.exit_code == 2
    assert "indent 'very bright' by two spaces" in result.stderr


def test_the_examples_are_short() -> None:
    for module in MODULES:
        lines = [line for line in FILES[f"{module}.py"].splitlines() if line.strip()]
        assert len(lines) <= 30, module
        assert max(map(len, lines)) <= 120
