import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.comparison.rules import from_file, from_options
from diffex_cli.core.errors import UsageError


def test_from_the_command_line() -> None:
    rules = from_options(["collar=0.2", "a = b =1e-1"], [" background "])
    assert [(rule.kind, rule.name, rule.limit, rule.text) for rule in rules] == [
        ("max", "collar", 0.2, "max collar=0.2"),
        ("max", "a = b", 0.1, "max a = b=0.1"),
        ("forbid", "background", None, "forbid background"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("collar", "--max collar is not NAME=LIMIT"),
        ("=0.2", "is not NAME=LIMIT"),
        ("collar=", "the limit '' must be a number, at least 0"),
        ("collar=-1", "at least 0"),
        ("collar=nan", "at least 0"),
        ("collar=inf", "at least 0"),
    ],
)
def test_malformed_options(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        from_options([text], [])


def test_an_empty_name_is_not_forbidden() -> None:
    with pytest.raises(UsageError, match="--forbid needs the id or name"):
        from_options([], [" "])


def test_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("max:\n  collar: 0.2\n  'no crest': 1\nforbid: [background,\n  on]\n")
    rules = from_file(file)
    assert [rule.text for rule in rules] == ["max collar=0.2", "max no crest=1", "forbid background", "forbid on"]
    assert [rule.source.rpartition(", ")[2] for rule in rules] == ["line 2", "line 3", "line 4", "line 5"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty: it has the keys max and forbid"),
        ("max: [", "is not valid YAML, line 1"),
        ("- collar", "line 1: the file must be a mapping"),
        ("max:\n  a: 1\nmaxx: 2", r"line 3: unknown key 'maxx' \(did you mean 'max'\?\)"),
        ("max:\n- a", "line 2: max must be a mapping"),
        ("max:\n  a: 1\n  a: 2", "line 3: 'a' is given twice in max"),
        ("forbid:\n- a\nforbid:\n- b", "line 3: 'forbid' is given twice in the file"),
        ("max:\n  a: much", "line 2: the limit 'much' must be a number"),
        ("max:\n  a:", "line 2: max holds something that is not a plain word"),
        ("max:\n  [a]: 1", "line 2: max holds something that is not a plain word"),
        ("forbid: background", "line 1: forbid must be a list"),
        ("forbid:\n- a\n- [b]", "line 3: forbid holds something that is not a plain word"),
        ("forbid:\n- ''", "line 2: forbid holds something that is not a plain word"),
        ("max: &a\n  b: *a", "alias \\*a: write the value out"),
        ("max: !!python/object:os.system {}", ""),
    ],
)
def test_malformed_files(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    if not sentence:
        assert from_file(file) == ()
        return
    with pytest.raises(UsageError, match=sentence):
        from_file(file)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read --rules .*nowhere\.yaml: No such file"):
        from_file(tmp_path / "nowhere.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(UsageError, match=r"--rules .*binary is not UTF-8 text: save it as UTF-8"):
        from_file(tmp_path / "binary")


@given(text=st.text("max:forbid[]{}&*!#-'\"\n 01.", max_size=40))
def test_any_text_is_read_or_refused_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(text)
    with contextlib.suppress(UsageError):
        assert all(rule.name and str(file) in rule.source for rule in from_file(file))
