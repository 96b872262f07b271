"""The stage ``search``: scores in, the attributes that matter out, by asking for what is missing on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.finished_search import Measured
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.results import Result
from diffex_cli.artifacts.rows import MeasuredRow, RankingRow
from diffex_cli.artifacts.search_document import SearchDocument
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.hierarchy import Candidate, Corpus
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.language_models.costs import Spending
from diffex_cli.measure.looking import reported, sampled
from diffex_cli.measure.making import tally
from diffex_cli.measure.paying import LimitReached
from diffex_cli.measure.recording import record
from diffex_cli.measure.scoring import check_kept_labels
from diffex_cli.measure.session import Backends, Session, locked_session
from diffex_cli.measure.telling import edits_ahead
from diffex_cli.search import writing
from diffex_cli.search.adjusting import adjusted
from diffex_cli.search.algorithm.algorithms import Evaluation, Trace
from diffex_cli.search.algorithm.joint import JointEvaluation, joint_search, partners
from diffex_cli.search.budget import Budget, budget
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.expectation import NEEDED, expected, plan
from diffex_cli.search.findings import findings, ranking_of_all, tried_images
from diffex_cli.search.outlook import Outlook
from diffex_cli.search.screening import Screening, ScreeningSummary, screen
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.interaction import interaction
from diffex_cli.search.statistics.verdict import Significance
from diffex_cli.search.tree import rules, search_tree

PASSES = 3
"""How often at most the hierarchy is searched again with effects that are corrected by what all its edits showed."""

__all__ = ["SearchSummary", "Session", "plan", "run"]


@dataclasses.dataclass(frozen=True, slots=True)
class SearchSummary:
    """What the stage found.

    Attributes:
        ranking: all candidates that were evaluated, the most influential first.
        best: id of the most influential attribute that was kept; ``None`` if none was.
        best_joint: the same of the sets of attributes.
        passed: ids of those that stand out from noise; see :class:`~diffex_cli.artifacts.rows.RankingRow`.
        verdict: the noise floor, and what could have been missed.
        levels: how many levels of the hierarchy were searched.
        images: how many images the search used.
        held_out: on how many others it measured again what it kept.
        screening: what the screening with a cheaper editor did; ``None`` without one.
        made: how many of them were made now.
        failed: how many of all of them failed: their images are left out of those attributes' effects.
        failure: the reason that most of those gave; ``None`` if none failed.
        set_aside: the last search's result, as it is kept, if it was for another target or of another classifier.
        measured: all edits and scores that there are, so that who tells of this search does not read them again.
        spending: what the verifier asked a language model; ``None`` if it asks none.
    """

    target: str
    ranking: tuple[RankingRow, ...]
    best: str | None
    best_joint: str | None
    passed: tuple[str, ...]
    verdict: Significance
    levels: int
    images: int
    held_out: int
    screening: ScreeningSummary | None
    edits: int
    made: int
    no_ops: int
    failed: int
    failure: str | None
    up_to_date: bool
    set_aside: Result | None
    warnings: tuple[str, ...]
    measured: Measured = dataclasses.field(repr=False)
    spending: Spending | None = None


def run(settings: Settings, progress: Progress, fill: bool = True, backends: Backends | None = None) -> SearchSummary:
    """Search the hierarchy.

    Args:
        progress: hears of the tasks ``edit`` and ``score``, and of each level.
        fill: make the edits and scores that are missing. Otherwise touch no model: write the edits to
            ``requests.parquet`` and give up for now.
        backends: used instead of those that the settings name.

    Raises:
        IncompleteError: there is no corpus yet; or something is missing and is not to be made.
        DiffexError: all edits of attributes failed, or all reconstructions.
        UsageError: the classifier has no class of the target's name, or settings contradict each other.
    """
    check(settings, fill)
    with locked_session("search", settings, backends) as session:
        # complain before anything is remembered
        session.check(*NEEDED)
        if fill and getattr(session.classifier.own, "names_may_change", False):
            check_kept_labels(session)
        screened = _screened(session, progress, fill)
        evaluator = Evaluator(session, progress, fill, screened.evaluator if screened else None)
        corpus = screened.corpus if screened else evaluator.corpus
        limit = budget(settings, corpus, evaluator.fetcher, evaluator.images, evaluator.held_out)
        outlook = Outlook(session, evaluator, limit, progress, corpus.roots)
        if screened is None:
            outlook.level(0, corpus.roots)
            _prepare(session, evaluator)
        evaluator.calibrate(limit)
        again = limit.total is None and not settings.racing
        looked = not (again and evaluator.adjusts)
        trace, joint = _searched(corpus, evaluator, limit, settings, outlook, looked)
        _check_measured(trace, evaluator, settings)
        for _ in range(PASSES if again else 0):
            if not evaluator.correct() and looked:
                break
            looked = True
            outlook = Outlook(session, evaluator, limit, progress, corpus.roots, "corrected, ")
            trace, joint = _searched(corpus, evaluator, limit, settings, outlook)
        if not again and evaluator.correct():
            after = adjusted(trace, joint, evaluator, settings.delta)
            trace, joint = after.trace, after.joint
        if evaluator.held_out:
            outlook.last("held-out images")
        held = _held_out(trace, joint, evaluator, limit)
        found = findings(trace, joint, held, evaluator, settings, screened.measured if screened else ())
        of_all = ranking_of_all(trace, joint, evaluator, settings.delta) if len(evaluator.targets) > 1 else None
        searched = writing.Searched(trace, joint, found, of_all, screened)
        looked, limited = _look_further(searched, evaluator, settings) if fill else (False, ())
        if looked:
            found = findings(trace, joint, held, evaluator, settings, screened.measured if screened else ())
            searched = dataclasses.replace(searched, findings=found)
        written = writing.write(session, searched, evaluator)
        for parts in (session.run.edit_parts, session.run.score_parts, session.run.seen_parts):
            parts.merge(provenance("search", {}))
        edits = tally(evaluator.fetcher.edits)
        return SearchSummary(
            target=evaluator.target,
            ranking=found.ranking,
            best=searched.best,
            best_joint=searched.best_joint,
            passed=found.passed,
            verdict=found.verdict,
            levels=len(trace.levels),
            images=len(evaluator.images),
            held_out=len(evaluator.held_out),
            screening=screened.summary if screened else None,
            edits=evaluator.fetcher.asked,
            made=evaluator.fetcher.made,
            no_ops=edits.no_ops,
            failed=edits.failed,
            failure=edits.failure,
            up_to_date=written.last is not None,
            set_aside=written.aside,
            warnings=(*session.run.warnings, *evaluator.warnings, *limited),
            measured=Measured(session.edits, session.scores, _result(written)),
            spending=_spending(session),
        )


def _result(
    written: writing.Written,
) -> tuple[SearchDocument, tuple[RankingRow, ...], tuple[MeasuredRow, ...]] | None:
    return None if written.last is None else (written.last, written.tables.ranking, written.tables.measured)


def _spending(session: Session) -> Spending | None:
    if session.purse is None:
        return None
    there = sum(len(seen) for seen in session.readings.values())
    return session.purse.spending(kept=max(0, there - session.purse.asked), left=0)


def _searched(
    corpus: Corpus, evaluator: Evaluator, limit: Budget, settings: Settings, outlook: Outlook, look: bool = True
) -> tuple[Trace, tuple[JointEvaluation, ...]]:
    """Search the hierarchy, then across its branches. With the effects corrected anew, what is measured already costs
    nothing, and what they lead to besides is edited. Before that nobody has to ``look`` below groups: what leaks into
    an edit moves a few images as what matters does."""
    trace = search_tree(corpus, evaluator, limit, settings, outlook, look)
    if settings.joint > 1:
        outlook.last("attributes together")
    return trace, _joint(settings, trace, evaluator, limit)


def _look_further(searched: writing.Searched, evaluator: Evaluator, settings: Settings) -> tuple[bool, tuple[str, ...]]:
    """Have a verifier that costs look at everything in a sample of what is reported.

    Returns:
        whether it looked at anything, and a warning if the limit on its cost let it look at a part alone: what is found
        stands without it.
    """
    if evaluator.checked is None or not evaluator.checked.costs:
        return False, ()
    rows = writing.measured_rows(searched, evaluator)
    some = sampled(rows, reported(searched.findings.ranking), settings.seed)
    wanted = evaluator.checked.of_sample(some, evaluator.classes)
    try:
        evaluator.look(wanted)
    except LimitReached as error:
        return True, (f"what the edits changed besides is known of few of them: {error}",)
    return bool(wanted), ()


def check(settings: Settings, fill: bool = True) -> None:
    """Complain about settings that contradict each other."""
    if settings.screen != "none" and settings.algorithm == "exhaustive":
        raise UsageError("--algorithm exhaustive measures everything: leave it out, or --screen")
    economy = "--racing" if settings.racing else "--max-edits"
    if not (settings.racing or settings.max_edits):
        return
    if not fill:
        raise UsageError(
            f"{economy} asks for a few edits many times, which --no-fill would make a round trip each: leave out "
            "one of them"
        )
    if settings.algorithm == "exhaustive":
        raise UsageError(f"--algorithm exhaustive measures everything: leave it out, or {economy}")
    if settings.target == "all":
        raise UsageError(f"{economy} decides image by image, by one class: leave it out, or name a --target")


def _prepare(session: Session, evaluator: Evaluator) -> None:
    """Before the first edit: remember the settings, and find out what is explained."""
    record(session.run, "search", session.stage_settings)
    evaluator.prepare()


def _screened(session: Session, progress: Progress, fill: bool) -> Screening | None:
    if session.screening is None:
        return None
    evaluator = Evaluator(session.screening, progress, fill, check=False)
    parts = evaluator.images, evaluator.held_out
    limit = budget(session.settings, evaluator.corpus, evaluator.fetcher, *parts, screening=True)
    images, held_out = parts
    afterwards = edits_ahead(session, expected(evaluator.corpus, session.settings, len(images), len(held_out)), True)
    outlook = Outlook(session.screening, evaluator, limit, progress, evaluator.corpus.roots, "screening, ", afterwards)
    outlook.level(0, evaluator.corpus.roots)
    _prepare(session, evaluator)
    evaluator.calibrate(limit)
    return screen(session.screening, evaluator, limit, session.settings, outlook)


def _check_measured(trace: Trace, evaluator: Evaluator, settings: Settings) -> None:
    """Nothing measured is no answer."""
    real = [one for one in trace.ranking if not one.node.placebo]
    if not real or any(one.effect.n for one in real):
        return
    why = evaluator.failures([(one.node.candidate, tried_images(one, evaluator)) for one in real])
    if why is not None:
        raise DiffexError(
            f"nothing was measured, so no ranking was written: with --editor {settings.editor} {why} "
            "(try other options of it, or another editor)"
        )


def _joint(settings: Settings, trace: Trace, evaluator: Evaluator, limit: Budget) -> tuple[JointEvaluation, ...]:
    if settings.joint < 2:
        return ()

    def evaluate(candidates: Sequence[Candidate]) -> list[NDArray[np.float64]]:
        return evaluator.evaluate(candidates[: limit.affords(evaluator.images, len(candidates), limit.kept_back)])

    singles = partners(trace.ranking, rules(settings))
    singles = singles if settings.max_edits else _completed(singles, evaluator)
    found = joint_search(singles, evaluate, settings.joint, rules(settings))
    return found if len(evaluator.targets) == 1 else tuple(_of_one_class(one, evaluator) for one in found)


def _of_one_class(one: JointEvaluation, evaluator: Evaluator) -> JointEvaluation:
    """With every class a target, the parts' effects on the class that the set moves most, not on their own ones."""
    target = evaluator.target_of(one.candidate)
    parts = [evaluator.deltas(part.node.candidate, evaluator.images, target) for part in one.parts]
    return dataclasses.replace(one, interaction=interaction(one.effect.deltas, parts))


