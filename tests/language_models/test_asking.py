"""One question until its answer can be used: kept, corrected, paid, limited."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.language_models.asking import ATTEMPTS, Asker, Inquiry, Outcome, Reading
from diffex_cli.language_models.base import Answer, MalformedAnswer, Picture, Prices, Question, RefusedAnswer, Usage
from diffex_cli.language_models.kept_answers import question_key

QUESTION = Question("Name colors.", "Those of a beak.", {"type": "object"}, "colors")
GOOD = {"names": ["red", "black", "yellow"]}
WRONG = {"names": ["red", ""]}
MALFORMED = MalformedAnswer("the answer is no JSON object", "Sure! {", Usage(500, 20))
REFUSED = RefusedAnswer("the model declines: I cannot", "I cannot", Usage(500, 10))
USED = Usage(1000, 100)
DOLLARS = Prices(1.0, 1.0, 0.1)


def check(content: Mapping[str, Any]) -> Reading[tuple[str, ...]]:
    """Names that are not empty, at least one."""
    names = content.get("names")
    if not isinstance(names, list):
        return Reading((), ("'names' must be a list",))
    complaints = tuple(f"names[{index}] must be text" for index, name in enumerate(names) if not name)
    return Reading(tuple(name for name in names if name), complaints if names else ("names is empty",))


INQUIRY = Inquiry(QUESTION, check)


class Model:
    """Gives its answers one by one, then good ones; an exception is raised, a function is called first."""

    def __init__(self, *answers: Any, prices: Prices | None = None, name: str = "model") -> None:
        self.answers = list(answers)
        self.settings: Mapping[str, object] = {"provider": "test", "model": name}
        self.fingerprint = name
        self.prices = prices
        self.asked: list[Question] = []
        self._lock = threading.Lock()

    def ask(self, question: Question) -> Answer:
        with self._lock:
            self.asked.append(question)
            found = self.answers.pop(0) if self.answers else GOOD
        found = found() if callable(found) else found
        if isinstance(found, Exception):
            raise found
        return Answer(found, USED)

    def estimate(self, question: Question) -> Usage:
        return Usage(1000, 1024)


class Notes(SilentProgress):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def asked(folder: Path, model: Model, limit: float | None = None, **changes: Any) -> Outcome[tuple[str, ...]]:
    return Asker(folder, limit).ask(model, dataclasses.replace(INQUIRY, **changes))


def test_an_answer_is_not_asked_for_twice(tmp_path: Path) -> None:
    model = Model()
    first, second = asked(tmp_path, model), asked(tmp_path, model)
    assert first == Outcome(("red", "black", "yellow"))
    assert second == Outcome(("red", "black", "yellow"), kept=True)
    assert len(model.asked) == 1


def test_another_repetition_or_model_is_asked_anew(tmp_path: Path) -> None:
    model, other = Model(), Model(name="other")
    asked(tmp_path, model)
    assert not asked(tmp_path, model, repetition=1).kept
    assert not asked(tmp_path, other).kept
    assert asked(tmp_path, model, declined="Please.").kept


@pytest.mark.parametrize(
    "changes",
    [
        {"system": "Name colours."},
        {"text": "Those of a tail."},
        {"schema": {}},
        {"name": "names"},
        {"pictures": (Picture("image/png", b"1"),)},
        {"max_tokens": 7},
    ],
)
def test_the_key_holds_all_that_can_change_an_answer(changes: dict[str, Any]) -> None:
    assert question_key(dataclasses.replace(QUESTION, **changes), "m", 0) != question_key(QUESTION, "m", 0)


@pytest.mark.parametrize("wrong", [MALFORMED, REFUSED, WRONG, {"names": 3}])
def test_a_wrong_answer_is_asked_again_with_the_complaint(tmp_path: Path, wrong: Any) -> None:
    model, asker = Model(wrong), Asker(tmp_path)
    assert asker.ask(model, INQUIRY) == Outcome(("red", "black", "yellow"))
    (text, complaint) = model.asked[1].corrections[0]
    assert text
    assert complaint.startswith("That cannot be used: ")
    first = wrong.usage if isinstance(wrong, Exception) else USED
    assert asker.ledger.paid == first + USED


def test_complaints_add_up_and_name_what_is_wrong(tmp_path: Path) -> None:
    model = Model(MALFORMED, WRONG)
    asked(tmp_path, model)
    assert model.asked[2].corrections == (
        ("Sure! {", "That cannot be used: the answer is no JSON object."),
        ('{"names": ["red", ""]}', "That cannot be used: names[1] must be text. Answer again, in full."),
    )


def test_a_model_that_declines_may_be_told_what_it_is_for(tmp_path: Path) -> None:
    model = Model(REFUSED, MALFORMED)
    asked(tmp_path, model, declined="It is for science.")
    (first, second) = model.asked[2].corrections
    assert first == ("I cannot", "It is for science.")
    assert second[1].startswith("That cannot be used")


def test_after_three_refusals_it_is_reported_and_not_kept(tmp_path: Path) -> None:
    model = Model(*[REFUSED] * ATTEMPTS)
    outcome = asked(tmp_path, model)
    assert outcome == Outcome(problem="the model declines: I cannot")
    assert not outcome.answered
    assert len(model.asked) == ATTEMPTS == 3
    assert asked(tmp_path, model) == Outcome(("red", "black", "yellow"))


def test_of_three_wrong_answers_the_best_part_is_kept(tmp_path: Path) -> None:
    model = Model(WRONG, {"names": ["", "blue", "green"]}, MALFORMED)
    for kept in (False, True):
        assert asked(tmp_path, model) == Outcome(("blue", "green"), "names[0] must be text", kept)
    assert len(model.asked) == 3


def test_an_answer_that_rightly_holds_nothing_is_kept(tmp_path: Path) -> None:
    model = Model({"names": []})
    inquiry = dataclasses.replace(INQUIRY, check=lambda content: Reading(tuple(content["names"])))
    outcomes = [Asker(tmp_path).ask(model, inquiry) for _ in range(2)]
    assert [(one.usable, one.answered, one.kept) for one in outcomes] == [((), True, False), ((), True, True)]


def test_a_huge_wrong_answer_is_quoted_in_part(tmp_path: Path) -> None:
    model = Model(MalformedAnswer("cut off", "x" * 1_000_000, USED), {"names": [""] * 10_000})
    asked(tmp_path, model)
    assert all(len(text) + len(complaint) < 6000 for text, complaint in model.asked[2].corrections)
    assert "names[7] must be text; and 9992 more" in model.asked[2].corrections[1][1]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schema": "diffex.answer/2"}', "\xff"])
def test_a_torn_or_foreign_file_is_asked_for_again(tmp_path: Path, damage: str) -> None:
    model = Model()
    asked(tmp_path, model)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage.encode("latin-1"))
    assert not asked(tmp_path, model).kept
    assert asked(tmp_path, model).kept


def test_a_kept_answer_that_the_checker_no_longer_takes_is_asked_for_again(tmp_path: Path) -> None:
    model = Model({"names": ["x"]})
    asked(tmp_path, model)
    strict = dataclasses.replace(
        INQUIRY, check=lambda content: Reading((), ("no x",)) if "x" in content["names"] else check(content)
    )
    asker = Asker(tmp_path)
    assert (asker.is_open(model, INQUIRY), asker.is_open(model, strict)) == (False, True)
    assert asker.ask(model, strict) == Outcome(("red", "black", "yellow"))


def test_an_answer_nested_beyond_measure_is_wrong_and_breaks_nothing(tmp_path: Path) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    model = Model({"names": ["red"], "more": deep})
    assert asked(tmp_path, model) == Outcome(("red", "black", "yellow"))
    assert "nested too deep" in model.asked[1].corrections[0][1]


def test_any_other_error_ends_it_and_its_reserve_is_given_back(tmp_path: Path) -> None:
    asker = Asker(tmp_path, 1.0)
    model = Model(DiffexError("cannot be reached"), prices=Prices(1.0, 100.0, 0.1))
    with pytest.raises(DiffexError, match="cannot be reached"):
        asker.ask(model, INQUIRY)
    assert asker.ask(model, INQUIRY).answered


def test_asking_again_stops_at_the_limit_too(tmp_path: Path) -> None:
    """One question may cost 1250 x 1 + 4096 x 1 microdollars, and costs 1100."""
    model = Model(WRONG, WRONG, prices=DOLLARS)
    outcome = asked(tmp_path, model, 0.0065)
    assert len(model.asked) == 2
    assert outcome.usable == ("red",)
    outcome = asked(tmp_path / "other", model, 0.005)
    assert outcome == Outcome(over_budget=True)
    assert len(model.asked) == 2


def test_an_answer_holds_no_secret_and_says_whose_it_is(tmp_path: Path) -> None:
    asked(tmp_path, Model())
    (file,) = tmp_path.iterdir()
    assert '"schema": "diffex.answer/1"' in file.read_text()
    assert '"model": "model"' in file.read_text()


def test_a_rehearsal_knows_answers_and_adds_none(tmp_path: Path) -> None:
    assert Asker(tmp_path, write=False).ask(Model(), INQUIRY).answered
    assert not list(tmp_path.iterdir())
    asked(tmp_path, Model())
    assert Asker(tmp_path, write=False).ask(Model(), INQUIRY).kept


def numbered(n: int) -> list[Inquiry[tuple[str, ...]]]:
    return [dataclasses.replace(INQUIRY, question=dataclasses.replace(QUESTION, text=str(i))) for i in range(n)]


def test_the_outcomes_come_in_the_order_of_the_questions(tmp_path: Path) -> None:
    class Echo(Model):
        def ask(self, question: Question) -> Answer:
            time.sleep(0.02 if question.text in "02" else 0)
            return Answer({"names": [question.text]}, USED)

    done: list[int] = []
    outcomes = Asker(tmp_path, parallel=4).ask_all(Echo(), numbered(9), lambda: done.append(1))
    assert [outcome.usable for outcome in outcomes] == [(str(i),) for i in range(9)]
    assert len(done) == 9
    assert Asker(tmp_path).ask_all(Echo(), [], lambda: None) == []


def test_upon_an_error_what_is_under_way_is_kept_and_nothing_else_is_asked(tmp_path: Path) -> None:
    notes, asker = Notes(), Asker(tmp_path, parallel=3)
    together = threading.Barrier(3)

    def wrong_key() -> Exception:
        together.wait(10)
        return UsageError("the key is wrong")

    def late(answer: Any) -> Callable[[], Any]:
        def give() -> Any:
            together.wait(10)
            assert asker._stopped.wait(10)
            return answer

        return give

    def too_late() -> Any:
        assert asker._stopped.wait(10)
        return MALFORMED

    model = Model(wrong_key, late(GOOD), late(MALFORMED), *[too_late] * 20)
    with pytest.raises(UsageError, match="the key is wrong"), asker.noting(notes):
        asker.ask_all(model, numbered(20), lambda: None)
    assert len(list(tmp_path.iterdir())) == 1
    assert len(model.asked) < 20
    assert not any(question.corrections for question in model.asked), "the malformed answer is not asked for again"
    assert notes.notes == ["What has been answered so far is kept: the same command continues from there."]


def test_nothing_is_noted_where_nothing_was_answered(tmp_path: Path) -> None:
    notes, asker = Notes(), Asker(tmp_path)
    with pytest.raises(DiffexError), asker.noting(notes):
        asker.ask(Model(DiffexError("cannot be reached")), INQUIRY)
    assert notes.notes == []


def test_the_spending_is_of_all_questions_together(tmp_path: Path) -> None:
    model = Model(GOOD, *[MALFORMED] * ATTEMPTS, prices=DOLLARS)
    asked(tmp_path, model)
    model.asked.clear()
    asker = Asker(tmp_path, 1.0)
    assert [asker.ask(model, one).answered for one in (INQUIRY, *numbered(2))] == [True, False, True]
    found = asker.spending(unasked=4)
    assert (found.questions, found.kept, found.unanswered, found.complete) == (1, 1, 5, False)
    assert (found.input_tokens, found.output_tokens) == (3 * 500 + 1000, 3 * 20 + 100)
    assert found.cost == pytest.approx(2660e-6)
    assert asker.kept == 1
    assert not asker.over_budget
    done = Asker(tmp_path)
    done.ask(model, INQUIRY)
    assert done.spending().complete


def test_what_is_said_where_the_limit_or_the_model_is_to_blame(tmp_path: Path) -> None:
    poor = Asker(tmp_path, 0.001)
    assert poor.ask(Model(prices=DOLLARS), INQUIRY).over_budget
    assert poor.over_budget
    assert poor.limit_reached().startswith("--max-cost 0.001 was reached: what is there is kept")
    assert isinstance(poor.nothing_usable("no JSON"), UsageError)
    assert str(poor.nothing_usable("no JSON")).startswith("--max-cost 0.001 may not pay for a single question: raise")
    error = Asker(tmp_path).nothing_usable("no JSON")
    assert not isinstance(error, UsageError)
    assert "gave no usable answer (no JSON): try another model" in str(error)
