import dataclasses
from pathlib import Path

from diffex_cli.artifacts.corpus_yaml import read_corpus
from diffex_cli.core.domains import corpus_file
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.verifiers.attributes import asked, attributes_of, every_attribute


def node(name: str, *children: Node, placebo: bool = False) -> Node:
    return Node(name, name, f"a {name}", placebo=placebo, children=children)


HIERARCHY = Corpus("x", (node("head", node("red"), node("hat", placebo=True), node("blue")), node("tail")))


def test_the_finest_attributes_are_asked_about_and_no_placebo() -> None:
    assert [one.id for one in attributes_of(HIERARCHY)] == ["red", "blue", "tail"]
    assert [one.id for one in every_attribute(HIERARCHY)] == ["head", "red", "hat", "blue", "tail"]


def test_siblings_are_those_that_are_drawn() -> None:
    found = {one.id: (one.siblings, one.sibling_prompts) for one in every_attribute(HIERARCHY)}
    assert found["red"] == (("blue",), ("a blue",))
    assert found["hat"] == (("red", "blue"), ("a red", "a blue"))
    assert found["tail"] == ((), ())


def test_a_question_is_part_of_what_is_asked() -> None:
    told = Corpus("x", (dataclasses.replace(node("tail"), question="Is there a tail?"),))
    (tail,) = attributes_of(told)
    assert tail.question == "Is there a tail?"
    assert asked(tail) != asked(dataclasses.replace(tail, question=""))


def test_the_digest_is_that_of_the_document() -> None:
    """docs/artifacts.md says how another program computes it."""
    import hashlib
    import json

    red = attributes_of(HIERARCHY)[0]
    text = json.dumps(["red", "a red", "", ["a blue"]], separators=(",", ":"))
    assert asked(red) == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_all_values_of_the_birds_are_asked_about() -> None:
    corpus = read_corpus(Path(corpus_file("birds")))
    assert len(attributes_of(corpus)) == sum(not one.children and not one.placebo for one in corpus.walk())
