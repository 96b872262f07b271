from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from diffex_cli.commands import completion
from diffex_cli.core.settings import ASK, DECLARATIONS, FIELDS, INPUT, SEARCH, WORK, Settings, flag, variable


def test_values_are_plain() -> None:
    values = Settings(images=Path("a")).values()
    assert tuple(values) == FIELDS
    assert yaml.safe_load(yaml.safe_dump(values)) == values


def test_names_of_flags_and_variables() -> None:
    assert flag("corpus_file") == "--corpus-file"
    assert variable("corpus_file") == "DIFFEX_CORPUS_FILE"


def test_every_setting_is_declared() -> None:
    assert {*FIELDS, "origins"} == {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_declared_of_a_setting_fits_together(name: str) -> None:
    declared, default = DECLARATIONS[name], getattr(Settings(), name)
    assert declared.panel in (INPUT, ASK, SEARCH, WORK)
    assert declared.help.endswith(".")
    assert "{" not in declared.help
    assert declared.complete is None or callable(getattr(completion, declared.complete))
    assert default in (None, "", ()) or declared.parse(default) == default


def test_given_leaves_out_defaults_and_the_run_directory() -> None:
    origins = {"run": "flag --run", "images": "flag --images", "beam": "my.yaml", "editor": "domain birds"}
    settings = Settings(run=Path("r"), images=Path("a"), beam=2, editor="ledits:birds", origins=origins)
    assert settings.given() == {"images": str(Path.cwd() / "a"), "beam": 2}


@pytest.mark.parametrize(("name", "text", "value"), [("beam", "3", 3), ("delta", "1e-2", 0.01), ("target", 3, "3")])
def test_text_of_a_variable_becomes_the_fields_type(name: str, text: object, value: object) -> None:
    assert DECLARATIONS[name].parse(text) == value


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("racing", "yes", True),
        ("racing", "0", False),
        ("racing", False, False),
        ("holdout", True, "on"),
        ("holdout", False, "off"),
        ("holdout", "auto", "auto"),
        ("joint", "0", 0),
        ("joint", 3, 3),
        ("direction", "both", "both"),
    ],
)
def test_switches_choices_and_sizes(name: str, raw: object, value: object) -> None:
    assert DECLARATIONS[name].parse(raw) == value


@pytest.mark.parametrize(
    ("name", "raw", "sentence"),
    [
        ("racing", "perhaps", "true or false"),
        ("joint", 1, "at least 2"),
        ("scale", "probability", "there are: logit, prob"),
        ("max_edits", 0, "at least 1"),
        ("accept", True, "there are: tested, larger"),
    ],
)
def test_bad_switches_choices_and_sizes(name: str, raw: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DECLARATIONS[name].parse(raw)
