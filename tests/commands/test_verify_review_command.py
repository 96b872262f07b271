"""``diffex verify --review`` from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus
from typer.testing import CliRunner

from diffex_cli.commands.main import app
from diffex_cli.measure import edit

EYES = (
    "def seen(pictures, words):\n"
    "    known = ('rough', 'shadow', 'sharp')\n"
    "    return [[float(word in known) if one.getbbox() else 0.0 for word in words] for one in pictures]\n"
)


@pytest.fixture
def looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options that lead to a run with readings."""
    (tmp_path / "eyes_of_command.py").write_text(EYES)
    monkeypatch.syspath_prepend(str(tmp_path))
    made = make_corpus(tmp_path)
    edit.run(made, SILENT)
    options = ["--run", str(made.run), "--verifier", "python:eyes_of_command:seen", "--editor", "tint:"]
    told = CliRunner().invoke(app, ["verify", *options])
    assert told.exit_code == 0, told.stderr
    assert told.stdout.rstrip().endswith("It passed its test.")
    return options


def test_a_page_is_made_and_its_answers_are_read(looked_at: list[str], tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["verify", "--review", "--readings", "6", *looked_at])
    assert made.exit_code == 0, made.stderr
    page = Path(re.findall(r"check: (\S+)", made.stdout)[0])
    data = json.loads(re.findall(r'id="study">(.*?)</script>', page.read_text())[0])
    content = {
        "schema": "diffex.answers/1",
        "study": data["study"],
        "kind": "review",
        "participant": "ann",
        "rater": {"kind": "person"},
        "complete": True,
        "answers": {item["id"]: {"seen": "yes"} for item in data["items"]},
    }
    (tmp_path / "answers.json").write_text(json.dumps(content))
    run = looked_at[:2]
    told = CliRunner().invoke(app, ["verify", "--review", str(tmp_path / "answers.json"), *run])
    assert told.exit_code == 0, told.stderr
    assert told.stdout.startswith(
        "A person checked 6 readings of the verifier python:eyes_of_command:seen: precision 1.00"
    )
    assert "its recall is 0.50, less than 0.80" in told.stdout
    again = CliRunner().invoke(app, ["verify", "--review", str(tmp_path / "answers.json"), *run, "--json"])
    found = json.loads(again.stdout)
    assert (found["people"], found["recall"]["value"], found["kappa"], found["alpha"]) == (1, 0.5, 0, None)
    config = tmp_path / "lenient.yaml"
    config.write_text("review_recall: 0.4\n")
    lenient = CliRunner().invoke(
        app, ["verify", "--review", str(tmp_path / "answers.json"), *run, "--config", str(config)]
    )
    assert "less than" not in lenient.stdout


def test_in_a_terminal_answers_are_typed_and_kept(looked_at: list[str]) -> None:
    first = CliRunner().invoke(app, ["verify", "--review", "--terminal", "--readings", "3", *looked_at], input="y\nn\n")
    assert first.exit_code == 0, first.stderr
    assert "Look for: " in first.stderr
    assert first.stdout.startswith("A person checked 2 of 3 readings")
    second = CliRunner().invoke(app, ["verify", "--review", "--terminal", *looked_at, "-q"], input="c\n")
    assert (second.exit_code, second.stdout.count("\t")) == (0, 2)
    assert "3 of 3: " in second.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--terminal"], "--terminal belongs to --review: add that, or leave --terminal out"),
        (["--readings", "3"], "--readings belongs to --review"),
        (["answers.json"], "FILES belongs to --review"),
        (["--review", "--dry-run"], "--review asks a person: leave one out"),
        (["--review", "--terminal", "answers.json"], "leave out --terminal and --readings"),
        (["--review", "answers.json"], "answers.json"),
    ],
)
def test_what_does_not_go_together_is_told(options: list[str], said: str, tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    found = CliRunner().invoke(app, ["verify", *options, "--run", str(made.run), "--editor", "tint:"])
    assert found.exit_code == 2
    assert said in " ".join(found.stderr.split())
