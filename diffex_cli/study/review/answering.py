"""Takes in what people answered about a verifier's readings, and compares it with what the verifier said."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from diffex_cli.artifacts.files import sweep
from diffex_cli.artifacts.lock import RunLock
from diffex_cli.artifacts.review import ANSWERS, Review, file_of_review, reviews, write_review
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.core.inside import check_run
from diffex_cli.core.settings import Settings
from diffex_cli.measure.calibration import of_last_search
from diffex_cli.measure.reviewed import as_taken
from diffex_cli.report.verifier_trust import compared, review_sentences
from diffex_cli.search.statistics.confusion import Rate
from diffex_cli.study.agreement import alpha
from diffex_cli.study.answers import AnswerFile, check_answers, check_distinct, read_answers
from diffex_cli.study.study import Item, Study


@dataclasses.dataclass(frozen=True, slots=True)
class ReviewSummary:
    """Where a review is, and what came of it so far.

    Attributes:
        kept: the file that holds what was drawn and answered.
        page: for people to answer; ``None`` if none was written.
        readings: how many it asks about.
        answered: how many of them somebody answered.
        settled: of how many of them most people say yes, or most say no: those that the figures are of.
        kappa: Cohen's, between the verifier and what most people say.
        alpha: Krippendorff's, between the people.
        sentences: what people are told of it.
    """

    review: str
    verifier: str
    kept: Path
    page: Path | None
    readings: int
    people: int
    answered: int
    settled: int
    precision: Rate
    recall: Rate
    kappa: float
    alpha: float
    least_precision: float
    least_recall: float
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


def take_in(settings: Settings, files: Sequence[Path]) -> ReviewSummary:
    """Keep the answers of some files in the run's review that they are of. A person's earlier ones are replaced.

    Raises:
        UsageError: a file is malformed, of another review or of a study, or not a person's.
    """
    check_run("verify", settings.run)
    with RunLock(settings.run, "diffex verify"):
        sweep(settings.run)
        given = [read_answers(file) for file in files]
        check_distinct(given)
        review = _review_of(given, settings.run)
        review = as_taken(review, of_last_search(RunDirectory(settings.run), review.verifier.fingerprint))
        study = _as_study(review)
        answers = {person: dict(found) for person, found in review.answers.items()}
        for one in given:
            answers[one.participant] = _answers(one, study)
        review = dataclasses.replace(
            review,
            answers=answers,
            least_precision=settings.review_precision,
            least_recall=settings.review_recall,
        )
        write_review(settings.run, review)
    incomplete = tuple(
        f"{one.file} is not complete: the answers that it has count" for one in given if not one.complete
    )
    return dataclasses.replace(summed_up(review, settings.run), warnings=incomplete)


def summed_up(review: Review, run: Path) -> ReviewSummary:
    """A review as it is now."""
    found = compared(review)
    units = [
        [ANSWERS.index(one[item.id]) for one in review.answers.values() if item.id in one] for item in review.items
    ]
    return ReviewSummary(
        review=review.id,
        verifier=review.verifier.spec,
        kept=file_of_review(run, review.verifier.fingerprint),
        page=None,
        readings=len(review.items),
        people=len(review.answers),
        answered=review.answered,
        settled=found.n,
        precision=found.precision,
        recall=found.recall,
        kappa=found.kappa,
        alpha=alpha(units, "nominal"),
        least_precision=review.least_precision,
        least_recall=review.least_recall,
        sentences=review_sentences(review),
        warnings=(),
    )


def _review_of(given: Sequence[AnswerFile], run: Path) -> Review:
    for one in given:
        if one.kind != "review":
            raise UsageError(f"{one.file} answers a study, no review: `diffex study analyse {one.file}` reads it")
        if one.rater != "person":
            raise UsageError(f"{one.file} is a language model's, and a verifier is checked by people: leave it out")
        if one.study != given[0].study:
            raise UsageError(f"{given[0].file} and {one.file} answer different reviews: give those of one at a time")
    found = next((review for review in reviews(run) if review.id == given[0].study), None)
    if found is None:
        raise UsageError(
            f"{given[0].file} answers the review {given[0].study[:40]}, which {run} does not have: name the run that "
            "the page is of with --run"
        )
    return found


def _answers(given: AnswerFile, study: Study) -> dict[str, str]:
    return {id: str(answer["seen"]) for id, answer in check_answers(given, study).answers.items()}


def _as_study(review: Review) -> Study:
    """What a file of answers is held against."""
    items = tuple(Item(one.id, 0, one.attribute, one.words, one.subject, one.subject) for one in review.items)
    return Study(review.id, "review", "", "", 1, items)
