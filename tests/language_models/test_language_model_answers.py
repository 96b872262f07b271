"""Finding the JSON object in what a model wrote."""

import json
from typing import Any

import pytest
from fault_server import SCHEMA
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.language_models.answers import instruction, parse_answer
from diffex_cli.language_models.base import MalformedAnswer, Question, Usage

QUESTION = Question("system", "text", SCHEMA, "attributes")
WANTED = {"attributes": ["beak"]}
DUMPED = json.dumps(WANTED)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["attributes", "a", "{"]), inner),
    max_leaves=10,
)
ANSWERS = st.fixed_dictionaries({"attributes": VALUES})


def parse(text: str, cut_off: bool = False) -> Any:
    return parse_answer(text, QUESTION, Usage(1, 2), model="m", limit=9, cut_off=cut_off).content


@pytest.mark.parametrize(
    "text",
    [
        DUMPED,
        f"\n {DUMPED} \n",
        f"```json\n{DUMPED}\n```",
        f"```\n{DUMPED}\n```\nIs there anything else?",
        f"Sure! Each is of the form {{name}}, so here you are:\n\n{DUMPED}\n\nI hope that helps {{:-)}}",
        f"First I thought of {json.dumps({'attributes': ['wrong']})}, but better is {DUMPED}.",
        f"{json.dumps({'notes': [1]})}\n{DUMPED}",
        f'<think>Maybe {{"attributes": ["wrong"]}}? Let me see. {{"attributes": </think>\n{DUMPED}',
        f'{DUMPED} and {{"attributes": ["unfinis',
        json.dumps(WANTED, indent=2),
    ],
)
def test_finds_the_answer(text: str) -> None:
    assert parse(text) == WANTED


def test_leaves_an_object_of_another_form_to_the_check_of_the_schema() -> None:
    assert parse('{"names": ["beak"]}') == {"names": ["beak"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("I see\n a   bird", "it begins 'I see a bird'"),
        ("[1, 2]", "does not hold a JSON object"),
        ('see {"names": []} there', "does not hold a JSON object"),
        ('{"attributes": ["beak" "crest"]}', "does not hold a JSON object"),
        ('{"attributes": [{"attributes": []} {"attributes": []}]}', "does not hold a JSON object"),
        ('{"attributes": NaN}', "does not hold a JSON object"),
        ('{"attributes": ' + "9" * 5000 + "}", "does not hold a JSON object"),
        ('{"attributes": [' * 5000 + "]}" * 5000, "does not hold a JSON object"),
        ('<think>It could be {"attributes": ["wrong"]}', "it begins"),
        ('{"attributes": ["beak", "cre', "broke off after 2 of 9 tokens"),
        ('{"attributes": [{"attributes": ["beak"]}, tru', "broke off"),
        ("{" * 100_000, "broke off"),
    ],
)
def test_takes_nothing_else_for_it(text: str, words: str) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        parse(text)
    assert words in str(caught.value)
    assert (caught.value.text, caught.value.usage) == (text, Usage(1, 2))


def test_says_when_the_limit_was_reached() -> None:
    with pytest.raises(MalformedAnswer, match="broke off"):
        parse("Well, that is a long story", cut_off=True)
    assert parse(f"{DUMPED} and so on and so", cut_off=True) == WANTED


@settings(max_examples=50)
@given(ANSWERS, st.sampled_from(["", "Here: ", "```json\n", "[x] {y} "]), st.sampled_from(["", "\n```", " {z}"]))
def test_any_answer_is_found_in_prose(answer: dict[str, Any], before: str, after: str) -> None:
    assert parse(before + json.dumps(answer) + after) == answer


@settings(max_examples=50)
@given(ANSWERS, st.integers(1, 10_000))
def test_no_part_of_an_answer_is_taken_for_it(answer: dict[str, Any], length: int) -> None:
    whole = json.dumps(answer)
    with pytest.raises(MalformedAnswer):
        parse(whole[: min(length, len(whole) - 1)])


def test_the_instruction_holds_name_and_schema() -> None:
    text = instruction(QUESTION)
    assert "'attributes'" in text
    assert json.dumps(SCHEMA) in text
