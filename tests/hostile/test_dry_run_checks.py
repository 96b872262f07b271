"""``--dry-run`` refuses what the command itself would refuse before it works: the same sentence, the same exit code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus
from typer.testing import CliRunner

from diffex_cli.commands.main import app
from diffex_cli.search import search

STAGES = ("corpus", "edit", "score", "search", "report", "corpus grow")
MODELS = ("edit", "score", "search")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dry")
    made = make_corpus(folder, target="red")
    search.run(made, SILENT)
    return folder


BAD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "unknown editor": (("edit", "score", "search"), ("--editor", "tnt:")),
    "an editor's unknown option": (("edit", "search"), ("--editor", "tint::nothing=1")),
    "an editor's folder": (("edit", "search"), ("--editor", "folder:nowhere")),
    "an editor's model": (("edit", "search"), ("--editor", "ledits:./nowhere")),
    "unknown classifier": (("score", "search"), ("--classifier", "pyton:a:b")),
    "a classifier's unknown option": (("score", "search"), ("--classifier", "birds:shortcut:nothing=1")),
    "a classifier's module": (("score", "search"), ("--classifier", "python:no_such_module:f")),
    "a classifier's file": (("score", "search"), ("--classifier", "onnx:nowhere.onnx:mean=0,std=1")),
    "a classifier's labels": (
        ("score", "search"),
        ("--classifier", "onnx:hierarchy.yaml:mean=0,std=1,labels=nowhere.txt"),
    ),
    "target": (("search", "report"), ("--target", "purple")),
    "perceptual": (("edit", "search"), ("--perceptual", "./nowhere")),
    "region": (("edit", "score", "search"), ("--region", "boxs:boxes.csv")),
    "a region's file": (("edit", "score", "search"), ("--region", "boxes:nowhere.csv")),
    "a region's folder": (("edit", "search"), ("--keep-region", "masks:empty")),
    "a region of one image": (("edit", "search"), ("--region", "boxes:boxes.csv")),
    "a region that others would have to keep": (("edit",), ("--editor", "external:x", "--region", "boxes:boxes.csv")),
    "a region's model": (("edit", "search"), ("--region", "text:./nowhere")),
    "screen": (("search",), ("--screen", "nothing:")),
    "fast screen": (("search",), ("--screen", "fast")),
    "device": (("edit", "score", "search"), ("--device", "gpu9x")),
    "contradiction": (("search",), ("--racing", "--algorithm", "exhaustive")),
    "configuration": (("corpus", *MODELS, "report", "corpus grow"), ("--config", "nowhere.yaml")),
    "configuration's key": (("corpus", *MODELS, "report", "corpus grow"), ("--config", "bad.yaml")),
    "run": ((*MODELS, "report", "corpus grow"), ("--run", "no-run")),
    "images": (("corpus",), ("--images", "nowhere")),
    "images without any": (("corpus",), ("--images", "empty")),
    "only torn images": (("corpus",), ("--images", "torn")),
    "hierarchy": (("corpus",), ("--corpus-file", "nowhere.yaml")),
    "broken hierarchy": (("corpus",), ("--corpus-file", "bad.yaml")),
    "another domain": (("corpus",), ("--domain", "birds", "--provider", "bundled")),
    "a domain that is none": (("corpus",), ("--domain", "nothing", "--provider", "bundled")),
    "provider": (("corpus", "corpus grow"), ("--provider", "antropic")),
    "a provider's option": (("corpus", "corpus grow"), ("--provider", "anthropic:m:nothing=1")),
    "knowledge": (("corpus",), ("--provider", "anthropic", "--knowledge", "nowhere")),
    "heat map": (("report",), ("--heatmap", "gradcm")),
    "device of a heat map": (("report",), ("--heatmap", "occlusion", "--device", "gpu9x")),
    "format": (("report",), ("--table", "word")),
    "out without figures": (("report",), ("--out", "x")),
}
CASES = [(command, name) for name, (commands, _) in BAD.items() for command in commands]


@pytest.fixture
def place(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "place"
    shutil.copytree(finished, folder)
    (folder / "empty").mkdir()
    (folder / "torn").mkdir()
    (folder / "torn" / "a.png").write_text("no picture")
    (folder / "boxes.csv").write_text("image,x0,y0,x1,y1\n0.png,1,1,5,5\n")
    (folder / "bad.yaml").write_text("beem: 3\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    return folder


def told(command: str, *options: str) -> tuple[int, str]:
    """Exit code and the error's sentence."""
    run = () if "--run" in options else ("--run", "run")
    result = CliRunner().invoke(app, [*command.split(), *run, *options])
    return result.exit_code, next((line for line in result.stderr.splitlines() if line.startswith("Error")), "")


@pytest.mark.parametrize(("command", "name"), CASES)
def test_what_is_refused_is_refused_dry(command: str, name: str, place: Path) -> None:
    options = BAD[name][1]
    dry = told(command, *options, "--dry-run")
    assert dry == told(command, *options)
    assert dry[0] in (1, 2, 3)
    assert dry[1]
