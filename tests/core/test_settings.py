from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from diffex_cli.core.settings import FIELDS, PARSERS, Settings, flag, variable


def test_values_are_plain() -> None:
    values = Settings(images=Path("a")).values()
    assert tuple(values) == FIELDS
    assert yaml.safe_load(yaml.safe_dump(values)) == values


def test_names_of_flags_and_variables() -> None:
    assert flag("corpus_file") == "--corpus-file"
    assert variable("corpus_file") == "DIFFEX_CORPUS_FILE"


def test_every_field_has_a_parser() -> None:
    assert set(PARSERS) == set(FIELDS)


def test_given_leaves_out_defaults_and_the_run_directory() -> None:
    origins = {"run": "flag --run", "images": "flag --images", "beam": "my.yaml", "editor": "domain birds"}
    settings = Settings(run=Path("r"), images=Path("a"), beam=2, editor="ledits:birds", origins=origins)
    assert settings.given() == {"images": str(Path.cwd() / "a"), "beam": 2}


@pytest.mark.parametrize(("name", "text", "value"), [("beam", "3", 3), ("delta", "1e-2", 0.01), ("target", 3, "3")])
def test_text_of_a_variable_becomes_the_fields_type(name: str, text: object, value: object) -> None:
    assert PARSERS[name](text) == value


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
    assert PARSERS[name](raw) == value


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
        PARSERS[name](raw)
