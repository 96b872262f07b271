"""All figures of one attribute, each with what it means. What was not measured is left out, not shown as zero."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import below_floor, is_set, landed, noise_floor, p_value
from diffex_cli.report.leaks import leaked
from diffex_cli.report.numbers import MISSING, counted, finite, interval, magnitude, probability, share, signed
from diffex_cli.report.sentences import subject
from diffex_cli.report.sentences_of_edits import also_changed, class_lost, interval_of_share
from diffex_cli.search.statistics.claims import ALPHA

_ALSO = 3
"""Attributes that an edit changed besides, and that are named."""


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """One line of an attribute's details.

    Attributes:
        label: what is measured, in a few words.
        value: the figure, written out.
        meaning: what it says, for who does not know it; may be empty.
    """

    label: str
    value: str
    meaning: str = ""


def figures(row: Row, data: ReportData) -> tuple[Figure, ...]:
    """Everything that is known of a row, the claims first."""
    return (*_estimates(row, data), *_claims(row, data), *_images(row, data), *_outcomes(row), *_causes(row))


def checks(row: Row, data: ReportData) -> tuple[Figure, ...]:
    """What a verifier saw in a row's edits; nothing where none looked."""
    return tuple(_checks(row, data))


def _checks(row: Row, data: ReportData) -> Iterator[Figure]:
    told = landed(row)
    if told:
        ends = interval_of_share(row.landed_low, row.landed_high)
        yield Figure("Edits that landed", f"{told}{ends}", "in the eyes of the verifier; below 20 % nothing is tested")
    if row.shown:
        state = "were so" if is_set(row) else "did not show it" if row.candidate.startswith("-") else "showed it"
        were = "was" if row.shown == 1 else "were"
        value = f"{counted(row.shown, 'image')} {state} already and {were} left alone"
        yield Figure("Seen already", value, "nothing changes there, by definition")
    if finite(row.effect_asked) and finite(row.effect) and signed(row.effect_asked) != signed(row.effect):
        yield Figure(
            "As asked",
            f"{signed(row.effect_asked)} {data.unit}; adjusted for what the edits showed {signed(row.effect)}",
            "what the edits did as they came out, and what follows from it for edits that change just what they should",
        )
    lost = class_lost(row, data.own_class)
    if lost:
        yield Figure(
            "The class itself", lost, "of edits of images that show it; where it is gone, the class itself changed"
        )
    also = leaked(data.also_changed.get(row.candidate, ()))[:_ALSO]
    if also:
        changes = ", ".join(map(also_changed, also))
        yield Figure("Also changed", changes, "what the edits were not asked for: what is protected, the most frequent")


def _estimates(row: Row, data: ReportData) -> Iterator[Figure]:
    used = "the images that the search chose it on" if data.n_held_out else "all images of the search"
    yield Figure(
        "Search estimate",
        f"{_with_interval(row.effect, row.low, row.high)} {data.unit}, n = {row.n}",
        f"{used}; what was chosen for being large tends to be overestimated",
    )
    if row.effect_holdout is not None:
        confirmed = {True: "; it confirms the effect", False: "; it does not confirm the effect", None: ""}
        again = _with_interval(row.effect_holdout, row.low_holdout, row.high_holdout)
        yield Figure(
            "Held-out estimate",
            f"{again} {data.unit}, n = {row.n_holdout}{confirmed[row.confirmed]}",
            "images that the search never saw, so that nothing was chosen by them",
        )
    elif data.n_held_out:
        yield Figure("Held-out estimate", "not measured", "only what was chosen is measured again, as far as edits go")
    if finite(row.effect_original):
        yield Figure(
            "Against the original",
            f"{signed(row.effect_original)} {data.unit}",
            "instead of against the unedited reconstruction: with the editor’s own footprint",
        )


