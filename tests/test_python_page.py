"""Every block of docs/python.md is run, in its order, in one program and one shell."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from diffex_cli.commands.main import app
from diffex_cli.core.registry import did_you_mean
from diffex_cli.python.explain import Options

PAGE = (Path(__file__).parent.parent / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    assert [language for language, _ in BLOCKS] == ["python"] * 4 + ["sh"]
    names: dict[str, Any] = {"__name__": "notebook"}
    for language, block in BLOCKS:
        if language == "python":
            exec(compile(block, "docs/python.md", "exec"), names)
            continue
        for words in map(shlex.split, block.splitlines()):
            assert words[0] == "diffex"
            result = CliRunner().invoke(app, words[1:])
            assert result.exit_code == 0, (words, result.output)
    printed = capsys.readouterr().out
    assert "background" in printed
    assert names["found"].sentences[0] in printed
    assert names["found"].ranking[0].name in printed
    assert names["leaves"].settings.classifier == "object:notebook.predict"
    assert names["leaves"].summary.images == 6
    assert Path("runs/shortcut/report/index.html").is_file()


def test_the_page_names_every_argument() -> None:
    named = set(re.findall(r"`(\w+)=?`", PAGE))
    missing = set(Options.__annotations__) - named
    assert not missing, did_you_mean(missing.pop(), tuple(sorted(named)))
