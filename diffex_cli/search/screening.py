"""Screening: a search with a cheap editor says which attributes a good editor has to look at.

What the cheap editor's search had in its beam (kept, or followed for its children) is searched again with the real
one, by the same rules. The cheap editor's figures decide nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.settings import Settings
from diffex_cli.measure.session import Session
from diffex_cli.search.algorithm.trace import Evaluation, Trace
from diffex_cli.search.budget import Budget
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.outlook import Outlook
from diffex_cli.search.tree import search_tree


def survivors(corpus: Corpus, trace: Trace) -> Corpus:
    """The part of a hierarchy that a screening leaves.

    That is every attribute that was in the beam, with all above it; every placebo that was looked at, so that the real
    editor has a noise floor of its own; and every attribute that the cheap editor could not edit on any image, with
    all below it, since nothing is known of those. A group of which no finer attribute is left becomes a leaf, and is
    judged as one.

    Returns:
        the same nodes with fewer children, in the same order; without roots if nothing is left. A candidate of the
        trace that the hierarchy does not have is ignored.
    """
    looked_at = [one for level in trace.levels for one in level.evaluations]
    stays = {one.id for one in looked_at if in_beam(one) or one.node.placebo}
    unknown = {one.id for one in looked_at if could_not_be_edited(one)}
    return Corpus(corpus.domain, _kept(corpus.roots, stays, unknown))


def in_beam(one: Evaluation) -> bool:
    """The search kept an attribute, or went on below it."""
    return one.status == "kept" or one.expanded


def could_not_be_edited(one: Evaluation) -> bool:
    """The editor failed on every image that the attribute was tried on; one that was tried on none was not."""
    return one.effect.n == 0 and (one.standing is None or one.standing.images > 0)


def _kept(nodes: tuple[Node, ...], stays: Collection[str], unknown: Collection[str]) -> tuple[Node, ...]:
    found = []
    for node in nodes:
        id = node.candidate.id
        children = node.children if id in unknown else _kept(node.children, stays, unknown)
        if children or id in stays or id in unknown:
            found.append(dataclasses.replace(node, children=children))
    return tuple(found)


@dataclasses.dataclass(frozen=True, slots=True)
class Screening:
    """What a screening found; the corpus is what is left to search with the real editor."""

    editor: str
    fingerprint: str
    evaluator: Evaluator
    edits: int
    trace: Trace
    corpus: Corpus

    @property
    def survivors(self) -> frozenset[str]:
        """The ids of the candidates that are left to search."""
        return frozenset(node.candidate.id for node in self.corpus.walk())

    @property
    def measured(self) -> frozenset[str]:
        """The ids of all candidates that it has a figure of: what corrected p-values have to count."""
        return frozenset(one.id for one in self.trace.ranking if one.effect.n)

    @property
    def summary(self) -> ScreeningSummary:
        """The same in figures."""
        looked_at = {one.id for one in self.trace.ranking}
        return ScreeningSummary(self.editor, self.edits, len(looked_at), len(looked_at - self.survivors))


@dataclasses.dataclass(frozen=True, slots=True)
class ScreeningSummary:
    """A screening in figures."""

    editor: str
    edits: int
    screened: int
    left_out: int

    @property
    def sentence(self) -> str:
        """The same for people."""
        return (
            f"Screened with {self.editor}: {self.edits} of the edits are by it, and {self.left_out} of the "
            f"{self.screened} attributes that it looked at were left out. All other figures are the real editor's."
        )


def screen(session: Session, evaluator: Evaluator, limit: Budget, settings: Settings, outlook: Outlook) -> Screening:
    """Search the whole hierarchy with the cheaper editor, whose session and evaluator these are, and let go of its
    model."""
    trace = search_tree(evaluator.corpus, evaluator, limit, settings, outlook)
    session.release()
    return Screening(
        editor=session.settings.editor,
        fingerprint=session.editor_fingerprint,
        evaluator=evaluator,
        edits=evaluator.fetcher.asked,
        trace=trace,
        corpus=survivors(evaluator.corpus, trace),
    )
