"""What docs/classifiers.md shows has to work: its server, its function, its specs and options."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from diffex_cli.classifiers import outputs, preprocessing
from diffex_cli.commands.main import app
from diffex_cli.core import registry
from diffex_cli.core.errors import UsageError

PAGE = (Path(__file__).parent.parent / "docs" / "classifiers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
SERVER = re.findall(r"^`server.py`\n\n```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)[0]
COMMAND = re.findall(r"^diffex (classify photos --classifier http:\S+)$", PAGE, flags=re.MULTILINE)[0].split()
OPTIONS = sorted(
    (name, option) for name, text in SECTIONS.items() for option in set(re.findall(r"[`\[,:]([a-z]+)=", text))
)


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    Path("photos").mkdir()
    for name, colour in {"fire": (250, 60, 10), "ice": (20, 90, 240)}.items():
        Image.new("RGB", (30, 20), colour).save(f"photos/{name}.png")


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-c", SERVER.replace("8000", str(number))], stderr=subprocess.DEVNULL) as it:
        yield number
        it.terminate()


def top(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["oddities"] == []
    return [image["top"][0]["label"] for image in found["images"]]


def test_the_server(port: int) -> None:
    assert top(*(word.replace("8000", str(port)) for word in COMMAND)) == ["warm", "cold"]
    result = CliRunner().invoke(app, ["classify", "photos", "--classifier", f"http:http://127.0.0.1:{port}/elsewhere"])
    assert result.exit_code == 2
    assert "has no /v1/model (404: there is no such path)" in result.stderr
    assert len([line for line in SERVER.splitlines() if line.strip()]) <= 25


def test_the_function() -> None:
    (text,) = re.findall(r"```python\n(.*?)^```", SECTIONS["python"], flags=re.MULTILINE | re.DOTALL)
    Path("light.py").write_text(text)
    assert "python:light:predict" in SECTIONS["python"]
    assert top("classify", "photos", "--classifier", "python:light:predict") == ["dark", "dark"]


def test_every_classifier_has_its_section() -> None:
    assert set(SECTIONS) == set(registry.names(registry.CLASSIFIERS))
    assert set(re.findall(r"^\| \[`(\w+)`\]\(#\1\)", PAGE, flags=re.MULTILINE)) == set(SECTIONS)


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_exists(name: str, option: str) -> None:
    Path("weights.pt2").write_bytes(b"")
    model = {"http": "https://models.example.org", "python": "light:predict"}.get(name, "weights.pt2")
    text = f"{name}:{model}:{option}=impossible"
    complaint = ""
    try:
        registry.find(registry.CLASSIFIERS, name)(registry.parse_spec(text))
    except UsageError as error:
        complaint = str(error)
    assert "unknown option" not in complaint


def test_the_options_of_preprocessing_and_outputs_are_all_there() -> None:
    common = PAGE.split("## What the numbers mean")[1].split("## Common options")[0]
    named = set(re.findall(r"`([a-z]+)=", common))
    options = (*dataclasses.fields(preprocessing.PixelOptions), *dataclasses.fields(outputs.OutputOptions))
    assert {option.name for option in options} <= named
    assert set(re.findall(r"^\| `(\w+)`(?: \(default\))? \| ", common, flags=re.MULTILINE)) == set(outputs.KINDS)
