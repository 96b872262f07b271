"""``diffex corpus show``, ``edit`` and ``validate``."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from diffex_cli.artifacts.lock import RunLock
from diffex_cli.commands.main import app

HIERARCHY = """\
# by hand
schema: diffex.corpus/1
domain: leaf health
provenance: {grown: [{added: [spots/halo]}]}
nodes:
- name: spots
  share: 0.5
  children:
  - name: brown [b]spots[/b]
    source: 'guide.pdf, p. 3: Brown spots.'
  - {name: halo, prompt: yellow halo, replaces: rim}
- {name: no stalk, prompt: stalk, remove: true}
- {name: nothing, placebo: true}
"""


@pytest.fixture(autouse=True)
def a_file_and_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") or name in ("VISUAL", "EDITOR")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(HIERARCHY)
    Path("diffex-run").mkdir()
    Path("diffex-run/corpus.yaml").write_text(HIERARCHY)
    Path("diffex-run/run.yaml").write_text("schema: diffex.run/1\nsettings: {}\nstages: {}\n")


def diffex(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["corpus", *arguments], input=typed)


def editing(monkeypatch: pytest.MonkeyPatch, program: str, variable: str = "EDITOR") -> None:
    """An editor that is a Python program; ``text`` is the file's, and what becomes of it is written."""
    head = "import sys, pathlib\nfile = pathlib.Path(sys.argv[-1])\ntext = file.read_text()"
    Path("edit.py").write_text(f"{head}\n{program}\nfile.write_text(text)\n")
    monkeypatch.setenv(variable, f"{shlex.quote(sys.executable)} edit.py --wait")


TREE = """\
leaf health
├── spots [50 %]
│   ├── brown [b]spots[/b] [guide.pdf, p. 3]
│   └── halo “yellow halo” [instead of rim] [grown]
├── no stalk “stalk” [removed]
└── nothing [placebo]
"""


@pytest.mark.parametrize("source", [[], ["diffex-run"], ["own.yaml"], ["diffex-run/corpus.yaml"]])
def test_a_tree_with_marks(source: list[str]) -> None:
    result = diffex("show", *source)
    assert result.exit_code == 0
    assert result.stdout.startswith(TREE)
    file = source[0] if source and source[0].endswith("yaml") else "diffex-run/corpus.yaml"
    assert result.stdout.endswith(f"5 attributes on 2 levels, {file}.\n")


def test_some_levels() -> None:
    result = diffex("show", "--depth", "1")
    assert "├── spots [50 %] … 2 below\n├── no stalk" in result.stdout
    assert diffex("show", "--depth", "0").exit_code == 2
    assert diffex("show", "-q", "--depth", "1").stdout.split() == ["spots", "no-stalk", "nothing"]


def test_a_tree_for_programs() -> None:
    content: dict[str, Any] = json.loads(diffex("show", "--json").stdout)
    assert (content["domain"], content["attributes"], content["levels"]) == ("leaf health", 5, 2)
    assert content["nodes"][0]["children"][1] == {
        "id": "spots/halo",
        "name": "halo",
        "prompt": "yellow halo",
        "remove": False,
        "placebo": False,
        "overrides": {},
        "replaces": "rim",
        "share": None,
        "source": "",
        "group": "members",
        "question": "",
        "grown": True,
        "below": 0,
        "children": [],
    }
    cut = json.loads(diffex("show", "--json", "--depth", "1").stdout)["nodes"][0]
    assert (cut["below"], cut["children"]) == (2, [])


def test_bundled_domains_and_the_papers_nested_json() -> None:
    assert diffex("show", "retina", "--depth", "2").stdout.startswith("retina\n├── ")
    Path("nested.json").write_text('{"categories": {"head": ["crest"]}}')
    assert diffex("show", "nested.json").stdout.startswith("nested\n└── head\n    └── crest\n")


def test_what_is_not_there() -> None:
    result = diffex("show", "retnia")
    assert result.exit_code == 2
    assert "'retnia' is not a file, run directory or bundled domain (did you mean 'retina'?)" in result.stderr
    result = diffex("validate", "--run", "elsewhere")
    assert result.exit_code == 3
    assert "there is no elsewhere/corpus.yaml: run `diffex corpus --run elsewhere` first" in result.stderr


def test_a_valid_file() -> None:
    result = diffex("validate", "own.yaml")
    assert result.exit_code == 0
    assert result.stdout == "own.yaml is valid: the domain leaf health with 5 attributes on 2 levels.\n"
    assert json.loads(diffex("validate", "--json").stdout)["valid"] is True
    assert diffex("validate", "birds", "-q").stdout == ""


@pytest.mark.parametrize(
    ("before", "after", "line", "problem"),
    [
        ("prompt: yellow halo", "promt: yellow halo", 11, "unknown key 'promt'"),
        ("remove: true", "remove: perhaps", 12, "remove: must be true or false"),
        ("- name: spots", "- name: [", 8, "while parsing a flow"),
    ],
)
def test_an_invalid_file_is_told_by_its_line(before: str, after: str, line: int, problem: str) -> None:
    Path("own.yaml").write_text(HIERARCHY.replace(before, after))
    result = diffex("validate", "own.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: own.yaml")
    assert f", line {line}: {problem}" in result.stderr
    result = diffex("validate", "own.yaml", "--json")
    assert result.exit_code == 2
    content = json.loads(result.stdout)
    assert (content["valid"], content["line"], content["attributes"]) == (False, line, None)
    assert problem in content["error"]


