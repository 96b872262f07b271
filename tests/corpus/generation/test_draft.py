from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.corpus.generation.draft import Draft, merged
from diffex_cli.corpus.generation.reading import Proposal


def plain(name: str, prompt: str = "", **more: object) -> Proposal:
    return Proposal(name, prompt or name, **more)  # type: ignore[arg-type]


def ids(corpus: Corpus) -> list[str]:
    return [node.id for node in corpus.walk()]


def test_an_attribute_in_two_branches_is_there_once() -> None:
    draft = Draft()
    head, wings = draft.add(None, plain("head")).node, draft.add(None, plain("wings")).node
    first = draft.add(head, plain("crest", "raised crest"))
    second = draft.add(wings, plain("Crests", "raised crests"))
    assert first.new
    assert not second.new
    assert second.node is first.node
    assert ids(draft.corpus("birds")) == ["head", "head/crest", "wings"]


def test_the_same_name_below_two_parents_is_two_attributes_if_the_prompts_differ() -> None:
    draft = Draft()
    for part in ("beak color", "head color"):
        parent = draft.add(None, plain(part)).node
        assert draft.add(parent, plain("red", f"red {part.split()[0]}")).new
    assert ids(draft.corpus("birds")) == ["beak-color", "beak-color/red", "head-color", "head-color/red"]


def test_a_child_named_like_an_ancestor_is_that_ancestor() -> None:
    draft = Draft()
    head = draft.add(None, plain("head")).node
    crest = draft.add(head, plain("crest", "raised crest")).node
    assert draft.add(crest, plain("Crests", "a bird's crest")).node is crest
    assert draft.add(crest, plain("the head", "whole head")).node is head
    assert ids(draft.corpus("birds")) == ["head", "head/crest"]


def test_synonyms_are_names_below_one_parent() -> None:
    draft = Draft()
    head = draft.add(None, plain("head")).node
    crest = draft.add(head, plain("crest", "raised crest", synonyms=("topknot",))).node
    assert draft.add(head, plain("top-knot", "topknot of feathers")).new
    assert draft.add(head, plain("Topknots", "knot of feathers on top")).node is crest
    assert draft.add(head, plain("tuft", "feather tuft", synonyms=("Crest",))).node is crest
    wings = draft.add(None, plain("wings")).node
    assert draft.add(wings, plain("topknot", "something else")).new


def test_adding_and_removing_are_two_attributes() -> None:
    draft = Draft()
    draft.add(None, plain("beard"))
    assert draft.add(None, plain("no beard", "beard", remove=True)).new


def test_equal_slugs_get_a_number() -> None:
    draft = Draft()
    draft.add(None, plain("C+"))
    draft.add(None, plain("C of D", "c d e"))
    draft.add(None, plain("c", "another thing", remove=True))
    corpus = draft.corpus("letters")
    assert ids(corpus) == ["c", "c-of-d", "c-2"]


def tree(*roots: Node) -> Corpus:
    return Corpus("birds", roots)


def node(id: str, *children: Node, **more: object) -> Node:
    name = id.rpartition("/")[2].replace("-", " ")
    return Node(id, name, name, children=children, **more)  # type: ignore[arg-type]


def test_merging_tells_how_many_named_each() -> None:
    one = tree(node("head", node("head/crest", node("head/crest/tall-crest"))), node("wings"))
    two = tree(node("heads", node("heads/eye-ring")), node("background"))
    three = tree(node("head", node("head/crest")), node("wing", node("wing/tall-crests")))
    corpus = merged([one, two, three]).corpus("birds", range(3))
    assert {each.id: each.share for each in corpus.walk()} == {
        "head": 1.0,
        "head/crest": 0.6667,
        "head/crest/tall-crest": 0.6667,
        "head/eye-ring": 0.3333,
        "wings": 0.6667,
        "background": 0.3333,
    }


def test_merging_keeps_all_that_a_node_says() -> None:
    more = {"placebo": True, "overrides": {"guidance": 4.0}, "replaces": "tail", "source": "a.txt: head"}
    full = node("head", node("head/crest"), **more, question="Is there a head?", group="words")
    (root,) = merged([tree(full)]).corpus("birds").roots
    assert root == full


def test_how_a_group_is_measured_is_said_of_groups_alone() -> None:
    draft = Draft()
    head = draft.add(None, plain("head", group="words", question="Is there a head?")).node
    draft.add(head, plain("crest", group="words"))
    (root,) = draft.corpus("birds").roots
    assert (root.group, root.question, root.children[0].group) == ("words", "Is there a head?", "members")


def test_a_hierarchy_that_turns_another_upside_down_makes_no_circle() -> None:
    corpus = merged([tree(node("a", node("a/b"))), tree(node("b", node("b/a", node("b/a/c"))))]).corpus("x", range(2))
    assert ids(corpus) == ["a", "a/b", "a/c"]


def test_what_a_hierarchy_has_twice_is_there_once() -> None:
    twice = tree(
        node("head", node("head/crest", node("head/crest/tall"))),
        node("wings", node("wings/crest", node("wings/crest/short"))),
    )
    assert ids(merged([twice]).corpus("birds")) == [
        "head",
        "head/crest",
        "head/crest/tall",
        "head/crest/short",
        "wings",
    ]
