from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diffex_cli.commands import completion


def complete(shell: str, **environment: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", "from diffex_cli.commands.main import main; main()"],
        env={**os.environ, "_DIFFEX_COMPLETE": f"complete_{shell}", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stderr == ""
    return result.stdout.split("\n")


def test_names_are_offered_by_their_beginning() -> None:
    assert completion.domains("bi") == ["birds", "birds-photos"]
    assert completion.domains("x") == []
    assert completion.classifiers("birds:s") == ["birds:species", "birds:shortcut"]
    assert {"birds:null", "transformers:", "python:"} <= set(completion.classifiers(""))
    assert completion.editors("ledits") == ["ledits:birds"]
    assert "file:" not in completion.providers("")
    assert completion.devices("c") == ["cpu", "cuda", "cuda:all"]
    assert completion.perceptual("") == ["birds", "none"]


def test_bash_completes_a_command_an_option_and_a_domain() -> None:
    assert complete("bash", COMP_WORDS="diffex sea", COMP_CWORD="1")[0] == "search"
    assert complete("bash", COMP_WORDS="diffex search --be", COMP_CWORD="2")[0] == "--beam"
    assert complete("bash", COMP_WORDS="diffex corpus --domain ", COMP_CWORD="3")[0] == "birds"


def test_bash_completes_past_a_colon_although_it_splits_there() -> None:
    words = "diffex score --classifier birds : sp"
    assert complete("bash", COMP_WORDS=words, COMP_CWORD="5")[0] == "species"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_itself_completes_past_a_colon(tmp_path: Path) -> None:
    command = tmp_path / "diffex"
    command.write_text(f"#!{sys.executable}\nfrom diffex_cli.commands.main import main\nmain()\n")
    command.chmod(0o755)
    script = """
        eval "$(_DIFFEX_COMPLETE=source_bash diffex)"
        COMP_WORDS=(diffex score --classifier birds : sp); COMP_CWORD=5
        _diffex_completion diffex; echo "${COMPREPLY[@]}"
    """
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.stdout, result.stderr) == ("species\n", "")


def test_fish_completes_a_classifier() -> None:
    found = complete(
        "fish", _TYPER_COMPLETE_ARGS="diffex score --classifier birds:", _TYPER_COMPLETE_FISH_ACTION="get-args"
    )
    assert "birds:null" in "\n".join(found)


@pytest.mark.parametrize(
    ("words", "index", "joined", "new_index", "before"),
    [
        ("diffex score --classifier birds : sp", 5, "diffex score --classifier birds:sp", "3", "birds:"),
        ("diffex score --classifier birds :", 4, "diffex score --classifier birds:", "3", "birds:"),
        (
            "diffex edit --editor ledits : birds : steps",
            7,
            "diffex edit --editor ledits:birds:steps",
            "3",
            "ledits:birds:",
        ),
        ("diffex score --classifier birds : sp -q", 5, "diffex score --classifier birds:sp -q", "3", "birds:"),
        ("diffex sea", 1, "diffex sea", "1", ""),
        ("diffex ", 1, "diffex ", "1", ""),
    ],
)
def test_joining_bash_words(
    words: str, index: int, joined: str, new_index: str, before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"_DIFFEX_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(index)}
    with completion.bash_words("diffex", environment):
        sys.stdout.write(f"{before}one\n{before}two\n")
    assert (environment["COMP_WORDS"], environment["COMP_CWORD"]) == (joined, new_index)
    assert capsys.readouterr().out == "one\ntwo\n"


def test_nothing_is_joined_when_bash_does_not_ask() -> None:
    environment = {"COMP_WORDS": "diffex a : b", "COMP_CWORD": "3"}
    with completion.bash_words("diffex", environment):
        pass
    assert environment["COMP_WORDS"] == "diffex a : b"
