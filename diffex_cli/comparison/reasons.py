"""Why a gate decided as it did: findings, and the sentences that tell them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from diffex_cli.comparison.differences import Difference
from diffex_cli.comparison.gates import Decision, decide
from diffex_cli.report.finished import Measurement
from diffex_cli.report.numbers import interval, signed
from diffex_cli.search.statistics.claims import Bounds, images_needed, magnitude_bounds

_SHOWN = 5
"""Undecided attributes that are told one by one before the rest is only counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule found out about one attribute.

    Attributes:
        value: the effect; of ``against``, by how much the influence grew; in logits; NaN if unknown.
        low: lower end of the interval that decided; NaN if there is none.
        limit: what was allowed, in logits.
        bound: upper end of what was held against the limit: of |effect| or of the growth; NaN if unknown.
        unmeasured_in: the run that did not measure it; ``None`` if it was measured.
    """

    candidate: str
    name: str
    verdict: Decision
    value: float
    low: float
    high: float
    n: int
    limit: float
    bound: float
    sentence: str
    unmeasured_in: Path | None = None

    @property
    def measured(self) -> bool:
        """There is an interval to decide on."""
        return not math.isnan(self.low)


def dependence(one: Measurement, what: str, limit: float, meaning: str) -> RuleOutcome:
    """The finding about an effect, a change of ``what``, that must stay within a limit in either direction."""
    bounds = magnitude_bounds(one.low, one.high)
    verdict = "undecided" if one.untested else decide(bounds, limit)
    if one.untested:
        sentence = _untested(one)
    elif math.isnan(bounds.low):
        sentence = f"{one.name!r} has no interval with {one.n} edited images: it takes at least two."
    else:
        measured = (
            f"{one.name!r} changes the {what} by {signed(one.effect)} on average "
            f"(95 % interval {interval(one.low, one.high)}, {one.n} images)"
        )
        sentence = f"{measured}: {_told(verdict, meaning)}{_advice(verdict, one.influence, bounds, one.n, limit)}."
    return RuleOutcome(
        one.candidate, one.name, verdict, one.effect, one.low, one.high, one.n, limit, bounds.high, sentence
    )


def increase(one: Measurement, baseline: Measurement, grown: Difference, limit: float, looked_at: int) -> RuleOutcome:
    """The finding about an influence that may have grown.

    Args:
        looked_at: attributes that the interval is corrected for.
    """
    bounds = Bounds(grown.low, grown.high)
    untested = next((measured for measured in (one, baseline) if measured.untested), None)
    verdict = "undecided" if untested else decide(bounds, limit)
    if untested:
        sentence = _untested(untested)
    elif grown.method == "none":
        sentence = f"{one.name!r} has no interval in one of the two runs: it takes at least two edited images."
    else:
        sentence = (
            f"{one.name!r} had an effect of {signed(baseline.effect)}, and has {signed(one.effect)}: its influence "
            f"changed by {signed(grown.value)} (interval {interval(grown.low, grown.high)}, 95 % for all {looked_at} "
            f"attributes together; {grown.method}, {grown.n} images): "
            f"{_told(verdict, f'a growth of δ = {limit:g}')}{_advice(verdict, grown.value, bounds, grown.n, limit)}."
        )
    return RuleOutcome(
        one.candidate, one.name, verdict, grown.value, grown.low, grown.high, grown.n, limit, bounds.high, sentence
    )


def unmeasured(candidate: str, name: str, limit: float, path: Path) -> RuleOutcome:
    """The finding about an attribute that a run did not look at."""
    nan = math.nan
    sentence = f"{name!r} was not measured in {path}."
    return RuleOutcome(candidate, name, "undecided", nan, nan, nan, 0, limit, nan, sentence, unmeasured_in=path)


def _untested(one: Measurement) -> str:
    return f"{one.name!r} was not tested: {one.untested}."


def _told(verdict: Decision, meaning: str) -> str:
    match verdict:
        case "fail":
            return f"the whole interval is beyond {meaning}"
        case "pass":
            return f"the whole interval is within {meaning}"
    return f"part of the interval is beyond {meaning}"


def _advice(verdict: Decision, value: float, bounds: Bounds, n: int, limit: float) -> str:
    if verdict != "undecided":
        return ""
    needed = images_needed(value, bounds, n, limit)
    if needed is None:
        return ", and too close to it for more images to decide"
    return f"; about {needed} images would decide"


def summarise(findings: Sequence[RuleOutcome], remedies: dict[Path, str]) -> tuple[str, ...]:
    """What a person has to read of a rule's findings."""
    return tuple(_sentences(findings, remedies))


def _sentences(findings: Sequence[RuleOutcome], remedies: dict[Path, str]) -> Iterator[str]:
    yield from (one.sentence for one in findings if one.verdict == "fail")
    for path, command in remedies.items():
        missing = [one for one in findings if one.unmeasured_in == path]
        if missing:
            yield f"Not measured in {path}: {_names(missing)}. `{command}` measures them."
    measured = [one for one in findings if one.verdict == "undecided" and one.unmeasured_in is None]
    yield from (one.sentence for one in measured[:_SHOWN])
    if len(measured) > _SHOWN:
        yield f"{len(measured) - _SHOWN} more are undecided: {_names(measured[_SHOWN:])}."
    passed = [one for one in findings if one.verdict == "pass"]
    if len(findings) == len(passed) == 1:
        yield passed[0].sentence
    elif passed and len(passed) == len(findings):
        closest = max(passed, key=lambda one: (one.bound, one.candidate))
        yield f"All {len(passed)} attributes pass. The least clear: {closest.sentence}"


def _names(findings: Sequence[RuleOutcome]) -> str:
    shown = ", ".join(repr(one.name) for one in findings[:_SHOWN])
    return shown if len(findings) <= _SHOWN else f"{shown} and {len(findings) - _SHOWN} more"
