"""What the help pages look like to somebody who does not know the program."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from diffex_cli.commands.help import PANELS
from diffex_cli.commands.main import app


def commands(group: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for command in group.registered_commands:
        assert command.callback is not None
        yield (*path, command.name or command.callback.__name__)
    for below in group.registered_groups:
        assert below.typer_instance is not None
        yield from commands(below.typer_instance, (*path, str(below.name)))


COMMANDS = list(commands(app))


def page(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", None)
    result = CliRunner().invoke(app, [*command, "--help"], prog_name="diffex")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_stages_come_first_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = re.findall(r"^│ ([a-z]+) {2,}", page(monkeypatch, (), 80), re.MULTILINE)
    assert listed[:5] == ["corpus", "edit", "score", "search", "report"]
    assert sorted(listed) == sorted({command[0] for command in COMMANDS if command})
    assert listed == [name for names in PANELS.values() for name in names]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_page_of_80_columns_breaks_no_word_and_names_no_type(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    narrow, wide = page(monkeypatch, command, 80), page(monkeypatch, command, 240)
    assert max(map(len, narrow.splitlines())) <= 80
    assert "<" not in narrow
    assert set(narrow.split()) - set(wide.split()) <= {"╭─", "─╮"} | set(re.findall("[─╭╮╰╯]+", narrow))


def test_a_paragraph_is_filled_whatever_the_lines_of_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Effects come with their uncertainty: what is said to matter" in page(monkeypatch, ("search",), 240)