def test_two_names_for_one_edit_are_a_warning() -> None:
    Path("own.yaml").write_text(HIERARCHY + "- {name: rim of yellow, prompt: Yellow Halos, replaces: rim}\n")
    result = diffex("validate", "own.yaml")
    assert result.exit_code == 0
    assert "Warning: spots/halo and rim-of-yellow have the same prompt ('Yellow Halos')" in result.stderr


def test_editing_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    editing(monkeypatch, "raise SystemExit('not this one')")
    editing(monkeypatch, "text = text.replace('nothing', 'gall') + '- {name: mildew}\\n'", "VISUAL")
    result = diffex("edit")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "diffex-run/corpus.yaml has 6 attributes on 2 levels (2 new, 1 gone).\n"
    text = Path("diffex-run/corpus.yaml").read_text()
    assert text.startswith("# by hand\n"), "what was typed is kept as it was typed"
    assert "mildew" in text
    assert not Path("diffex-run/corpus.draft.yaml").exists()
    assert Path("own.yaml").read_text() == HIERARCHY


def test_an_invalid_draft_is_kept_and_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    editing(monkeypatch, "text = text.replace('remove: true', 'remove: perhaps')")
    result = diffex("edit")
    assert result.exit_code == 2
    assert "diffex-run/corpus.draft.yaml, line 12: remove: must be true or false" in result.stderr
    assert "diffex-run/corpus.yaml is unchanged; the draft diffex-run/corpus.draft.yaml is kept" in result.stderr
    assert Path("diffex-run/corpus.yaml").read_text() == HIERARCHY
    editing(monkeypatch, "assert 'perhaps' in text; text = text.replace('remove: perhaps', 'remove: false')")
    result = diffex("edit", "--json")
    assert result.exit_code == 0
    assert "Continuing with the draft" in result.stderr
    assert json.loads(result.stdout) == {
        "file": "diffex-run/corpus.yaml",
        "changed": True,
        "added": [],
        "removed": [],
    }
    assert yaml.safe_load(Path("diffex-run/corpus.yaml").read_text())["nodes"][1]["remove"] is False
    assert not Path("diffex-run/corpus.draft.yaml").exists()


def test_a_person_may_open_it_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time the editor mends what it broke the first time."""
    program = "text = text.replace('true', 'perhaps') if 'perhaps' not in text else text.replace('perhaps', 'false')"
    editing(monkeypatch, program)
    monkeypatch.setattr("diffex_cli.commands.corpus_tools._at_a_terminal", lambda: True)
    result = diffex("edit", "own.yaml", typed="y\n")
    assert result.exit_code == 0, result.stderr
    assert "own.draft.yaml, line 12: remove" in result.stderr
    assert "Open it again?" in result.stderr
    assert "remove: false" in Path("own.yaml").read_text()
    assert diffex("edit", "own.yaml", typed="n\n").exit_code == 0


def test_an_invalid_file_can_be_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.yaml").write_text(HIERARCHY.replace("remove: true", "remove: perhaps"))
    editing(monkeypatch, "text = text.replace('perhaps', 'true')")
    assert diffex("edit", "own.yaml").stdout == "own.yaml has 5 attributes on 2 levels.\n"


def test_a_copy_of_a_bundled_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    editing(monkeypatch, "text += '- name: dust\\n'")
    result = diffex("edit", "retina")
    assert result.exit_code == 2
    assert "retina comes with diffex: give --output FILE.yaml" in result.stderr
    result = diffex("edit", "retina", "--output", "mine/retina.yaml", "-q")
    assert (result.exit_code, result.stdout) == (0, "mine/retina.yaml\n")
    assert "dust" in Path("mine/retina.yaml").read_text()
    assert [path.name for path in Path("mine").iterdir()] == ["retina.yaml"]
    result = diffex("edit", "retina", "--output", "mine/retina.yaml")
    assert result.exit_code == 2
    assert "--output mine/retina.yaml exists" in result.stderr


def test_an_editor_that_changes_nothing_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    editing(monkeypatch, "")
    assert diffex("edit").stdout == "diffex-run/corpus.yaml was not changed.\n"
    editing(monkeypatch, "sys.exit(3)")
    result = diffex("edit")
    assert result.exit_code == 1
    assert "ended with exit code 3: diffex-run/corpus.yaml is unchanged" in result.stderr
    for command, sentence in (("no-such-editor", "cannot be started"), ("a 'b", "is not a command")):
        monkeypatch.setenv("EDITOR", command)
        result = diffex("edit")
        assert result.exit_code == 2
        assert sentence in result.stderr
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", "")
    assert "no editor is known: set the variable EDITOR" in diffex("edit").stderr
    assert not Path("diffex-run/corpus.draft.yaml").exists()
    assert Path("diffex-run/corpus.yaml").read_text() == HIERARCHY


def test_nobody_elses_work_is_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    editing(monkeypatch, "text += '- name: mildew\\n'; pathlib.Path('diffex-run/corpus.yaml').write_text('other')")
    result = diffex("edit")
    assert result.exit_code == 1
    assert "was changed by somebody else in the meantime: your version is diffex-run/corpus.draft.yaml" in result.stderr
    assert Path("diffex-run/corpus.yaml").read_text() == "other"
    Path("diffex-run/corpus.draft.yaml").unlink()
    Path("diffex-run/corpus.yaml").write_text(HIERARCHY)
    editing(monkeypatch, "text += '- name: mildew\\n'")
    with RunLock(Path("diffex-run"), "diffex search"):
        result = diffex("edit")
    assert result.exit_code == 1
    assert "is in use by `diffex search`" in result.stderr
    assert Path("diffex-run/corpus.draft.yaml").exists()
    editing(monkeypatch, "")
    assert diffex("edit").exit_code == 0
    assert "mildew" in Path("diffex-run/corpus.yaml").read_text()
