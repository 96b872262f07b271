"""A group that was opened is measured by all of its members' edits."""

from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.core.hierarchy import Candidate, Corpus, Node
from diffex_cli.search.pooling import Pools

IMAGES = ("a", "b", "c")


def _leaf(id: str) -> Node:
    return Node(id=id, name=id, prompt=id)


CREST = Node(id="crest", name="crest", prompt="crest", children=(_leaf("crest/tall"), _leaf("crest/no")))
EYE = Node(id="eye", name="eye", prompt="eye", children=tuple(_leaf(f"eye/{one}") for one in ("red", "black", "white")))
HEAD = Node(id="head", name="head", prompt="head", children=(CREST, EYE))


def _pools(failed: frozenset[tuple[str, str]] = frozenset(), root: Node = HEAD) -> Pools:
    """Of a group, the last of its members by name stands for it."""
    nodes = {node.candidate.id: node for node in root.walk()}

    def edited(candidate: Candidate, image: str) -> Candidate:
        node = nodes[candidate.id]
        return candidate if node.drawn else max(node.members, key=lambda one: one.id).candidate

    return Pools(Corpus("birds", (root,)), edited, lambda candidate, image: (candidate.id, image) not in failed)


def _shares(pools: Pools, node: Node, image: str = "a") -> dict[str, float]:
    return {edited.id: share for edited, share in pools.parts(node.candidate, image)}


def test_a_group_is_its_members_mean_once_it_was_opened() -> None:
    pools = _pools()
    pools.add([(EYE.candidate, IMAGES), *((child.candidate, IMAGES) for child in EYE.children)])
    assert _shares(pools, EYE) == {"eye/white": 1.0}, "until it is renewed, all figures are of one state"
    assert pools.renew()
    assert _shares(pools, EYE) == {"eye/black": 1 / 3, "eye/red": 1 / 3, "eye/white": 1 / 3}
    assert not pools.renew()


def test_each_child_counts_by_how_many_members_it_has() -> None:
    pools = _pools()
    pools.add([(node.candidate, IMAGES) for node in (CREST, EYE, *CREST.children)])
    pools.renew()
    shares = _shares(pools, HEAD)
    assert shares == {"crest/no": 0.2, "crest/tall": 0.2, "eye/white": 0.6}, "the eye, not opened, by its one member"


def test_an_image_that_lacks_a_child_keeps_its_one_member() -> None:
    pools = _pools(failed=frozenset({("eye/red", "b")}))
    pools.add([(child.candidate, IMAGES[:2]) for child in EYE.children])
    pools.renew()
    assert len(_shares(pools, EYE, "a")) == 3
    assert _shares(pools, EYE, "b") == {"eye/white": 1.0}, "one failed"
    assert _shares(pools, EYE, "c") == {"eye/white": 1.0}, "none was edited"


@given(st.permutations(EYE.children), st.sets(st.sampled_from([node.candidate.id for node in HEAD.walk()])))
def test_shares_sum_to_one_and_have_no_order(children: list[Node], tried: set[str]) -> None:
    def found(eye: Node) -> dict[str, float]:
        root = Node(id="head", name="head", prompt="head", children=(CREST, eye))
        pools = _pools(root=root)
        pools.add([(node.candidate, IMAGES) for node in root.walk() if node.candidate.id in tried])
        pools.renew()
        return _shares(pools, root)

    one = found(EYE)
    assert abs(sum(one.values()) - 1) < 1e-12
    if "eye" in tried and {child.candidate.id for child in EYE.children} <= tried:
        other = found(Node(id="eye", name="eye", prompt="eye", children=tuple(children)))
        assert list(other) == list(one), "the hierarchy's order has no influence"


def test_a_removal_is_left_alone() -> None:
    removed = Node(
        id="eye", name="eye", prompt="eye", remove=True, children=(Node("eye/red", "red", "red", remove=True),)
    )
    pools = _pools(root=removed)
    pools.add([(node.candidate, IMAGES) for node in removed.walk()])
    assert not pools.renew()
