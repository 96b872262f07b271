"""How probable a model finds yes, by the real SDKs over the wire and by a model that runs here."""

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from fault_server import FaultServer, Reply
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.core.errors import UsageError
from diffex_cli.language_models.base import FirstWord, LanguageModel, Question, Usage
from diffex_cli.language_models.yes_no import MAX_TOKENS, SCHEMA, YesNo, yes_share

Connect = Callable[..., LanguageModel]
LOG = {"Yes": math.log(0.6), "No": math.log(0.2), " yes": math.log(0.1), "Maybe": math.log(0.1)}


@pytest.fixture
def red(question: Question) -> Question:
    return dataclasses.replace(question, text="Is the beak red?", schema=SCHEMA, name="answer", max_tokens=MAX_TOKENS)


def said(*answers: str) -> list[Reply]:
    return [Reply(text=json.dumps({"answer": answer})) for answer in answers]


def asked_for(server: FaultServer) -> list[Any]:
    return [request.body.get("top_logprobs") for request in server.requests]


def test_the_first_words_probability(server: FaultServer, connect: Connect, red: Question) -> None:
    server.script(Reply(text="Yes", words=[LOG]))
    chance = YesNo(connect("openai", server.url), 3).ask(red)
    assert chance.yes == pytest.approx(0.7 / 0.9)
    assert chance.usage == Usage(200, 20, 70)
    (request,) = server.requests
    assert (request.body["logprobs"], request.body["top_logprobs"], request.body["max_tokens"]) == (True, 20, 5)
    assert "response_format" not in request.body
    assert "one word" in request.body["messages"][0]["content"]


def test_blanks_before_the_word_are_passed_over(server: FaultServer, connect: Connect, red: Question) -> None:
    server.script(
        Reply(text="\n no", words=[{"\n": -0.01, "Yes": -5.0}, {" no": math.log(0.9), " yes": math.log(0.1)}])
    )
    assert YesNo(connect("openai", server.url), 3).ask(red).yes == pytest.approx(0.1)


@pytest.mark.parametrize(("most", "told"), [(5, [20, 5, 5]), (0, [20, 5, None, None, None, None])])
def test_a_service_that_tells_fewer_or_none(
    most: int, told: list[int | None], server: FaultServer, connect: Connect, red: Question
) -> None:
    server.most_told = most
    server.script(*([Reply(text="Yes", words=[LOG])] if most else [Reply(text='{"answer": "Yes."}')]))
    model = YesNo(connect("openai", server.url), 2)
    assert [model.ask(red).yes for _ in range(2)] == pytest.approx([0.7 / 0.9 if most else 1.0] * 2)
    assert asked_for(server) == told


def test_a_server_that_passes_over_the_wish_is_wished_once(
    server: FaultServer, connect: Connect, red: Question
) -> None:
    server.script(Reply(text="Yes"), *said("yes", "no", "yes", "no"))
    model = YesNo(connect("openai", server.url), 3)
    first = model.ask(red)
    assert first.yes == pytest.approx(2 / 3)
    assert first.usage.output_tokens == 4 * 20  # the answer that could not be used was paid, too
    assert model.ask(red).yes == 0.0
    assert asked_for(server) == [20, *[None] * 6]


