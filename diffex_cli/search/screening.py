"""Screening: a search with a cheap editor says which attributes a good editor has to look at.

What the cheap editor's search had in its beam (kept, or followed for its children) is searched again with the real
one, by the same rules. The cheap editor's figures decide nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.trace import Evaluation, Trace


def survivors(corpus: Corpus, trace: Trace) -> Corpus:
    """The part of a hierarchy that a screening leaves.

    That is every attribute that was in the beam, with all above it; every placebo that was looked at, so that the real
    editor has a noise floor of its own; and every attribute that the cheap editor could not edit on any image, with
    all below it, since nothing is known of those. A group of which no finer attribute is left becomes a leaf, and is
    judged as one.

    Args:
        corpus: the hierarchy that was searched.
        trace: what the search did. A candidate of it that the hierarchy does not have is ignored.

    Returns:
        the same nodes with fewer children, in the same order; without roots if nothing is left.
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
