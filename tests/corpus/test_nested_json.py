"""Hierarchies in the form of the paper's public code."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.artifacts.corpus_yaml import parse_corpus, write_corpus
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.corpus.file import FileProvider
from diffex_cli.corpus.nested_json import parse_nested_json

FACES = """{"domain": "faces", "categories": {
  "Facial hair": {"Beard": ["Balbo", "Anchor"], "Mustache": []},
  "Accessories": {"Glasses": {"Sunglasses": null}}
}}"""


def ids(text: str) -> list[str]:
    return [node.id for node in parse_nested_json(text, "x.json", "faces").walk()]


def test_the_provider_file_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "faces.json"
    file.write_text("\ufeff" + FACES, encoding="utf-8")
    corpus = FileProvider(parse_spec(f"file:{file}")).corpus("faces")
    assert corpus.domain == "faces"
    assert [node.id for node in corpus.walk()] == [
        "facial-hair",
        "facial-hair/beard",
        "facial-hair/beard/balbo",
        "facial-hair/beard/anchor",
        "facial-hair/mustache",
        "accessories",
        "accessories/glasses",
        "accessories/glasses/sunglasses",
    ]
    assert corpus.node("facial-hair/beard/balbo").prompt == "Balbo"


def test_a_corpus_file_that_is_json_is_still_one(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"schema": "diffex.corpus/1", "domain": "faces", "nodes": [{"name": "categories"}]}')
    assert FileProvider(parse_spec(f"file:{file}")).corpus("faces").roots[0].name == "categories"


def test_another_domain_is_refused_and_none_is_taken_for_the_one_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "faces.json"
    file.write_text(FACES)
    with pytest.raises(UsageError, match=r"of the domain 'faces', not 'birds': give --domain 'faces'"):
        FileProvider(parse_spec(f"file:{file}")).corpus("birds")
    assert parse_nested_json('{"categories": ["hat"]}', "x", "faces").domain == "faces"


def test_what_is_there_twice_is_joined() -> None:
    assert ids('{"categories": {"hat": ["red", "Red"], "Hat": {"blue": ["navy"]}, "hat!": {"blue": ["sky"]}}}') == [
        "hat",
        "hat/red",
        "hat/blue",
        "hat/blue/navy",
        "hat/blue/sky",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"categories": {"hat": [1]}}', r"x.json: categories > hat: must be an object, a list or a text, not 1"),
        ('{"categories": {"hat": [["a"]]}}', r"categories > hat: a list may hold texts and objects"),
        ('{"categories": {"帽子": []}}', r"categories: the name '帽子' has no letter"),
        ('{"categories": {}}', r"categories: is empty"),
        ('{"domain": 3, "categories": {"a": []}}', r"domain: must be text"),
        ('{"categories": {\n"hat": [}', r"x.json, line 2: this is not valid JSON"),
        ('{"categories": ' + '{"a": ' * 40 + "1" + "}" * 41, r"more than 32 levels"),
        ('{"categories": ' + "[" * 100_000, r"x.json, line 1: it is nested too deeply: at most 100 levels"),
    ],
)
def test_what_is_wrong_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_nested_json(text, "x.json", "faces")


NAMES = st.text(max_size=6) | st.sampled_from(["hat", "Hat", "red"])
TREES = st.recursive(
    st.none() | NAMES,
    lambda below: st.lists(NAMES, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(TREES)
def test_whatever_is_read_can_be_written_and_read_back(tree: object) -> None:
    try:
        corpus = parse_nested_json(json.dumps({"categories": tree}), "x", "faces")
    except UsageError:
        return
    assert parse_corpus(write_corpus(corpus, {}), "y").corpus == corpus
