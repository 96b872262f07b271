"""Paths that are none: empty ones, of a shell variable that is not set, and homes of nobody, in every option."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer
from surroundings import diffex, told

from diffex_cli.commands.main import app
from diffex_cli.core import parsers
from diffex_cli.core.configuration import resolve
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import DECLARATIONS, flag, variable
from diffex_cli.core.typed_paths import typed_path

PATHS = [name for name, declared in DECLARATIONS.items() if declared.parse is parsers.path]
NONE = {"": "must not be empty", "  ": "must not be empty", "~nobody-of-that-name/x": "names the home folder of nobody"}


def commands(of: typer.Typer, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for one in of.registered_commands:
        name = one.name or one.callback.__name__.replace("_", "-")  # type: ignore[union-attr]
        yield (*before, name), one.callback
    for group in of.registered_groups:
        assert group.typer_instance is not None
        words = (*before, group.name or str(group.typer_instance.info.name))
        if group.typer_instance.registered_callback is not None:
            yield words, group.typer_instance.registered_callback.callback
        yield from commands(group.typer_instance, *words)


def speaks_of_paths(kind: object) -> bool:
    return kind is Path or any(map(speaks_of_paths, get_args(kind)))


def options() -> Iterator[tuple[str, ...]]:
    """Every option and argument that is a path, as the words before it."""
    for words, callback in commands(app):
        for option in inspect.signature(callback).parameters.values():
            kind, info = (*get_args(option.annotation), None, None)[:2]
            if speaks_of_paths(kind):
                spelled = (getattr(info, "default", None), *(getattr(info, "param_decls", None) or ()))
                names = [one for one in spelled if isinstance(one, str) and one.startswith("--")]
                yield (*words, *names[:1])


OPTIONS = sorted(set(options()))


def test_the_options_are_found() -> None:
    found = {" ".join(one) for one in OPTIONS}
    assert {
        "corpus --images",
        "report --out",
        "report",
        "search --run",
        "check --junit",
        "study make --heatmaps",
    } <= found
    assert len(found) > 40


@pytest.mark.parametrize("option", OPTIONS, ids=" ".join)
def test_no_option_takes_a_path_that_is_none(
    option: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for given in NONE if option[-1] in ("report", "--out", "--run") else ("",):
        result = diffex(*option, given)
        assert (result.exit_code, NONE[given] in told(result)) == (2, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", [("compare", "--html"), ("check", "--junit")])
def test_a_folder_in_the_place_of_a_file(option: tuple[str, ...], tmp_path: Path) -> None:
    result = diffex(*option, tmp_path)
    assert (result.exit_code, "is a folder: name a file in it" in told(result)) == (2, True)


@pytest.mark.parametrize("command", [("corpus", "show"), ("corpus", "validate"), ("corpus", "--merge")])
def test_nor_does_one_that_may_be_a_path(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for given in NONE:
        result = diffex(*command, given)
        assert (result.exit_code, bool(told(result))) == (2, True)


@pytest.mark.parametrize("name", PATHS)
def test_nor_does_a_variable_or_a_file_of_settings(name: str, tmp_path: Path) -> None:
    for given, reason in {**NONE, "a\0b": "must not hold a NUL character"}.items():
        with pytest.raises(UsageError, match=rf"{variable(name)} .* {reason}"):
            resolve({}, {variable(name): given})
        with pytest.raises(UsageError, match=rf"{flag(name)} .* {reason}"):
            resolve({name: given}, {})
        config = tmp_path / "settings.yaml"
        config.write_text(f"{name}: {json.dumps(given)}\n")
        with pytest.raises(UsageError, match=rf"settings.yaml: {name}: .* {reason}"):
            resolve({}, {}, config)


def test_a_program_gets_the_same_sentences() -> None:
    from diffex_cli import explain

    for given, reason in NONE.items():
        with pytest.raises(UsageError, match=reason):
            typed_path(given)
        with pytest.raises(UsageError):
            explain(given, "birds:shortcut", "birds", "tint:")


def test_every_path_of_the_settings_is_parsed_as_one() -> None:
    from diffex_cli.core.settings import Settings

    hints = get_type_hints(Settings)
    assert [name for name in DECLARATIONS if speaks_of_paths(hints[name])] == PATHS
