"""Foreign names that hold terminal escapes, direction marks, line breaks and markup: none of it reaches a terminal."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.commands.output import as_json
from diffex_cli.commands.progress import TerminalProgress
from diffex_cli.core.printable import one_line_of, printable

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[bold red]x[/]"
LABEL = f"red{EVIL}\r\nError: all is lost\ttab"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
STYLING = re.compile(r"\x1b\[[0-9;]*m")
CLASSIFIER = "--classifier", "python:shouting:predict"
EDITOR = "--editor", "tint:"

MODULE = f"""\
import numpy as np
LABELS = [{LABEL!r}, "other"]

def predict(pictures):
    mean = np.array([np.asarray(picture, dtype=float).mean(axis=(0, 1)) / 64 for picture in pictures])
    return dict(zip(LABELS, mean.T))
"""
HIERARCHY = """\
schema: diffex.corpus/1
domain: "shapes \u202e[red]"
nodes:
- name: "[bold red]surface[/] \u202e"
  children:
  - name: "rough \u2066[link=https://example.org]"
- name: "[/] edge"
- name: nothing
  placebo: true
  overrides: {strength: 0.0}
"""
RULES = 'max: {"nothing \\e[2J\\u202e": 0.1}'
OTHER = "other\x1b[2J\u202e"


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run all of whose foreign words are evil."""
    folder = tmp_path_factory.mktemp("evil")
    (folder / "shouting.py").write_text(MODULE, encoding="utf-8")
    (folder / "hierarchy.yaml").write_text(HIERARCHY, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    (folder / "pictures").mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}\x1b[31m\u202e[red].png")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        made = diffex("corpus", "--corpus-file", "hierarchy.yaml", "--images", "pictures")
        assert made.exit_code == 0, made.stderr
        found = diffex("search", *CLASSIFIER, *EDITOR, "--target", LABEL)
        assert found.exit_code == 0, found.stderr
        shutil.copytree("diffex-run", OTHER)
        yield folder
    sys.modules.pop("shouting", None)


PLAIN, QUIET, JSON = "", "-q", "--json"
COMMANDS = (
    (0, "corpus --corpus-file hierarchy.yaml --images pictures", [PLAIN]),
    (0, "corpus show", [PLAIN, JSON]),
    (0, "corpus validate hierarchy.yaml", [PLAIN, JSON]),
    (0, "edit EDITOR", [PLAIN]),
    (0, "score EDITOR CLASSIFIER", [PLAIN]),
    (0, "search EDITOR CLASSIFIER --target LABEL", [PLAIN, QUIET, JSON]),
    (2, "search EDITOR CLASSIFIER --target EVIL", [PLAIN]),
    (2, "search EDITOR CLASSIFIER --explain EVIL", [PLAIN]),
    (0, "report", [PLAIN]),
    (0, "report --terminal --all", [PLAIN, JSON]),
    (0, "report --table csv", [PLAIN]),
    (0, "compare diffex-run OTHER --all", [PLAIN, JSON]),
    (4, "check OTHER --max LIMIT", [PLAIN, QUIET, JSON]),
    (2, "check diffex-run --max EVIL=0.1", [PLAIN]),
    (2, "check diffex-run --rules rules.yaml", [PLAIN]),
    (0, "classify CLASSIFIER pictures", [PLAIN, QUIET, JSON]),
    (0, "config show", [PLAIN, JSON]),
    (0, "study make --kind quality", [PLAIN]),
    (2, "EVIL", [PLAIN]),
    (2, "search --no-such-EVIL", [PLAIN]),
    (2, "compare diffex-run diffex-run --top EVIL", [PLAIN]),
    (3, "report EVIL", [PLAIN]),
)
WORDS = {
    "EDITOR": EDITOR,
    "CLASSIFIER": CLASSIFIER,
    "LABEL": (LABEL,),
    "OTHER": (OTHER,),
    "LIMIT": ("[/] edge=0.00001",),
}


@pytest.mark.parametrize(("code", "command", "hows"), COMMANDS, ids=[command for _, command, _ in COMMANDS])
def test_nothing_foreign_reaches_the_terminal(
    folder: Path, code: int, command: str, hows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    arguments = [part for word in command.split() for part in WORDS.get(word, (word.replace("EVIL", EVIL),))]
    for how in hows:
        result = diffex(*arguments, *filter(None, [how]))
        assert result.exit_code == code, result.output
        assert not RAW.search(result.output), (how, result.output)
        if how == JSON:
            json.loads(result.stdout)


@pytest.mark.parametrize("command", [("report", "--terminal"), ("corpus", "show")])
def test_markup_is_no_styling_where_there_are_colours(
    folder: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FORCE_COLOR", "1")
    told = diffex(*command).stdout
    assert STYLING.search(told)
    assert not RAW.search(STYLING.sub("", told))
    assert "[bold red]surface[/]" in STYLING.sub("", told)


def test_json_keeps_what_the_names_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert json.loads(diffex("classify", *CLASSIFIER, "pictures", "--json").stdout)["labels"] == [LABEL, "other"]


def test_progress_takes_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress() as progress:
        progress.note(LABEL)
    assert capsys.readouterr().err == printable(LABEL) + "\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.stderr, "isatty", lambda: True)
        with TerminalProgress() as progress:
            progress.start(f"task {EVIL}", 2)
            progress.foresee(f"phase {EVIL}", None)
            progress.note(LABEL)
            progress.advance(f"task {EVIL}")
    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err).replace("\r", "")
    assert not RAW.search(told)
    assert "[bold red]x[/]" in told


@given(st.text())
def test_what_is_cleaned_is_printable(text: str) -> None:
    cleaned = printable(text)
    assert len(cleaned) == len(text)
    assert not RAW.search(cleaned)
    assert printable(cleaned) == cleaned
    assert one_line_of(text).isprintable()


@settings(max_examples=50)
@given(st.text() | st.dictionaries(st.text(), st.lists(st.text())))
def test_json_is_escaped_without_loss(value: object) -> None:
    text = as_json({"value": value})
    assert json.loads(text) == {"value": value}
    assert not RAW.search(text)
