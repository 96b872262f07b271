"""What a verifier saw, drawn, shown and answered."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pipeline import make_corpus
from review_samples import agreeing, answers, backends, looked_at, review_of

from diffex_cli.artifacts.review import file_of_review, read_review
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.study.analyse import read_and_analyse
from diffex_cli.study.page import read_page
from diffex_cli.study.review import answering, making


@pytest.fixture(scope="module")
def _looked_at(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return looked_at(tmp_path_factory.mktemp("looked-at"))


@pytest.fixture
def made(_looked_at: Settings) -> Settings:
    """A run that nobody reviewed."""
    file_of_review(_looked_at.run, "eyes").unlink(missing_ok=True)
    return _looked_at


def page(made: Settings, wanted: int | None = None) -> answering.ReviewSummary:
    return making.make_page(made, wanted, backends())


def test_the_page_knows_nothing_of_what_the_verifier_said(made: Settings) -> None:
    summary = page(made, 12)
    assert (summary.readings, summary.answered, summary.sentences) == (12, 0, ())
    assert summary.page == made.run / "study" / "review" / "page.html"
    text = summary.page.read_text()
    data = json.loads(re.findall(r'id="study">(.*?)</script>', text)[0])
    assert (data["study"], data["kind"], data["turns"]) == (summary.review, "review", 1)
    assert data["queries"][0]["options"] == ["yes", "no", "cannot tell"]
    review = review_of(made)
    assert [item.seen for item in review.items].count(True) == 6
    for shown, item in zip(data["items"], review.items, strict=True):
        assert set(shown) == {"id", "turn", "pictures", "words", "options"}
        assert (shown["id"], shown["words"], len(shown["pictures"])) == (item.id, item.words, 1)
        assert item.subject not in text
    assert not re.search(r"0\.95|0\.05|edits/|eyes", text.split('"pictures"')[0])


def test_the_same_page_again_until_somebody_answers(made: Settings) -> None:
    first = page(made, 12)
    assert first.page is not None
    text = first.page.read_text()
    assert page(made).review == first.review, "what was drawn before is kept"
    assert first.page.read_text() == text
    assert page(made, 8).review != first.review
    answering.take_in(made, [answers(made, agreeing)])
    with pytest.raises(UsageError, match=r"answered and is of 8 readings, not of 12: remove it"):
        page(made, 12)
    with pytest.raises(UsageError, match=r"answered and was drawn with --seed 0, not with 5"):
        page(dataclasses.replace(made, seed=5))
    again = page(made)
    assert (again.readings, again.answered, again.people) == (8, 8, 1)


def test_answers_give_precision_recall_and_kappa(made: Settings) -> None:
    page(made, 16)
    wrong = {next(item.id for item in review_of(made).items if item.seen)}
    blurred = {next(item.id for item in review_of(made).items if not item.seen)}

    def ann(item: Any) -> str:
        if item.id in blurred:
            return "cannot tell"
        return "no" if item.id in wrong else agreeing(item)

    found = answering.take_in(made, [answers(made, ann)])
    assert (found.people, found.answered, found.settled) == (1, 16, 15)
    assert (found.precision.value, found.precision.n) == (7 / 8, 8)
    assert (found.recall.value, found.recall.n) == (1.0, 7)
    assert found.kappa == pytest.approx((14 / 15 - 112 / 225) / (1 - 112 / 225))
    (sentence,) = found.sentences
    assert sentence.startswith(
        "A person checked 16 readings of the verifier none: precision 0.88 (95\N{NO-BREAK SPACE}%"
    )
    assert sentence.endswith("κ\N{NO-BREAK SPACE}0.87, without 1 reading that could not be told.")
    kept = read_review(made.run, "eyes")
    assert kept is not None
    assert kept.answers["ann"][wrong.pop()] == "no"


def test_of_several_people_most_decide(made: Settings) -> None:
    page(made, 8)
    first = review_of(made).items[0]
    for person, turned in (("ann", False), ("bob", True), ("cem", True)):

        def answer(item: Any, turned: bool = turned) -> str:
            other = {"yes": "no", "no": "yes"}[agreeing(item)]
            return other if turned and item.id == first.id else agreeing(item)

        found = answering.take_in(made, [answers(made, answer, person)])
    assert (found.people, found.settled) == (3, 8)
    assert found.kappa == pytest.approx(0.75)
    assert 0 < found.alpha < 1
    two = answering.take_in(made, [answers(made, agreeing, "bob")])
    assert two.kappa == 1, "bob has answered anew"
    some = answering.take_in(made, [answers(made, lambda item: agreeing(item) if item is not first else None, "dan")])
    assert some.people == 4


def test_what_is_too_low_is_told(made: Settings) -> None:
    page(made, 8)
    low = answering.take_in(made, [answers(made, lambda item: "yes")])
    assert (low.precision.value, low.recall.value, low.kappa) == (1.0, 0.5, 0.0)
    assert "its recall is 0.50, less than 0.80" in low.sentences[1]
    assert "precision" not in low.sentences[1]
    lenient = dataclasses.replace(made, review_recall=0.5)
    assert len(answering.take_in(lenient, [answers(made, lambda item: "yes")]).sentences) == 1


def test_an_incomplete_file_counts_as_far_as_it_goes(made: Settings) -> None:
    page(made, 8)
    first = review_of(made).items[0].id
    found = answering.take_in(made, [answers(made, lambda item: "no" if item.id == first else None)])
    assert (found.answered, found.readings) == (1, 8)
    assert "is not complete" in found.warnings[0]
    assert "A person checked 1 of 8 readings" in found.sentences[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"study": "0123456789abcdef"}, "answers the review 0123456789abcdef, which .* does not have"),
        ({"kind": "quality"}, "answers a study, no review: `diffex study analyse"),
        ({"rater": {"kind": "model", "settings": {}}}, "is a language model's, and a verifier is checked by people"),
        ({"answers": {"nowhere-001": {"seen": "yes"}}}, "was shown no item 'nowhere-001'"),
        ({"schema": "diffex.answers/2"}, "is not a file of answers of this version"),
        ({"answers": 3}, "answers must be an object"),
    ],
)
def test_foreign_answers_are_refused(changes: dict[str, Any], said: str, made: Settings) -> None:
    page(made, 8)
    before = review_of(made)
    with pytest.raises(UsageError, match=said):
        answering.take_in(made, [answers(made, agreeing, **changes)])
    assert review_of(made) == before


def test_an_answer_that_could_not_be_given_is_refused(made: Settings) -> None:
    page(made, 8)
    with pytest.raises(UsageError, match="seen must be one of 'yes', 'no', 'cannot tell', not 'perhaps'"):
        answering.take_in(made, [answers(made, lambda item: "perhaps")])
    file = answers(made, agreeing)
    with pytest.raises(UsageError, match="are both answers of 'ann'"):
        answering.take_in(made, [file, file])


def test_studies_and_reviews_do_not_mix(made: Settings, tmp_path: Path) -> None:
    summary = page(made, 8)
    assert summary.page is not None
    with pytest.raises(UsageError, match="is about a verifier, no study: run `diffex verify --review"):
        read_and_analyse([answers(made, agreeing)], [], made.run)
    with pytest.raises(UsageError, match="asks people about a verifier, and a language model is none"):
        read_page(summary.page)


def test_without_readings_there_is_nothing_to_review(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(IncompleteError, match="has read nothing that a person could check: run `diffex verify` first"):
        page(made)
    with pytest.raises(UsageError, match="give --verifier SPEC"):
        making.make_page(made)


def test_in_the_terminal(made: Settings) -> None:
    typed = iter(["y", "no", "perhaps", "C", "b", "n", "q"])
    told: list[str] = []
    found = making.ask_here(made, told.append, lambda prompt: next(typed), 8, backends())
    assert (found.answered, found.people) == (3, 1)
    given = review_of(made).answers["terminal"]
    assert list(given.values()) == ["yes", "no", "no"], "the third was taken back"
    assert "Please type one of" in "".join(told)
    places = [line.partition(": ")[2] for text in told for line in text.splitlines() if " of 8: " in line]
    assert {Path(one).stem for one in places[:3]} == set(given)
    assert all(Path(one).parent == made.run / "study" / "review" / "pictures" for one in places)
    asked = []

    def end(prompt: str) -> str:
        asked.append(prompt)
        raise EOFError

    assert making.ask_here(made, told.append, end, None, backends()).answered == 3
    assert len(asked) == 1
    assert "4 of 8" in told[-2], "it goes on where it was left"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seen: true", "seen: maybe", r"items\[\d\].seen: true or false"),
        ("probability: 0.05", "probability: 7", "a number from 0 to 1 is expected, not 7"),
        ("ann:", "ann:\n    nowhere: 'yes'", "answers.ann.nowhere: yes, no or cannot tell is expected"),
        (": 'yes'", ": perhaps", "not 'perhaps'"),
        ("fingerprint: eyes", "fingerprint: ears", "that of the file's name is expected"),
        ("schema: diffex.review/1", "schema: diffex.review/7", "newer diffex"),
    ],
)
def test_a_kept_review_is_held_against_itself(old: str, new: str, said: str, made: Settings) -> None:
    page(made, 4)
    answering.take_in(made, [answers(made, agreeing)])
    file = file_of_review(made.run, "eyes")
    text = re.sub(r"probability: 0\.05\d*", "probability: 0.05", file.read_text())
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(UsageError, match=said):
        read_review(made.run, "eyes")
