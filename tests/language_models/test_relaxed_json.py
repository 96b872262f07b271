"""JSON with the liberties that language models take, and no others."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.language_models.relaxed_json import Broken, read_value

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["", "a'b", 'a"b', "//x", "{", "],", "\n"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
CONTAINERS = st.lists(VALUES, min_size=1, max_size=3) | st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ('{"a": 1, // the beak\n "b": /* and\n the */ 2 # crest\n}', {"a": 1, "b": 2}),
        ('{"a": "red\nbeak\t."}', {"a": "red\nbeak\t."}),
        ("{'a': 'the bird\\'s \"red\" beak', 'b': None, 'c': [True, False]}",
         {"a": 'the bird\'s "red" beak', "b": None, "c": [True, False]}),
        ('{"a": "the bird\\\'s beak"}', {"a": "the bird's beak"}),
        ('{a: 1, $b-c: "http://x/#y"}', {"a": 1, "$b-c": "http://x/#y"}),
        ('{"a": -0.5e3, "a": -500.0}', {"a": -500.0}),
    ],
)  # fmt: skip
def test_liberties(text: str, value: object) -> None:
    assert read_value(f"{text} and so on") == (value, len(text))


@pytest.mark.parametrize(
    "text",
    ['{"a" 1}', '{"a": 1 "b": 2}', "[1 2]", "[1,,2]", "{,}", '{"a": }', '{"a": "12" beak"}', '{"a": 1, "a": 2}', "[01]",
     "[NaN]", "[1e999]", "[nothing]", '{"a": ...}', '["\\x"]', "[[" + "[" * 200 + "x"],
)  # fmt: skip
def test_nothing_is_guessed(text: str) -> None:
    with pytest.raises(Broken) as caught:
        read_value(f"{text} .")
    assert not caught.value.unfinished


@settings(max_examples=200, deadline=None)
@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_is_what_it_is(value: Any, indent: int | None, ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    assert read_value(f"{text} ,") == (value, len(text))


@settings(max_examples=200, deadline=None)
@given(CONTAINERS, st.integers(1, 10_000))
def test_what_broke_off_is_never_whole(value: Any, length: int) -> None:
    text = json.dumps(value)
    with pytest.raises(Broken) as caught:
        read_value(text[: min(length, len(text) - 1)])
    assert caught.value.unfinished


PLAIN = st.text("ab {}[],:/#", max_size=8)
PLAINLY = st.recursive(
    st.none() | st.booleans() | st.integers() | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(PLAINLY, st.data())
def test_nothing_is_invented(value: Any, data: st.DataObject) -> None:
    """Whatever is torn out of a text, or put into it, what is read stands there."""
    text = json.dumps(value)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    patch = data.draw(st.sampled_from(["", '"', "'", ",", "{", "}", "[", "]", "//", "/*", "*/", ":", "x", "1", " "]))
    torn = text[:start] + patch + text[end:]
    try:
        found, length = read_value(torn)
    except Broken:
        return
    for leaf in _leaves(found):
        assert (leaf if isinstance(leaf, str) else json.dumps(leaf)) in torn[:length]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *(leaf for part in value.values() for leaf in _leaves(part))]
    return [leaf for part in value for leaf in _leaves(part)] if isinstance(value, list) else [value]