@pytest.mark.parametrize(
    "words",
    [
        [{"The": -0.1, "Yes": -3.0}],
        [{"Yes": "likely"}],
        [{"Yes": 3.0}],
        [{"Yes": -9999.0}],
        [{"": -0.1}],
    ],
)
def test_a_first_word_of_another_kind_is_asked_for_in_full(
    words: list[dict[str, Any]], server: FaultServer, connect: Connect, red: Question
) -> None:
    server.script(Reply(text="The beak", words=words), *said("no", "no"))
    assert YesNo(connect("openai", server.url), 2).ask(red).yes == 0.0
    assert asked_for(server) == [20, None, None]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_the_share_of_yes_in_several_answers(
    provider: str, server: FaultServer, connect: Connect, red: Question
) -> None:
    server.most_told = 0
    answers = said("yes", "No", "YES.", "I see a bird")
    server.script(*([Reply()] * 2 if provider == "openai" else []), *answers, Reply(text="no JSON"))
    chance = YesNo(connect(provider, server.url), 5).ask(red)
    assert chance.yes == pytest.approx(2 / 3)  # what cannot be used counts neither way
    assert chance.usage.output_tokens == 5 * 20


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    "text", ["no JSON", '{"answer": 1}', '{"answer": ["yes"]}', '{"answer": "perhaps"}', "[" * 9999]
)
def test_nonsense_is_no_answer(provider: str, text: str, server: FaultServer, connect: Connect, red: Question) -> None:
    server.script(Reply(text=text))
    chance = YesNo(connect(provider, server.url), 3).ask(red)
    assert math.isnan(chance.yes)
    assert chance.usage.output_tokens >= 3 * 20


def test_a_refusal_is_no_answer(server: FaultServer, connect: Connect, red: Question) -> None:
    server.script(Reply(stop="refusal", text="", explanation="I would rather not."))
    assert math.isnan(YesNo(connect("openai", server.url), 3).ask(red).yes)
    assert len(server.requests) == 1


def test_a_wrong_key_ends_it(server: FaultServer, connect: Connect, red: Question) -> None:
    server.script(Reply(401, "no"))
    with pytest.raises(UsageError, match="does not accept the key") as caught:
        YesNo(connect("openai", server.url), 3).ask(red)
    assert "secret" not in str(caught.value)


def test_what_a_question_takes(server: FaultServer, connect: Connect, red: Question) -> None:
    model = YesNo(connect("anthropic", server.url), 3)
    about, most = model.estimate(red), model.most(red)
    assert about.input_tokens == most.input_tokens == 3 * model.model.estimate(red).input_tokens
    assert 3 * MAX_TOKENS / 4 <= about.output_tokens <= 3 * (MAX_TOKENS + 256) < most.output_tokens
    tells = YesNo(connect("openai", server.url), 3)
    assert tells.most(red).input_tokens == 4 * tells.model.estimate(red).input_tokens
    assert not server.requests


class Steady:
    """Always says the same, and may tell of its first word."""

    settings: dict[str, object] = {"model": "steady"}  # noqa: RUF012
    always_same = True

    def __init__(self, tokens: dict[str, float]) -> None:
        self.tokens, self.asked = tokens, 0

    def first_word(self, question: Question) -> FirstWord:
        return FirstWord(self.tokens, Usage(1, 1))

    def ask(self, question: Question) -> Any:
        from diffex_cli.language_models.base import Answer

        self.asked += 1
        return Answer({"answer": "yes"}, Usage(1, 1))


def test_one_that_always_says_the_same_is_asked_once(red: Question) -> None:
    model: Any = Steady({"Well": 0.9})
    assert YesNo(model, 5).ask(red).yes == 1.0
    assert model.asked == 1
    model.tokens = {"yes": 0.3, "No": 0.6}
    assert YesNo(model, 5).ask(red).yes == pytest.approx(1 / 3)
    assert model.asked == 1


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text() | st.sampled_from(["yes", " No", "Y", "no."]), st.floats(0, 1)))
def test_a_share_is_a_probability_or_nothing(tokens: dict[str, float]) -> None:
    share = yes_share(tokens)
    assert math.isnan(share) or 0 <= share <= 1


@pytest.mark.parametrize(
    "word", ["Yes", "yes", "YES", " yes", "\u2581Yes", "\nyes", "Yes.", "**Yes**", "Y", "ye", '"yes']
)
def test_yes_however_it_is_written(word: str) -> None:
    assert yes_share({word: 0.5, "no": 0.3}) == pytest.approx(0.5 / 0.8)
    assert math.isnan(yes_share({f"{word}terday": 0.5}))
