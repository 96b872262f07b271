"""How far a search's verifier can be trusted, in words: what its test found, and what people say of its readings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from diffex_cli.artifacts.review import Review
from diffex_cli.artifacts.verifier_test import VerifierTest
from diffex_cli.report.numbers import counted, finite, probability
from diffex_cli.search.statistics.confusion import Confusion, Rate, confusion

_NBSP = "\N{NO-BREAK SPACE}"


@dataclasses.dataclass(frozen=True, slots=True)
class Trust:
    """What is known of a search's verifier; ``None`` where it was not tested here, or nobody reviews it."""

    spec: str
    test: VerifierTest | None
    review: Review | None


def compared(review: Review) -> Confusion:
    """What the verifier sees against what most people see, of the readings on which they settled."""
    settled = review.settled
    seen = {item.id: item.seen for item in review.items}
    return confusion([seen[id] for id in settled], list(settled.values()))


def trust_sentences(trust: Trust) -> tuple[str, ...]:
    """What the test found, then what people found."""
    reviewed = () if trust.review is None else review_sentences(trust.review)
    nobody = f"Nobody has checked the verifier {trust.spec} on these pictures: `diffex verify --review` asks a person."
    return (*_tested(trust), *(reviewed or (nobody,)))


def review_sentences(review: Review) -> tuple[str, ...]:
    """What people say of a verifier's readings, and whether that is enough; nothing if nobody answered."""
    return tuple(_reviewed(review))


def _tested(trust: Trust) -> Iterator[str]:
    test = trust.test
    if test is None:
        yield f"The verifier {trust.spec} was not tested here: others made its readings, or an earlier version did."
    elif test.verdict == "passed":
        yield (
            f"The verifier {trust.spec} passed its test: it tells originals from plain pictures, and what can be seen "
            "from words that mean nothing."
        )
    elif test.verdict == "failed":
        yield f"The verifier {trust.spec} failed its test, and was used all the same: {test.told}."
    else:
        yield f"The test of the verifier {trust.spec} could not be decided: {test.told}."


def _reviewed(review: Review) -> Iterator[str]:
    if not review.answered:
        return
    found = compared(review)
    people = "A person" if len(review.answers) == 1 else f"{len(review.answers)} people"
    of = f" of {len(review.items)}" if review.answered < len(review.items) else ""
    told = f"{people} checked {review.answered}{of} readings of the verifier {review.verifier.spec}: "
    figures = [_rate("precision", found.precision), _rate("recall", found.recall)]
    if finite(found.kappa):
        figures.append(f"Cohen’s κ{_NBSP}{probability(found.kappa).replace('-', '−')}")
    unsettled = review.answered - found.n
    more = f", without {counted(unsettled, 'reading')} on which they did not settle" if unsettled else ""
    if unsettled and len(review.answers) == 1:
        more = f", without {counted(unsettled, 'reading')} that could not be told"
    yield f"{told}{', '.join(figures)}{more}."
    rates = {"precision": (found.precision, review.least_precision), "recall": (found.recall, review.least_recall)}
    low = [
        f"its {name} is {probability(rate.value)}, less than {probability(least)}"
        for name, (rate, least) in rates.items()
        if finite(rate.value) and rate.value < least
    ]
    if low:
        yield (
            f"The verifier errs more than it may: {' and '.join(low)}. What it says of edits, and the effects that are "
            "adjusted by it, should not be relied on."
        )


def _rate(name: str, rate: Rate) -> str:
    if not rate.n:
        return f"{name} unknown"
    ends = f"{probability(rate.low)} to {probability(rate.high)}"
    return f"{name} {probability(rate.value)} (95{_NBSP}% interval {ends})"
