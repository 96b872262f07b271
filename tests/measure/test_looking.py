"""What a verifier looks at besides an edit's own attributes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.artifacts.rows import InputImage, MeasuredRow
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.measure.looking import SAMPLED, own_classes, protected, sampled

CORPUS = Corpus(
    "faces",
    (
        Node(
            "eyes",
            "eyes",
            "eyes",
            children=(Node("eyes/colour", "eye colour", "eyes"), Node("eyes/closed", "closed eyes", "closed")),
        ),
        Node("age", "age", "old"),
        Node("image", "image noise", "noise"),
    ),
)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (["eyes"], ("eyes",)),
        (["Closed Eyes", "age"], ("eyes/closed", "age")),
        (["colour"], ("eyes/colour",)),
        (["noise", "image"], ("image",)),
        (["eyes/closed", "eyes"], ("eyes/closed", "eyes")),
        ([], ()),
    ],
)
def test_ids_and_whole_words_of_names_are_protected(wanted: list[str], ids: tuple[str, ...]) -> None:
    assert protected(CORPUS, wanted) == ids


@pytest.mark.parametrize("wanted", ["eyes/colours", "ag", "eye closed", "..."])
def test_what_the_hierarchy_lacks_is_one_sentence(wanted: str) -> None:
    with pytest.raises(
        UsageError, match=r"--protect .*: the hierarchy has no attribute .*; corpus.yaml lists them"
    ) as told:
        protected(CORPUS, [wanted])
    assert ("did you mean 'eyes/colour'" in str(told.value)) == (wanted == "eyes/colours")


def image(key: str, label: str | None) -> InputImage:
    return InputImage(key, "x.png", "x", 1, 1, label)


def test_an_image_is_of_its_label_or_of_what_is_explained() -> None:
    labelled = {"a": image("a", "jay"), "b": image("b", None)}
    unknown = {"a": image("a", None), "b": image("b", None)}
    assert own_classes(labelled, "cardinal") == {"a": "class:jay"}
    assert own_classes(unknown, "cardinal") == {"a": "class:cardinal", "b": "class:cardinal"}
    for several in ("all", "predicted", "jay - hawk", None):
        assert own_classes(labelled, several) == {"a": "class:jay"}
        assert own_classes(unknown, several) == {}


ROWS = st.lists(
    st.builds(
        lambda candidate, image, shown, held: MeasuredRow(candidate, image, "e", shown, 0, 0, None, held),
        st.sampled_from("xyz"),
        st.integers(0, 40).map(str),
        st.booleans(),
        st.booleans(),
    ),
    unique_by=lambda row: (row.candidate, row.image),
    max_size=60,
)


@given(ROWS, st.integers(0, 3))
def test_a_sample_is_of_edits_of_what_is_reported_and_the_same_each_time(rows: list[MeasuredRow], seed: int) -> None:
    found = sampled(rows, {"x", "y"}, seed)
    assert sampled(list(reversed(rows)), {"x", "y"}, seed) == found or len({row.candidate for row in found}) > 1
    edited = [row for row in rows if not row.shown and not row.held_out]
    for candidate in "xyz":
        own = [row for row in edited if row.candidate == candidate]
        many = 0 if candidate == "z" else min(SAMPLED, len(own))
        assert Counter(row.candidate for row in found)[candidate] == many
    assert all(row in edited for row in found)


def test_candidates_share_the_images_of_their_samples() -> None:
    rows = [MeasuredRow(id, str(i), "e", False, 0, 0, None, False) for id in "xy" for i in range(40)]
    found = sampled(rows, {"x", "y"}, 0)
    assert len({row.image for row in found}) == SAMPLED
    assert {row.image for row in found} != {row.image for row in sampled(rows, {"x", "y"}, 1)}
