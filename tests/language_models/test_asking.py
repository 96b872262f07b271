from pathlib import Path

import pytest
from scripted import USED, Scripted, answer

from diffex_cli.core.errors import DiffexError
from diffex_cli.corpus.generation import prompts
from diffex_cli.corpus.generation.asking import Asker, Outcome
from diffex_cli.corpus.generation.reading import Reading, read
from diffex_cli.language_models.base import MalformedAnswer, Picture, Prices, RefusedAnswer, Usage
from diffex_cli.language_models.costs import Ledger
from diffex_cli.language_models.kept_answers import Answers, question_key

QUESTION = prompts.question("birds", (), 6)
MALFORMED = MalformedAnswer("the answer is no JSON object", "Sure! {", Usage(500, 20))
REFUSED = RefusedAnswer("the model declines: I cannot", "I cannot", Usage(500, 10))
WRONG = answer({"name": ""}, "crest")


def reads(content: object) -> Reading:
    return read(content, 6, 1)  # type: ignore[arg-type]


def asked(folder: Path, model: Scripted, ledger: Ledger | None = None, repetition: int = 0) -> Outcome:
    return Asker(model, Answers(folder), ledger or Ledger()).ask(QUESTION, repetition, reads)


def names(outcome: Outcome) -> list[str]:
    return [proposal.name for proposal in outcome.proposals]


def test_an_answer_is_not_asked_for_twice(tmp_path: Path) -> None:
    model = Scripted()
    first, second = asked(tmp_path, model), asked(tmp_path, model)
    assert names(first) == names(second) == ["head", "wings", "background"]
    assert (first.kept, second.kept) == (False, True)
    assert len(model.asked) == 1


def test_another_repetition_or_model_is_asked_anew(tmp_path: Path) -> None:
    model, other = Scripted(), Scripted(name="other")
    asked(tmp_path, model)
    assert not asked(tmp_path, model, repetition=1).kept
    assert not asked(tmp_path, other).kept


@pytest.mark.parametrize(
    "changed",
    [
        prompts.question("bird", (), 6),
        prompts.question("birds", ("head",), 6),
        prompts.question("birds", (), 7),
        prompts.question("birds", (), 6, pictures=(Picture("image/png", b"1"),)),
        prompts.question("birds", (), 6, passages=[]),
    ],
)
def test_the_key_holds_all_that_can_change_an_answer(changed: object) -> None:
    assert question_key(changed, "m", 0) != question_key(QUESTION, "m", 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [MALFORMED, REFUSED, WRONG, {"attributes": 3}])
def test_a_wrong_answer_is_asked_again_with_the_complaint(tmp_path: Path, wrong: object) -> None:
    model, ledger = Scripted(first={(): [wrong]}), Ledger()
    outcome = asked(tmp_path, model, ledger)
    assert names(outcome) == ["head", "wings", "background"]
    assert outcome.problem == ""
    (text, complaint) = model.asked[1].corrections[0]
    assert text
    assert complaint
    assert ledger.paid.input_tokens == (wrong.usage.input_tokens if isinstance(wrong, Exception) else 1000) + 1000


def test_complaints_add_up_and_name_what_is_wrong(tmp_path: Path) -> None:
    model = Scripted(first={(): [MALFORMED, WRONG]})
    asked(tmp_path, model)
    (first, second) = model.asked[2].corrections
    assert first == ("Sure! {", "That cannot be used: the answer is no JSON object.")
    assert "attributes[0].name must be text" in second[1]


def test_after_three_refusals_it_is_reported_and_not_kept(tmp_path: Path) -> None:
    model = Scripted(first={(): [REFUSED] * 3})
    outcome = asked(tmp_path, model)
    assert outcome == Outcome(problem="the model declines: I cannot", answered=False)
    assert len(model.asked) == 3
    assert names(asked(tmp_path, model)) == ["head", "wings", "background"]


def test_of_three_wrong_answers_the_best_part_is_kept(tmp_path: Path) -> None:
    model = Scripted(first={(): [WRONG, answer({"name": ""}, "crest", "beak"), MALFORMED]})
    for kept in (False, True):
        outcome = asked(tmp_path, model)
        assert names(outcome) == ["crest", "beak"]
        assert "attributes[0].name" in outcome.problem
        assert outcome.kept is kept
    assert len(model.asked) == 3


def test_a_huge_wrong_answer_is_quoted_in_part(tmp_path: Path) -> None:
    huge = MalformedAnswer("cut off", "x" * 1_000_000, USED)
    model = Scripted(first={(): [huge, {"attributes": [{"name": ""}] * 10_000}]})
    asked(tmp_path, model)
    assert all(len(text) + len(complaint) < 6000 for text, complaint in model.asked[2].corrections)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schema": "diffex.answer/2"}', "\xff"])
def test_a_torn_or_foreign_file_is_asked_for_again(tmp_path: Path, damage: str) -> None:
    model = Scripted()
    asked(tmp_path, model)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage.encode("latin-1"))
    assert not asked(tmp_path, model).kept
    assert asked(tmp_path, model).kept


def test_an_answer_nested_beyond_measure_is_wrong_and_breaks_nothing(tmp_path: Path) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    model = Scripted(first={(): [{"attributes": [{"name": "crest"}], "more": deep}]})
    outcome = asked(tmp_path, model)
    assert names(outcome) == ["head", "wings", "background"]
    assert "nested too deep" in model.asked[1].corrections[0][1]


def test_any_other_error_ends_it_and_its_reserve_is_given_back(tmp_path: Path) -> None:
    ledger = Ledger(1.0)
    model = Scripted(first={(): [DiffexError("cannot be reached")]}, prices=Prices(1.0, 100.0, 0.1))
    with pytest.raises(DiffexError, match="cannot be reached"):
        asked(tmp_path, model, ledger)
    assert names(asked(tmp_path, model, ledger)) == ["head", "wings", "background"]


def test_asking_again_stops_at_the_limit_too(tmp_path: Path) -> None:
    """One question may cost 1250 x 1 + 4096 x 1 microdollars, and costs 1100."""
    model = Scripted(first={(): [WRONG, WRONG]}, prices=Prices(1.0, 1.0, 0.1))
    outcome = asked(tmp_path, model, Ledger(0.0065))
    assert len(model.asked) == 2
    assert names(outcome) == ["crest"]
    outcome = asked(tmp_path / "other", model, Ledger(0.005))
    assert outcome.over_budget
    assert not outcome.answered
    assert len(model.asked) == 2


def test_an_answer_holds_no_secret_and_says_whose_it_is(tmp_path: Path) -> None:
    asked(tmp_path, Scripted())
    (file,) = tmp_path.iterdir()
    assert '"schema": "diffex.answer/1"' in file.read_text()
    assert '"model": "scripted"' in file.read_text()
