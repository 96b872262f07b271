"""Run directories that come from somebody else, and what a test needs to see that nothing of theirs was used."""

from __future__ import annotations

import atexit
import functools
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from pipeline import SILENT, make_corpus
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.search import search

for _room in ("classifiers", "language_models", "corpus/generation"):  # whose servers and plug-ins these are
    sys.path.append(str(Path(__file__).parents[1] / _room))

STRANGER = Path("stranger")


def diffex(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def told(*words: object) -> str:
    result = diffex(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def finished(root: Path) -> None:
    """``stranger`` in ``root``, the current folder: a finished run of colours, as it arrives from elsewhere; and the
    hierarchy and the pictures that it was made of."""
    shutil.copytree(_template(), root, dirs_exist_ok=True)
    (root / "run").rename(root / STRANGER)
    names(classifier=None, editor=None, corpus_file=None, provider=None, images=str(root / "pictures"))


@functools.cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    search.run(make_corpus(folder), SILENT)
    return folder


def names(file: str = "run.yaml", **settings: Any) -> None:
    """Let the stranger's ``run.yaml`` say something; ``None`` for nothing."""
    path = STRANGER / file
    content = yaml.safe_load(path.read_text())
    said = content["settings"] | settings
    content["settings"] = {name: value for name, value in said.items() if value is not None}
    path.write_text(yaml.safe_dump(content))


def searched_with(classifier: str) -> None:
    """Let the stranger's ``search.yaml`` say that this was the classifier."""
    path = STRANGER / "search.yaml"
    content = yaml.safe_load(path.read_text())
    content["classifier"]["spec"] = classifier
    path.write_text(yaml.safe_dump(content))


def is_refused(result: Result, file: str) -> bool:
    """One sentence that names the file and the way out, and nothing else."""
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    sentence = result.stderr.splitlines()[-1]
    return sentence.startswith(f"Error: {file} names the ") and "add --trust-run" in sentence