def _completed(singles: Sequence[Evaluation], evaluator: Evaluator) -> tuple[Evaluation, ...]:
    """What a race dropped early, measured on all images, so that a set is compared with its parts on the same ones."""
    early = [one for one in singles if one.standing is not None and not one.standing.complete]
    deltas = evaluator.evaluate([one.node.candidate for one in early]) if early else []
    effects = {one.id: Effect(one.id, values) for one, values in zip(early, deltas, strict=True)}
    return tuple(dataclasses.replace(one, effect=effects.get(one.id, one.effect)) for one in singles)


def _held_out(
    trace: Trace, joint: Sequence[JointEvaluation], evaluator: Evaluator, limit: Budget
) -> Mapping[str, Effect]:
    """What was kept, measured on the images that are held out: the most influential first, as far as the edits go."""
    images = evaluator.held_out
    kept = [(one.node.candidate, one.effect.influence) for one in trace.ranking if one.status == "kept"]
    kept += [(one.candidate, one.effect.influence) for one in joint if one.status == "kept"]
    kept.sort(key=lambda one: (-one[1], one[0].id))
    if not images or not kept:
        return {}
    chosen = [candidate for candidate, _ in kept[: limit.affords(images, len(kept))]]
    evaluator.fetch([(candidate, images) for candidate in chosen])
    return {candidate.id: Effect(candidate.id, evaluator.deltas(candidate, images)) for candidate in chosen}
