from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from diffex_cli.commands.main import app
from diffex_cli.commands.options import CONFIG, Given, listed, takes
from diffex_cli.commands.output import Output
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import FIELDS, SEARCH


@dataclasses.dataclass(frozen=True)
class _Own:
    name: Annotated[str, typer.Option("--name")]
    often: Annotated[int, typer.Option("--often")] = 2


def called(*arguments: str) -> tuple[Given, _Own, bool, Output]:
    """What a command's function is given when the command is called so."""
    seen: list[tuple[Given, _Own, bool, Output]] = []
    one = typer.Typer()

    @one.command()
    @takes("run", CONFIG, "n_images", "racing", "merge")
    def command(own: _Own, given: Given, *, loud: bool = False, output: Output) -> None:
        seen.append((given, own, loud, output))

    result = CliRunner().invoke(one, arguments)
    assert result.exit_code == 0, result.output
    return seen[0]


def test_a_function_gets_flags_groups_and_options_of_its_own() -> None:
    given, own, loud, output = called("--name", "a", "--n-images", "3", "--no-racing", "--merge", "x", "--merge", "y")
    assert given == Given({"run": None, "n_images": 3, "racing": False, "merge": ["x", "y"]})
    assert (own, loud, output) == (_Own("a", 2), False, Output())
    given, own, loud, output = called("--name", "b", "--often", "5", "--loud", "-q", "--json", "--config", "c.yaml")
    assert set(given.flags.values()) == {None}
    assert given.config == Path("c.yaml")
    assert (own, loud, output) == (_Own("b", 5), True, Output(json=True, quiet=True))


def test_options_stand_in_the_order_of_the_parameters_and_names() -> None:
    @takes("seed", "run", run=Annotated[str, typer.Option("--elsewhere")])
    def command(own: _Own, given: Given, *, loud: bool = False, output: Output) -> None:
        """Say so."""

    signature = inspect.signature(command)
    assert list(signature.parameters) == ["name", "often", "seed", "run", "loud", "json", "quiet"]
    assert signature.parameters["name"].default is inspect.Parameter.empty
    assert signature.parameters["run"].annotation.__metadata__[0].default == "--elsewhere"
    assert (command.__name__, command.__doc__) == ("command", "Say so.")


def test_a_setting_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError, match="beem"):

        @takes("beem")
        def command(given: Given) -> None: ...


def test_flags_are_resolved_with_what_stands_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFEX_BEAM", "7")
    given = Given({"run": None, "seed": 3, "domain": "faces"})
    settings = given.settings(seed=4, run="elsewhere")
    assert (settings.seed, settings.beam, settings.run, settings.domain) == (4, 7, Path("elsewhere"), "faces")
    with pytest.raises(UsageError, match="which editor to use"):
        given.settings("editor")


def test_the_run_directory_is_known_whatever_else_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = Given({"run": Path("mine"), "beam": 0})
    assert given.run() == Path("mine")
    with pytest.raises(UsageError, match="--beam 0"):
        given.settings()


def test_every_setting_is_taken_by_a_command_and_every_search_setting_by_search() -> None:
    taken: dict[str, set[str]] = {}

    def visit(group: typer.Typer) -> None:
        for command in (*group.registered_commands, group.registered_callback):
            if command is not None and command.callback is not None:
                taken[command.callback.__name__] = set(inspect.signature(command.callback).parameters)
        for below in group.registered_groups:
            assert below.typer_instance is not None
            visit(below.typer_instance)

    visit(app)
    assert set(FIELDS) <= set().union(*taken.values())
    assert set(listed(SEARCH)) <= taken["search"]
