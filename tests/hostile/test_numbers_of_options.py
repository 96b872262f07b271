"""Every numeric option of every command, whatever number it is given: a sentence and exit code 2, or it is taken."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pipeline import make_corpus
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.spec_options import number, read_options, whole

NEVER = ("nan", "inf", "1e400", "-1", "", "1" * 5000)
HUGE = str(10**25)
PERHAPS = ("0", "1e308", HUGE, str(2**63))
ARGUMENTS = {
    "compare": ["run", "run"],
    "check": ["run"],
    "classify": ["pictures"],
    "study answer": ["page.html", "--rater", "openai:m"],
}


def numeric_options() -> Iterator[tuple[str, str]]:
    """Command and flag of all that there are, by the tree of commands itself."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, str]]:
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, f"{path} {name}".strip())
        for param in command.params:
            kinds = _kinds(param.type_descriptor.annotation)
            if param.param_type_name == "option" and kinds & {int, float}:
                yield path, param.opts[0]

    yield from walk(typer.main.get_command(app), "")


def _kinds(annotation: Any) -> set[Any]:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is not None:
        return set().union(*map(_kinds, typing.get_args(annotation)))
    return {annotation}


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def assert_told(result: Result, flag: str) -> None:
    """In a sentence; Typer breaks its own within a frame, and says the flag."""
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    told = re.sub(r"[│╭╮╰╯─\s]+", " ", result.stderr)
    assert flag in told
    assert len(told) < 2000
    assert "unexpected" not in told
    assert "Traceback" not in told


OPTIONS = sorted(numeric_options())


def test_there_are_numeric_options() -> None:
    assert {("search", "--delta"), ("report", "--max-size"), ("study make", "--seed"), ("corpus", "--depth")} <= set(
        OPTIONS
    )


@pytest.mark.parametrize(("command", "flag"), OPTIONS)
def test_what_is_no_number_is_a_sentence(
    command: str, flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rest = ARGUMENTS.get(command, [])
    # a setting is read in the same way wherever it is given
    is_first = min(where for where, name in OPTIONS if name == flag) == command
    for value in NEVER if is_first else NEVER[:1]:
        assert_told(diffex(*command.split(), *rest, f"{flag}={value}"), flag)
    for value in PERHAPS if is_first else PERHAPS[:1]:
        result = diffex(*command.split(), *rest, f"{flag}={value}", "--run=none")
        assert result.exit_code in (0, 2, 3), result.output
        assert "unexpected" not in result.stderr
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DIFFEX_SEED", str(2**63)), ("DIFFEX_SEED", "-1"), ("DIFFEX_DELTA", "nan"), ("DIFFEX_BEAM", HUGE)],
)
def test_the_environment_is_no_way_around(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    assert_told(diffex("config", "show"), variable)


@pytest.mark.parametrize(
    "line", [f"seed: {2**63}", "seed: -1", "delta: .nan", "beam: 1e400", f"depth: {HUGE}", "runs: []"]
)
def test_nor_is_a_file(line: str, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(line)
    assert_told(diffex("config", "show", "--config", str(tmp_path / "settings.yaml")), line.partition(":")[0])


def test_the_largest_values_that_are_taken_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_corpus(tmp_path)
    monkeypatch.chdir(tmp_path)
    backends = ("--editor", "tint:", "--classifier", "python:colour_classifier:logits", "--run", "run")
    count, seed = str(10**9), str(2**63 - 1)
    found = diffex(
        *("search", *backends, "--seed", seed, "--beam", count, "--delta", "1e12", "--max-edits", count),
        *("--max-depth", count),
    )
    assert found.exit_code == 0, found.stderr
    for command in (
        ["report", "run", "--max-size", "1e12", "--max-pixels", seed],
        ["study", "make", "--run", "run", "--kind", "quality", "--seed", seed, "--attributes", seed],
        ["classify", "--run", "run", "--classifier", "python:colour_classifier:logits", "pictures", "--top", seed],
        ["corpus", "show", "--run", "run", "--depth", seed],
    ):
        result = diffex(*command)
        assert result.exit_code == 0, (command, result.stderr)


@dataclasses.dataclass(frozen=True)
class Options:
    whole: int = whole(3, 1)
    number: float = number(1.0)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e400", "9" * 500])
@pytest.mark.parametrize("name", ["whole", "number"])
def test_options_of_a_spec(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"{name} must be"):
        read_options(parse_spec(f"x:m:{name}={value}"), Options())


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "", "1e400"])
def test_limits_of_a_check(limit: str) -> None:
    assert_told(diffex("check", "run", "--max", f"crest={limit}"), "--max")


EXTREME = """\
import numpy as np

def predict(pictures):
    signs = np.array([np.asarray(picture, dtype=float).mean() for picture in pictures]) > 127
    large = np.where(signs, {value}, -{value})
    return {{"a": large, "b": -large}}
"""


@pytest.mark.parametrize(("value", "code"), [("1e308", 2), ("3e38", 0)])
def test_scores_that_overflow_a_mean(value: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_corpus(tmp_path)
    module = f"extreme_{value}".replace("e", "_")
    (tmp_path / f"{module}.py").write_text(EXTREME.format(value=value))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    backends = ("--editor", "tint:", "--classifier", f"python:{module}:predict", "--run", "run")
    found = diffex("search", *backends, "--target", "a")
    assert found.exit_code == code, found.output
    assert "unexpected" not in found.stderr
    if code:
        assert "not finite" in found.stderr
    told = diffex("classify", "--classifier", f"python:{module}:predict", "--run", "run", "pictures")
    assert "unexpected" not in told.stderr, told.stderr
