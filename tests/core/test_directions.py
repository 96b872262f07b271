"""Adding, removing, and both."""

from diffex_cli.core.hierarchy import Corpus, Node, directed

CORPUS = Corpus(
    "test",
    (
        Node("a", "a", "a", children=(Node("a/x", "x", "x", replaces="y"),)),
        Node("b", "no b", "b", remove=True),
    ),
)


def ids(corpus: Corpus) -> list[str]:
    return [node.candidate.id for node in corpus.walk()]


def test_the_corpus_decides_by_default() -> None:
    assert directed(CORPUS, "corpus") is CORPUS


def test_all_are_added_or_removed_and_names_say_what_was_turned_round() -> None:
    assert ids(directed(CORPUS, "add")) == ["a", "a/x", "b"]
    removed = directed(CORPUS, "remove")
    assert ids(removed) == ["-a", "-a/x", "-b"]
    assert [node.name for node in removed.walk()] == ["a (removed)", "x (removed)", "no b"]
    assert directed(CORPUS, "add").node("b").name == "no b (added)"


def test_what_is_removed_takes_the_place_of_nothing() -> None:
    assert directed(CORPUS, "add").node("a/x").replaces == "y"
    assert directed(CORPUS, "remove").node("a/x").replaces == ""


def test_both_hold_every_attribute_twice() -> None:
    both = ids(directed(CORPUS, "both"))
    assert both == [*ids(directed(CORPUS, "add")), *ids(directed(CORPUS, "remove"))]
    assert len(set(both)) == 6
