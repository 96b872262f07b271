"""The rooms of the package stand in an order, and imports go down only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import diffex_cli

PACKAGE = Path(diffex_cli.__file__).parent
FLOORS = (
    ("commands", "python"),
    ("study",),
    ("comparison", "corpus"),
    ("report", "birds"),
    ("search", "heatmaps"),
    ("measure",),
    ("verifiers",),
    ("editors", "classifiers", "language_models"),
    ("artifacts",),
    ("core",),
)
"""Top to bottom. A file imports its own room and the floors below, no other room of its own floor and nothing above."""

FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def imported_rooms(source: str) -> Iterator[tuple[int, str]]:
    """Line and room of each import of the package, also of those within functions."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=str(module), level=0) if module == "diffex_cli":
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0) if module.startswith("diffex_cli."):
                yield node.lineno, module.split(".")[1]
            case ast.Import():
                names = (alias.name for alias in node.names if alias.name.startswith("diffex_cli."))
                yield from ((node.lineno, name.split(".")[1]) for name in names)
            case ast.ImportFrom(level=level) if level:
                yield node.lineno, "a relative import"


def violations(room: str, source: str) -> list[str]:
    """Each import of a file in that room that does not go down."""
    return [
        f"line {line}: {room} imports {other}"
        for line, other in imported_rooms(source)
        if other != room and FLOOR.get(other, -1) <= FLOOR[room]
    ]


def test_every_room_has_a_floor() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert rooms == set(FLOOR)
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_the_map_for_contributors_is_the_tree() -> None:
    page = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.findall(r"^  (\w+)/  ", page, flags=re.MULTILINE) == [room for floor in FLOORS for room in floor]
    assert " | ".join(" ".join(floor) for floor in FLOORS) in " ".join(page.split())
    for folder in re.findall(r"^(\w+)/  ", page, flags=re.MULTILINE):
        assert (PACKAGE.parent / folder).is_dir(), folder


def test_imports_go_down_only() -> None:
    found = {
        str(path.relative_to(PACKAGE)): wrong
        for path in PACKAGE.glob("*/**/*.py")
        if (wrong := violations(path.relative_to(PACKAGE).parts[0], path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_an_import_that_runs_up_is_found_wherever_it_stands() -> None:
    source = "import os\nfrom diffex_cli.core import errors\ndef f():\n    from diffex_cli.report.words import words\n"
    assert violations("search", source) == ["line 4: search imports report"]
    assert violations("editors", "import diffex_cli.classifiers.base") == ["line 1: editors imports classifiers"]
    assert violations("measure", "from diffex_cli import search") == ["line 1: measure imports search"]
    assert violations("commands", source) == []


def test_what_ships_imports_nothing_of_what_does_not() -> None:
    foreign = re.compile(r"^\s*(?:from|import) (?:benchmarks|training)\b", flags=re.MULTILINE)
    assert [path for path in PACKAGE.rglob("*.py") if foreign.search(path.read_text(encoding="utf-8"))] == []
