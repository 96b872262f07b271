import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import answer

from diffex_cli.artifacts.corpus_yaml import parse_corpus, write_corpus
from diffex_cli.corpus.generation.draft import Draft
from diffex_cli.corpus.generation.reading import Proposal, read, schema


@dataclasses.dataclass
class Quote:
    text: str
    source: str


def test_a_right_answer() -> None:
    content = answer("crest", {"name": "no beard", "prompt": "beard", "remove": True, "synonyms": ["shaven"]})
    reading = read(content, 6)
    assert reading.complaints == ()
    assert reading.usable == (
        Proposal("crest", "crest"),
        Proposal("no beard", "beard", remove=True, synonyms=("shaven",)),
    )


def test_null_is_nothing_given() -> None:
    plain = dict.fromkeys(("prompt", "remove", "editable", "synonyms", "passage"))
    assert read(answer("crest"), 6).usable == read({"attributes": [{"name": "crest", **plain}]}, 6).usable


def test_an_absence_is_a_removal_however_it_is_worded() -> None:
    content = answer({"name": "bald", "prompt": "no hair"}, {"name": "without glasses", "prompt": "glasses"})
    assert [(each.prompt, each.remove) for each in read(content, 6).usable] == [("hair", True), ("glasses", True)]


def test_a_question_and_how_a_group_is_measured() -> None:
    told = answer(
        {"name": "beard", "question": "Is there  a beard?", "group": "words"},
        {"name": "hat", "question": "Is there a hat."},
        {"name": "eyes", "question": " ", "group": None},
        {"name": "bald", "prompt": "no hair", "question": "Is there no hair?"},
    )
    found = read(told, 6).usable
    assert [(one.question, one.group) for one in found] == [
        ("Is there a beard?", "words"),
        ("Is there a hat?", "members"),
        ("", "members"),
        ("", "members"),  # hair is taken away, and it is not known which way the question goes
    ]


def test_what_cannot_be_edited_is_left_out_without_complaint() -> None:
    content = answer("crest", {"name": "song", "editable": False})
    assert [proposal.name for proposal in read(content, 6).usable] == ["crest"]
    assert read(content, 6).complaints == ()


def test_no_more_than_asked_for() -> None:
    assert len(read(answer("a", "b", "c"), 2).usable) == 2


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({}, "'attributes' must be a list"),
        ({"attributes": {"name": "crest"}}, "'attributes' must be a list"),
        ({"attributes": ["crest"]}, "attributes[0] must be an object"),
        (answer({"name": " "}), "attributes[0].name must be text"),
        (answer({"name": "x" * 81}), "attributes[0].name must have at most 80"),
        (answer({"name": "冠羽"}), "attributes[0].name must hold English letters"),
        (answer({"name": "crest", "prompt": 3}), "attributes[0].prompt must be text"),
        (answer({"name": "crest\x1b[31m"}), "attributes[0].name must hold no control characters"),
        (answer({"name": "crest", "remove": "no"}), "attributes[0].remove must be true or false"),
        (answer({"name": "crest", "editable": 1}), "attributes[0].editable must be true or false"),
        (answer({"name": "crest", "synonyms": "tuft"}), "attributes[0].synonyms must be a list"),
        (answer({"name": "crest", "passage": 2}), "attributes[0].passage must be a whole number from 0 to 0"),
        (answer({"name": "crest", "question": ["Is it?"]}), "attributes[0].question must be text"),
        (answer({"name": "crest", "question": "x" * 200}), "attributes[0].question must have at most 199"),
        (answer({"name": "crest", "group": "parts"}), "attributes[0].group must be one of members, words"),
        (answer({"name": "crest", "group": ["words"]}), "attributes[0].group must be one of members, words"),
        (answer(), "must name at least 1"),
    ],
)
def test_what_is_wrong_is_said(content: dict[str, object], complaint: str) -> None:
    reading = read(content, 6, least=1)
    assert reading.usable == ()
    assert complaint in " ".join(reading.complaints)


def test_the_right_part_of_an_answer_is_kept() -> None:
    reading = read(answer("crest", {"name": ""}, "beak"), 6)
    assert [proposal.name for proposal in reading.usable] == ["crest", "beak"]
    assert len(reading.complaints) == 1


def test_an_attribute_keeps_the_passage_that_it_is_taken_from() -> None:
    passages = [Quote("one", "a.txt"), Quote("Crests are\n raised.", "guide.pdf, p. 3")]
    (proposal, plain) = read(
        answer({"name": "crest", "passage": 2}, {"name": "beak", "passage": 0}), 6, 0, passages
    ).usable
    assert proposal.source == "guide.pdf, p. 3: Crests are raised."
    assert plain.source == ""


def test_the_schema_asks_for_all_that_is_read() -> None:
    item = schema(passages=True)["properties"]["attributes"]["items"]
    assert set(item["required"]) == {"name", "prompt", "remove", "editable", "synonyms", "question", "group", "passage"}
    assert "passage" not in schema(passages=False)["properties"]["attributes"]["items"]["properties"]
    json.dumps(schema(passages=True))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
)
NAMES = st.text(max_size=12) | st.sampled_from(["crest", "Crests", "no crest", "red", "a-b", "a b"])
ITEMS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "prompt": NAMES,
        "remove": st.booleans(),
        "synonyms": st.lists(NAMES),
        "question": NAMES,
        "group": st.sampled_from(["members", "words"]),
    },
)


@settings(deadline=None, max_examples=40)
@given(JSON)
def test_nothing_breaks_the_reader(content: object) -> None:
    found = read({"attributes": content}, 6, 1)
    assert len(found.usable) <= 6
    assert all(proposal.name.strip() for proposal in found.usable)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(ITEMS, max_size=5), max_size=4))
def test_whatever_is_read_makes_a_file_that_can_be_read(answers: list[list[dict[str, object]]]) -> None:
    draft, parents = Draft(), [None]
    for items in answers:
        for proposal in read({"attributes": items}, 6).usable:
            place = draft.add(parents[-1], proposal)
            if place.new:
                parents.append(place.node)  # type: ignore[arg-type]
    if draft.roots:
        corpus = draft.corpus("birds")
        assert parse_corpus(write_corpus(corpus, {}), "x").corpus == corpus