def _claims(row: Row, data: ReportData) -> Iterator[Figure]:
    if row.p_value is not None:
        yield Figure("p", p_value(row.p_value), "by sign flips, for this attribute looked at alone")
    if row.p_corrected is not None:
        verdict = "; beyond chance" if row.p_corrected <= ALPHA else "; may be chance"
        parts = ", or no more than one of its attributes" if is_set(row) else ""
        chance = f"the chance of this if it did nothing{parts}, over {_family(row, data)} of this search"
        yield Figure("Corrected p", f"{p_value(row.p_corrected)}{verdict}", f"{chance}; 0.05 or less counts")
    floor = noise_floor(data)
    if floor is not None and not row.placebo and finite(row.influence):
        side = "below" if below_floor(row, floor) else "above"
        yield Figure("Noise floor", f"{side} it ({magnitude(floor.value)} {data.unit})")
    if row.coverage_rank is not None:
        yield Figure(
            "Place by coverage",
            str(row.coverage_rank),
            "among what was chosen, when each next one has to explain images that those before it do not (AttFind)",
        )


def _family(row: Row, data: ReportData) -> str:
    """What a corrected p-value is corrected for."""
    if data.corrected_for is None:
        return "all comparisons"
    if data.corrected_for_sets is None:
        return f"all {data.corrected_for} comparisons"
    if is_set(row):
        return f"all {data.corrected_for_sets} comparisons of sets"
    return f"all {data.corrected_for} comparisons of single attributes"


def _images(row: Row, data: ReportData) -> Iterator[Figure]:
    if row.images is not None and (row.images < data.n_images or row.decided is not None):
        certain = {True: "its place was certain by then", False: "decided by the best estimate there was", None: ""}
        told = f"{row.images} of {data.n_images}"
        why = row.reason if row.images < data.n_images else ""
        yield Figure("Images tried", "; ".join(filter(None, (told, certain[row.decided]))), why)
    if row.valid is not None:
        yield Figure("Edits that changed the picture", share(row.valid), "the others are no-ops and count as no effect")


def _outcomes(row: Row) -> Iterator[Figure]:
    whom = subject(row.target)
    if row.up is not None and row.down is not None:
        yield Figure("Images that move", f"{round(row.up * row.n)} up, {round(row.down * row.n)} down", f"of {row.n}")
    if row.delta_probability is not None:
        told = _with_interval(row.delta_probability, row.delta_probability_low, row.delta_probability_high)
        yield Figure("Δ probability", told, "mean change of the probability")
    if row.flip_to is not None:
        yield Figure("Flips to it", share(row.flip_to), f"of the images where {whom} is not predicted")
    if row.flip_from is not None:
        yield Figure("Flips from it", share(row.flip_from), f"of the images where {whom} is predicted")
    if row.cace is not None:
        yield Figure("CaCE", signed(row.cace), "causal concept effect: probability with the attribute minus without")
    if row.cout is not None:
        yield Figure(
            "COUT",
            signed(row.cout),
            "in [−1, 1]: where another class is predicted, how far the edit carries over",
        )


def _causes(row: Row) -> Iterator[Figure]:
    against = row.cace is not None and row.cace < 0
    whom = f"{subject(row.target)} {'not being predicted' if against else 'being predicted'}"
    for label, meaning, value, low, high in (
        ("PN", f"probability of necessity for {whom}", row.necessity, row.necessity_low, row.necessity_high),
        ("PS", f"probability of sufficiency for {whom}", row.sufficiency, row.sufficiency_low, row.sufficiency_high),
        (
            "PNS",
            f"probability of both for {whom}",
            row.necessity_sufficiency,
            row.necessity_sufficiency_low,
            row.necessity_sufficiency_high,
        ),
    ):
        if value is None and low is None and high is None:
            continue
        bounds = f" (bounds {probability(low)} to {probability(high)})" if low is not None or high is not None else ""
        yield Figure(label, f"{probability(value)}{bounds}", meaning)


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    ends = interval(low, high)
    return signed(value) if ends == MISSING else f"{signed(value)} ({ends})"
