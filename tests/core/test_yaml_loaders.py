from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_yaml, write_yaml
from diffex_cli.core.plain_json import MAX_NESTING
from diffex_cli.core.yaml_loaders import CParser, Loader, UntypedLoader, composed_in_c

in_c = pytest.mark.skipif(CParser is None, reason="PyYAML without libyaml")

_PIECES = (
    *("a", "b: ", "- ", "-", ": ", ":", "\n", "\n  ", "\n    ", "\n- ", "\n  - ", "\n\n", " ", "  ", "#", " #c"),
    *("\n#c\n", "'", '"', "''", "'it''s'", '"q"', "'a\n  b'", "[]", "{}", "]", "}", ",", "---", "\n---\n", "..."),
    *("%", "@", "`", "=", "<<", "~", "null", "no", "1.5", "-1", "0x1f", "12:30", ".inf", "2020-01-01", "a:b", "a #b"),
    *("é", "…", "\U0001f600", "key: value\n", "k:\n  - x\n  - y\n", "x" * 1030, "\t", "\r", "\x7f", "\u2028"),
    *("\ufeff", "[a]", "&a ", "*a", "!t ", "|\n"),
)


def _told(node: yaml.Node | None) -> Any:
    """All that is asked of nodes."""
    if not isinstance(node, yaml.MappingNode | yaml.SequenceNode | yaml.ScalarNode):
        return None
    value: Any = node.value
    if isinstance(node, yaml.MappingNode):
        value = [(_told(key), _told(one)) for key, one in node.value]
    elif isinstance(node, yaml.SequenceNode):
        value = list(map(_told, node.value))
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return type(node), node.tag, plain, node.start_mark.line, value


@in_c
@settings(max_examples=300)
@given(st.lists(st.sampled_from(_PIECES), max_size=16).map("".join) | st.text(max_size=20), st.booleans())
def test_what_is_composed_in_c_is_composed_the_same_without(text: str, typed: bool) -> None:
    composed = composed_in_c(text, typed=typed)
    if composed is not None:
        loader = (Loader if typed else UntypedLoader)(text)
        assert _told(composed[0]) == _told(loader.get_single_node())


@in_c
def test_what_diffex_writes_is_composed_in_c() -> None:
    levels = [
        {"depth": 0, "candidates": [{"candidate": "head", "effect": 0.25, "low": None, "reason": "0.25 is kept"}]}
    ]
    text = write_yaml({"schema": "diffex.search/1", "passed": [], "name": "Blåmes", "note": "a: b", "levels": levels})
    assert composed_in_c(text, typed=False) is not None


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice"),
        ("a: 1\n  b: 2\n", 2, "mapping values are not allowed"),
        ("- a\nb: c\n", 2, "expected <block end>"),
        ("a:\n" + "- " * (MAX_NESTING + 1) + "b\n", 2, f"nested more than {MAX_NESTING} deep"),
        ("a: 'b\n", 2, "found unexpected end of stream"),
    ],
)
def test_what_is_refused_of_the_plainest_text_names_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(UsageError, match=rf"f\.yaml.*, line {line}: .*{problem}"):
        read_yaml(text, "f.yaml")
