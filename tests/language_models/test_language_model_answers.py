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
        f"The set {{beak, crest is what I see.\n{DUMPED}",
        f"{{ {DUMPED}",
        f'{{"{DUMPED}',
        f'{{"notes": ["a" "b", }}\n{DUMPED}',
        f"[see above, {{x, y: {DUMPED}",
        f'{{"note": "no end}}\n{DUMPED}',
        f"<think>{{</think>{DUMPED}",
        f'[THINK]{{"attributes": ["wrong"]}}[/THINK]{DUMPED}',
        f'<|thinking|>{{"attributes": ["wrong"]}}<|/thinking|>{DUMPED}<reasoning>{{"attributes": ["wrong"]}}',
        f"<|channel|>analysis<|message|>{{<|end|><|start|>assistant<|channel|>final<|message|>{DUMPED}<|return|>",
        f"<think>Nothing is said after it: {DUMPED}</think>\n",
        json.dumps(DUMPED),
        f"Here: {json.dumps(DUMPED)}",
        json.dumps(json.dumps(DUMPED)),
        DUMPED.replace('"', '\\"'),
        '{"attributes": ["beak",], /* that is all */}',
        "{'attributes': ['beak']}",
        '["beak"]',
        '```json\n["beak"]\n```',
        f"[{DUMPED}]",
        f'{{"result": {DUMPED}}}',
        '{"result": ["beak"]}',
        f'{{"name": "attributes", "arguments": {json.dumps(DUMPED)}}}',
        f'<tool_call>\n{{"name": "attributes", "arguments": {DUMPED}}}\n</tool_call>',
        '{"attributes": "[\\"beak\\"]"}',
        f'{{"type": "object", "properties": {{"attributes": {{"type": "array"}}}}}}\n{DUMPED}',
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
        ('{"attributes": ["beak", "cre', "stops in the middle of its JSON object, though not at the limit of 9 tokens"),
        (
            '{"attributes": [{"attributes": ["beak"]}, tru',
            '(it ends \'{"attributes": [{"attributes": ["beak"]}, tru\')',
        ),
        ('[{"attributes": ["beak"]}', "stops in the middle"),
        ("{" * 100_000, "does not hold a JSON object"),
        ("[" * 100_000, "does not hold a JSON object"),
    ],
)
def test_takes_nothing_else_for_it(text: str, words: str) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        parse(text)
    assert words in str(caught.value)
    assert (caught.value.text, caught.value.usage) == (text, Usage(1, 2))


def test_marks_within_an_answer_are_words_of_it() -> None:
    assert parse('{"attributes": ["<think>", "</think>", "<|channel|>"]}') == {
        "attributes": ["<think>", "</think>", "<|channel|>"]
    }


def test_an_empty_list_is_an_answer_if_it_is_all_of_it() -> None:
    assert parse("```\n[]\n```") == {"attributes": []}
    with pytest.raises(MalformedAnswer, match="does not hold a JSON object"):
        parse("I see nothing [] there")


def test_reads_what_the_schema_wants_where_a_text_holds_it() -> None:
    fields = {"passage": {"type": "integer"}, "remove": {"type": "boolean"}, "name": {"type": "string"}}
    item = {"type": "object", "properties": fields, "required": list(fields)}
    schema = {**SCHEMA, "properties": {"attributes": {"type": "array", "items": item}}}
    said = '[{"passage": "2", "remove": "False", "name": "[1]"}, {"passage": 2.0, "remove": "no", "name": "3"}]'
    answer = parse_answer(said, Question("", "", schema, "x"), Usage(1, 2), model="m", limit=9, cut_off=False)
    assert answer.content == {
        "attributes": [{"passage": 2, "remove": False, "name": "[1]"}, {"passage": 2, "remove": "no", "name": "3"}]
    }


def test_says_when_the_limit_was_reached() -> None:
    for text in ("Well, that is a long story", f"<think>{DUMPED}</think>", DUMPED[:-2]):
        with pytest.raises(MalformedAnswer, match="broke off after 2 of 9 tokens: allow longer ones"):
            parse(text, cut_off=True)
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
