"""The result of a search in a few sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffex_cli.artifacts.rows import RankingRow
    from diffex_cli.core.settings import Settings
    from diffex_cli.search.search import SearchSummary

_MADE_OF = {
    "placebos": "attributes that no image can have reach",
    "sign flips": "chance alone, by the spread over the images, reaches",
}


def conclusions(summary: SearchSummary, settings: Settings) -> Iterator[str]:
    """What was found, what was not and could have been, and on which images; the verdict is the last sentence.

    A placebo is never the answer; it says what noise can reach. That nothing passed is an answer too.
    """
    from diffex_cli.report.facts import is_set

    rows = {row.candidate: row for row in summary.ranking}
    several = every_class(summary)
    unit = "logit" if settings.scale == "logit" else "probability"
    kept = [row for row in summary.ranking if row.status == "kept" and not row.placebo]
    # a set has a sentence of its own
    singles = [row for row in kept if not is_set(row)] or kept
    best = next((row for row in singles if row.passed), singles[0] if singles else None)
    noise = " ".join(["", *_noise(summary)])
    if best is None:
        yield (
            f"Nothing passed. No attribute changes the {unit} of {'any class' if several else whom(summary.target)} by "
            f"δ = {settings.delta:g} or more.{noise}"
        )
        return
    if summary.best_joint is not None:
        yield _together(rows[summary.best_joint])
    if summary.held_out:
        yield _again(best, summary)
    verdict = _passed(summary) if summary.passed else f"Nothing passed: {_doubt(best)}."
    direction = "raises" if best.effect > 0 else "lowers"
    yield (
        f"Strongest: {best.name!r} {direction} the {unit} of {whom(best.target)} by {abs(best.effect):.2f} "
        f"on average over {best.n} images.{_finer(best, summary)} {verdict}{noise}"
    )


def _finer(best: RankingRow, summary: SearchSummary) -> str:
    from diffex_cli.report.facts import finer

    child = finer(best, summary.ranking)
    return "" if child is None else f" Of it, {child.name!r} does as much by itself: {signed(child.effect)}."


def every_class(summary: SearchSummary) -> bool:
    """All classes were explained at once: a row's target is the class that its attribute moves most."""
    # a class may be called "all"
    return summary.target == "all" and any(row.target != summary.target for row in summary.ranking)


def whom(target: str) -> str:
    """What is explained, in a sentence."""
    return "the class predicted for each image" if target == "predicted" else repr(target)


def _passed(summary: SearchSummary) -> str:
    """How many can be claimed, and by what standard."""
    from diffex_cli.search.statistics.verdict import ALPHA

    corrected = f"p ≤ {ALPHA:g} when corrected for all {summary.verdict.corrected_for} comparisons"
    return f"Passed: {len(summary.passed)} of {len(summary.ranking)} (kept, above the noise floor, {corrected})."


def _doubt(best: RankingRow) -> str:
    if best.below_floor:
        return "that does not exceed the noise floor"
    assert best.p_corrected is not None
    return f"that may be chance (p = {best.p_corrected:.2g}, corrected for all that was tried)"


def _noise(summary: SearchSummary) -> Iterator[str]:
    floor, detectable = summary.verdict.floor, summary.verdict.detectable
    if floor.source in _MADE_OF:
        yield f"Noise floor: {_MADE_OF[floor.source]} {floor.value:.2f}."
    if not summary.passed and detectable == math.inf:
        yield "With so few images no effect, however large, could have passed."
    elif not summary.passed and math.isfinite(detectable):
        yield f"An effect below {detectable:.2f} could have been missed."


def _together(row: RankingRow) -> str:
    interval = ""
    if row.interaction_low is not None and row.interaction_high is not None:
        interval = f" ({signed(row.interaction_low)} … {signed(row.interaction_high)})"
    alone = "–" if row.joint_sum is None else signed(row.joint_sum)
    more = "–" if row.interaction is None else signed(row.interaction)
    doubt = "" if row.passed else " (it did not pass)"
    return (
        f"Best joint combination: {row.name!r} {signed(row.effect)}{doubt}; one by one {alone}, so the interaction is "
        f"{more}{interval}."
    )


def _again(best: RankingRow, summary: SearchSummary) -> str:
    start = f"The search used {summary.images} images, and {summary.held_out} were held out; "
    if best.effect_holdout is None or best.low_holdout is None or best.high_holdout is None:
        return f"{start}{best.name!r} was not measured on them."
    verdict = "" if best.confirmed else ", which does not confirm it"
    return (
        f"{start}on these {best.name!r} changes it by {signed(best.effect_holdout)} "
        f"({signed(best.low_holdout)} … {signed(best.high_holdout)}){verdict}."
    )


def signed(value: float) -> str:
    """A figure with its sign and two digits; a dash if it is not known."""
    return f"{value:+.2f}".replace("-", "−") if math.isfinite(value) else "–"
