import json
from pathlib import Path

import pytest
from pipeline import make_inputs
from typer.testing import CliRunner

from diffex_cli.commands.main import app

pytestmark = pytest.mark.usefixtures("inputs")


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)


def diffex(run: str, *arguments: str) -> tuple[int, str]:
    command, *rest = arguments
    result = CliRunner().invoke(app, [command, "--run", run, *rest])
    return result.exit_code, result.stdout


def corpus(run: str) -> None:
    code, _ = diffex(
        run, "corpus", "--domain", "shapes", "--corpus-file", "hierarchy.yaml", "--images", "pictures", "-q"
    )
    assert code == 0


SEARCH = ("search", "--editor", "tint:", "--classifier", "python:colour_classifier:logits", "--beam", "2", "--json")


def test_a_loop_in_a_shell_gives_the_same_ranking(tmp_path: Path) -> None:
    corpus("one")
    code, once = diffex("one", *SEARCH)
    assert code == 0
    corpus("loop")
    turns = 0
    while (found := diffex("loop", *SEARCH, "--no-fill"))[0] == 3:
        assert diffex("loop", "edit", "--requests", "-q")[0] == 0
        assert diffex("loop", "score", "-q")[0] == 0
        turns += 1
        assert turns < 10
    code, looped = found
    assert code == 0
    assert turns > 1
    assert json.loads(looped)["rows"] == json.loads(once)["rows"]
    assert diffex("loop", "report", "-q")[0] == 0
    assert (tmp_path / "loop" / "report" / "index.html").is_file()
    assert diffex("loop", "search", "--dry-run", "-q") == (0, "0\n")
