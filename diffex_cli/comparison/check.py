"""A gate for a release: may this classifier depend on that attribute that much?"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

from diffex_cli.comparison.differences import growth
from diffex_cli.comparison.gates import Decision, worst
from diffex_cli.comparison.reasons import RuleOutcome, dependence, increase, summarise, unmeasured
from diffex_cli.comparison.rules import Rule
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node
from diffex_cli.core.wording import find_node
from diffex_cli.report.finished import FinishedRun, read_finished
from diffex_cli.search.statistics.influence import CONFIDENCE


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What became of one rule.

    Attributes:
        rule: the rule as text, e.g. ``"max collar=0.2"``.
        kind: ``max``, ``forbid`` or ``against``.
        unmeasured: nothing fails, but something that the rule names has no interval (of ``against``, which names
            nothing, everything): a failure, unless undecided rules are allowed.
    """

    rule: str
    kind: str
    verdict: Decision
    reasons: tuple[str, ...]
    findings: tuple[RuleOutcome, ...]
    unmeasured: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class CheckSummary:
    """What ``diffex check`` tells.

    Attributes:
        passed: nothing failed.
        noise_floor: the largest influence of a placebo, in logits; ``None`` if none was measured.
        warnings: sentences about files that were left out, and about what cannot be compared well.
    """

    run: Path
    classifier: str
    name: str | None
    target: str
    strict: bool
    passed: bool
    noise_floor: float | None
    results: tuple[Result, ...]
    warnings: tuple[str, ...]


def check(
    path: Path,
    rules: Sequence[Rule],
    against: Path | None = None,
    strict: bool = False,
    allow_undecided: bool = False,
    target: str | None = None,
) -> CheckSummary:
    """Judge a finished run by rules, and by an earlier run. Files only.

    Args:
        against: a finished run of the same target; every attribute's influence may have grown by the run's δ.
        strict: what is undecided fails.
        allow_undecided: not even what could not be measured does.
        target: whose result in each of the runs; ``None`` for that of the last search.

    Raises:
        IncompleteError: a run has no ranking yet.
        UsageError: there is no rule; options contradict each other; a rule names no attribute or several; a run cannot
            be read; the baseline explains another class.
    """
    if not rules and against is None:
        raise UsageError("there is nothing to check: give --max, --forbid, --against or --rules")
    if strict and allow_undecided:
        raise UsageError("--strict lets nothing undecided pass, --allow-undecided everything: leave out one of them")
    run = read_finished(path, target=target)
    warnings = list(run.warnings)
    floor = _noise_floor(run)
    results = [_judged(run, rule, floor) for rule in rules]
    if against is not None:
        baseline = read_finished(against, target=target)
        warnings += [*baseline.warnings, *_comparable(run, baseline)]
        results.append(_grown(run, baseline))
    if not allow_undecided:
        results = [dataclasses.replace(one, verdict="fail") if one.unmeasured else one for one in results]
    verdict = worst(result.verdict for result in results)
    return CheckSummary(
        run=path,
        classifier=run.search.classifier.spec,
        name=run.search.name,
        target=run.search.target,
        strict=strict,
        passed=verdict == "pass" or (verdict == "undecided" and not strict),
        noise_floor=floor,
        results=tuple(results),
        warnings=tuple(warnings),
    )


def _noise_floor(run: FinishedRun) -> float | None:
    found = [row.influence for row in run.ranking if row.placebo and math.isfinite(row.influence)]
    return max(found, default=None)


def _judged(run: FinishedRun, rule: Rule, floor: float | None) -> Result:
    """``max`` is about the attribute itself, ``forbid`` also about everything below it."""
    node = find_node(run.corpus, rule.name, rule.source)
    if rule.limit is not None:
        nodes, limit, meaning = [node], rule.limit, f"the limit of {rule.limit:g}"
    else:
        nodes, delta = list(node.walk()), run.search.delta
        limit = max(delta, floor or 0.0)
        meaning = f"δ = {delta:g}" if limit == delta else f"the noise floor of {limit:.3g}, which placebos reach"
    findings = [finding for one in nodes for finding in _findings(run, one, limit, meaning)]
    told = list(summarise(findings, {run.result: _remedy(run)}))
    if any(not one.measured and one.unmeasured_in is None for one in findings):
        told.append(f"More images: `diffex corpus --run {run.path} --images DIR`, then `{run.search_command}`.")
    below = len(list(node.walk())) - 1
    if rule.kind == "max" and below:
        told.append(f"{node.name!r} is a group; this rule says nothing about the {below} attributes below it.")
    verdict = worst(one.verdict for one in findings)
    missing = verdict != "fail" and not all(one.measured for one in findings)
    return Result(rule.text, rule.kind, verdict, tuple(told), tuple(findings), missing)


def _findings(run: FinishedRun, node: Node, limit: float, meaning: str) -> list[RuleOutcome]:
    """About the attribute alone, added or removed or both: whatever the search tried."""
    found = [run.measurements[id] for id in (node.id, f"-{node.id}") if id in run.measurements]
    if not found:
        return [unmeasured(node.candidate.id, node.name, limit, run.result)]
    return [dependence(one, f"{run.quantity} of {run.search.target!r}", limit, meaning) for one in found]


def _remedy(run: FinishedRun) -> str:
    """The command that measures every attribute."""
    deepest = max(node.id.count("/") for node in run.corpus.walk())
    depth = "" if run.search.max_depth is None else f" --max-depth {deepest}"
    return f"{run.search_command} --algorithm exhaustive{depth}"


def _comparable(run: FinishedRun, baseline: FinishedRun) -> list[str]:
    ours, theirs = run.search, baseline.search
    if ours.target != theirs.target:
        raise UsageError(
            f"--against {baseline.result} explains {theirs.target!r} and {run.result} {ours.target!r}: "
            f"search one of them again, such as `diffex search --run {baseline.path} --target {ours.target!r}`"
        )
    found = []
    if ours.editor.fingerprint != theirs.editor.fingerprint:
        found.append(f"{baseline.result} was edited by another editor, so what grew may be the editor's doing")
    if not set(run.images) & set(baseline.images):
        found.append(
            f"{baseline.result} has none of the images of {run.result}, so all its intervals are unpaired and wide"
        )
    return found


def _grown(run: FinishedRun, baseline: FinishedRun) -> Result:
    """No attribute's influence may have grown by more than δ. Placebos are left out.

    Nobody named these attributes beforehand, so the intervals are widened for their number (Bonferroni).
    """
    placebos = {row.candidate for one in (run, baseline) for row in one.ranking if row.placebo}
    now, before = (
        {id: found for id, found in one.measurements.items() if id not in placebos} for one in (run, baseline)
    )
    looked_at = len(now.keys() & before.keys())
    confidence = 1 - (1 - CONFIDENCE) / max(looked_at, 1)
    delta = run.search.delta
    findings = []
    for id in dict.fromkeys([*now, *before]):
        if id in now and id in before:
            grown = growth(before[id], now[id], confidence)
            findings.append(increase(now[id], before[id], grown, delta, looked_at))
        elif id in now:
            findings.append(unmeasured(id, now[id].name, delta, baseline.result))
        else:
            findings.append(unmeasured(id, before[id].name, delta, run.result))
    told = summarise(findings, {run.result: _remedy(run), baseline.result: _remedy(baseline)})
    verdict, rule = worst(one.verdict for one in findings), f"against {baseline.result}"
    # an attribute that is in one corpus only is no news; to compare nothing at all is
    missing = bool(findings) and not any(one.measured for one in findings)
    return Result(rule, "against", verdict, told, tuple(findings), missing)
