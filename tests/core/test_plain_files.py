"""The one reader of YAML and JSON."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_json, read_plain_file, read_yaml, write_yaml

words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_what_pyyaml_writes_reads_back(value: object) -> None:
    assert read_yaml(write_yaml(value), "a.yaml") == value


@pytest.mark.parametrize("text", ["0E0", "1e5", ".5", "-.inf", "~", "", "true", "0", "no", "2026-11-27", "1:30"])
def test_a_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    assert read_yaml(write_yaml({"a": text, "b": [text]}), "a.yaml") == {"a": text, "b": [text]}


@given(plain)
def test_json_reads_back(value: object) -> None:
    assert read_json(json.dumps(value), "a.json") == value


@given(st.text())
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    for read in (read_yaml, read_json):
        told = "a.yaml"
        try:
            read(text, "a.yaml")
        except UsageError as error:
            told = str(error)
        assert told.startswith("a.yaml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("010", "010"),
        ("0x1f", "0x1f"),
        ("12:30", "12:30"),
        ("2026-11-27", "2026-11-27"),
        ("1_000", "1_000"),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("-7", -7),
        ("true", True),
        ("~", None),
        ("-.inf", -math.inf),
        ("'5'", "5"),
    ],
)
def test_a_scalar_is_a_number_only_where_it_looks_like_one(written: str, value: object) -> None:
    assert read_yaml(f"key: {written}", "a.yaml") == {"key": value}


def test_verbatim_keeps_what_was_written() -> None:
    assert read_yaml("[1.50, null, true, 010, '']", "a.yaml", verbatim=True) == ["1.50", "null", "true", "010", ""]
    assert read_yaml("- \n- a", "a.yaml", verbatim=True) == [None, "a"]
    assert read_json('{"0": 1.50, "1": 7}', "a.json", verbatim=True) == {"0": "1.50", "1": "7"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "a.yaml, line 3: 'a' is given twice: remove one"),
        ("a: &x 1\nb: *x\n", "line 2: alias .*: write the value out"),
        ("a: 1\n---\nb: 2\n", "line 2: .*another document"),
        ("a: !!timestamp 2026-99-99\n", "line 1: the tag timestamp: write the plain value"),
        ("a: !!python/object/apply:os.system x\n", "line 1: the tag python/object/apply:os.system: "),
        ("a: !!seq [1]\nb: !own {a: 1}\n", "line 2: the tag !own: "),
        ("[" * 5_000, "nested more than 100 deep"),
        ("? [a]\n: b\n", "line 1: a key must be a plain text"),
    ],
)
def test_what_could_be_a_mistake_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_yaml(text, "a.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "'a' is given twice"),
        ('{"a": NaN}', "NaN is not a number in JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[\n" + "9" * 5_000 + "]", "a.json, line 2: a number is too large"),
        ('{"a": [1e999]}', "a.json, line 1: a number is too large"),
        ('["\\ud800"]', "a.json, line 1: it holds half of a character"),
        ("[" * 101 + "]" * 101, "nested too deeply"),
        ("{\n'a': 1}", "line 2: this is not valid JSON"),
    ],
)
def test_json_too(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_json(text, "a.json")


def test_a_pointer_of_git_lfs_is_named_as_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "labels.yaml"
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    with pytest.raises(UsageError, match=r"the file of labels .*labels\.yaml is a Git LFS pointer.*run git lfs pull"):
        read_plain_file(file, "the file of labels")
