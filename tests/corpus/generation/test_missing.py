"""What a hierarchy lacks: asked, read, added."""

from __future__ import annotations

from typing import Any

import pytest
from scripted import answer

from diffex_cli.artifacts.corpus_yaml import parse_corpus, write_corpus
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.corpus.generation.grafting import graft
from diffex_cli.corpus.generation.missing import Case, Missing, question, read_missing
from diffex_cli.language_models.base import Picture

CORPUS = Corpus(
    "birds",
    (
        Node(
            "head",
            "head",
            "head",
            share=0.5,
            children=(
                Node("head/crest", "crest", "raised crest"),
                Node("head/beak", "beak", "beak", children=(Node("head/beak/red", "red", "red beak"),)),
            ),
        ),
        Node("no-tail", "no tail", "tail", remove=True, source="guide.pdf, p. 3: Tails."),
    ),
)


def missing(name: str, prompt: str = "", below: str = "", **more: Any) -> Missing:
    return Missing(name, prompt or name, below=below, **more)


def test_the_question_shows_pictures_cases_and_the_hierarchy() -> None:
    picture = Picture("image/png", b"1")
    asked = question(
        CORPUS,
        [Case("changed by {1}.", {"before": picture, "after": picture}), Case("wrong.", {"untouched": picture})],
        3,
    )
    assert "picture 1 (before), picture 2 (after): changed by {1}." in asked.text
    assert "picture 3 (untouched): wrong." in asked.text
    assert len(asked.pictures) == 3
    assert "head/beak/red: red\nno-tail: no tail (taken away)" in asked.system
    item = asked.schema["properties"]["attributes"]["items"]
    assert set(item["required"]) == set(item["properties"]) > {"below", "prompt", "question", "group"}


def test_an_answer_says_where_each_attribute_belongs() -> None:
    content = answer({"name": "blue", "prompt": "blue beak", "below": "head/beak"}, "mask", "wings", "feet")
    reading = read_missing(content, CORPUS, 3)
    assert reading.complaints == ()
    assert reading.usable == (missing("blue", "blue beak", "head/beak"), missing("mask"), missing("wings"))


def test_a_question_comes_along() -> None:
    content = answer({"name": "mask", "prompt": "black mask", "question": "Is there a black mask?"})
    (added,) = graft(CORPUS, read_missing(content, CORPUS, 3).usable).added
    assert added.question == "Is there a black mask?"


def test_null_is_no_place() -> None:
    content = answer({"name": "mask", "below": None, "synonyms": None})
    assert read_missing(content, CORPUS, 3).usable == (missing("mask"),)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({}, "'attributes' must be a list of objects"),
        (answer("mask", {"name": "x", "below": "tail"}), "attributes[1].below must be an id of the hierarchy"),
        (answer("mask", {"name": "x", "below": 3}), "attributes[1].below must be an id of the hierarchy"),
        (answer("mask", {"name": "x", "below": ["head"]}), "attributes[1].below must be an id of the hierarchy"),
        (answer("mask", {"name": ""}), "attributes[1].name must be text"),
    ],
)
def test_a_wrong_answer_is_complained_of_and_the_rest_is_kept(content: dict[str, object], complaint: str) -> None:
    reading = read_missing(content, CORPUS, 3)
    assert [one.startswith(complaint) for one in reading.complaints] == [True]
    assert [one.name for one in reading.usable] == (["mask"] if content else [])


def test_no_attribute_goes_below_the_last_level() -> None:
    node = Node("/".join("a" * 32), "a", "a")
    for depth in range(31, 0, -1):
        node = Node("/".join("a" * depth), "a", "a", children=(node,))
    reading = read_missing(answer({"name": "b", "below": "/".join("a" * 32)}), Corpus("d", (node,)), 3)
    assert reading.complaints == ("attributes[0].below is on the last level: name one above",)
    assert read_missing(answer({"name": "b", "below": "/".join("a" * 31)}), Corpus("d", (node,)), 3).complaints == ()


def test_what_is_new_is_added_where_it_belongs_and_nothing_else_is_touched() -> None:
    grafted = graft(
        CORPUS,
        [missing("blue", "blue beak", "head/beak"), missing("mask", "black mask", "head"), missing("water")],
    )
    assert [node.id for node in grafted.added] == ["head/beak/blue", "head/mask", "water"]
    assert grafted.known == ()
    assert [node.id for node in grafted.corpus.walk()] == [
        "head",
        "head/crest",
        "head/beak",
        "head/beak/red",
        "head/beak/blue",
        "head/mask",
        "no-tail",
        "water",
    ]
    assert [grafted.corpus.node(node.id) for node in (CORPUS.roots[1], CORPUS.roots[0].children[0])] == [
        CORPUS.roots[1],
        CORPUS.roots[0].children[0],
    ]
    assert grafted.corpus.node("head").share == 0.5
    assert parse_corpus(write_corpus(grafted.corpus, {}), "x").corpus == grafted.corpus


@pytest.mark.parametrize(
    "proposal",
    [
        missing("Crests", below="head"),
        missing("bills", "the bill of a bird", "head", synonyms=("beaks",)),
        missing("scarlet", "Red Beaks"),
        missing("red beak", "a beak that is red"),
        missing("heads", "the whole head", "head/beak"),
        missing("the crest"),
        missing("tailless", "tail", remove=True),
    ],
)
def test_what_is_there_in_other_words_is_not_added(proposal: Missing) -> None:
    grafted = graft(CORPUS, [proposal])
    assert grafted.added == ()
    assert grafted.known == (proposal.name,)
    assert grafted.corpus == CORPUS


def test_another_red_and_a_tail_that_is_added_are_new() -> None:
    proposals = [missing("red", "red crest", "head/crest"), missing("tail"), missing("Red!", "red crest", "head/crest")]
    grafted = graft(CORPUS, proposals)
    assert [node.id for node in grafted.added] == ["head/crest/red", "tail"]
    assert grafted.known == ("Red!",)


def test_an_id_that_is_taken_gets_a_number() -> None:
    corpus = Corpus("d", (Node("mask", "black face", "black face"),))
    assert [node.id for node in graft(corpus, [missing("mask")]).added] == ["mask-2"]
