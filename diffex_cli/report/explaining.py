"""Why an attribute is where it is, from the files of a finished search."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.search_document import Screened, SearchDocument, Tried, TriedSet
from diffex_cli.core.errors import UsageError
from diffex_cli.report import numbers
from diffex_cli.report.facts import cannot_draw, landed, p_value
from diffex_cli.report.finished import read_finished
from diffex_cli.report.numbers import signed
from diffex_cli.report.sentences_of_edits import class_lost
from diffex_cli.search.statistics.claims import ALPHA

_SHOWN = 20
_ALIKE = 0.75
"""A word is a misspelt other one if it is at least so similar (difflib's ratio)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """One attribute's story.

    Attributes:
        candidate: its id; that of the node if the search never tried it.
    """

    candidate: str
    text: str


def explain(path: Path, wanted: str, target: str | None = None) -> Explanation:
    """Say why an attribute is where it is. Opens no picture and no model.

    Args:
        wanted: a candidate's id, a node's id, or a name.
        target: in whose search; ``None`` for the last one.
    """
    run = read_finished(path, target=target)
    search, tried, nodes = run.search, run.search.tried, run.nodes
    screened = {} if search.screening is None else {one.candidate: one for one in search.screening.candidates}
    left_out = {id: one for id, one in screened.items() if not one.survived}
    named = {one.name: id for id, one in (left_out | tried).items()}
    for id in (wanted, f"-{wanted}", named.get(wanted, wanted)):
        if id in tried:
            seen = [_seen(row) for row in run.ranking if row.candidate == id]
            return Explanation(id, " ".join(filter(None, (*_tried(tried[id], search), *seen))))
        if id in left_out:
            return Explanation(id, _screened_out(left_out[id], search))
    names = {node.name: node.id for node in nodes.values()}
    node = wanted if wanted in nodes else names.get(wanted)
    if node is None:
        known = {id: one.name for id, one in (left_out | tried).items() if not isinstance(one, TriedSet)}
        known |= {node.id: node.name for node in nodes.values() if not {node.id, f"-{node.id}"} & known.keys()}
        found = explain(path, _near(wanted, known))
        return dataclasses.replace(found, text=f"The nearest to {wanted!r} is {found.candidate}. {found.text}")
    return Explanation(node, " ".join(_never(node, search, screened)))


def _near(wanted: str, known: Mapping[str, str]) -> str:
    """The one attribute that somebody who wrote this may mean: by its name, by the beginning of a word of it, by any
    part of it, else by its spelling.

    Args:
        known: id → name.

    Raises:
        UsageError: there is none, or there are several; the sentence has the nearest first.
    """
    part = wanted.casefold().strip()
    names = {id: {name.casefold(), id.casefold().rpartition("/")[2].removeprefix("-")} for id, name in known.items()}
    whole = [id for id, texts in names.items() if part in texts]
    begun = [id for id, texts in names.items() if any(re.search(rf"\b{re.escape(part)}", text) for text in texts)]
    within = [id for id, texts in names.items() if any(part in text for text in texts)]
    found = (whole or begun or within) if part else []

    def likeness(id: str) -> float:
        return max(difflib.SequenceMatcher(None, part, text).ratio() for text in names[id])

    if not found:
        best = max(map(likeness, known), default=0.0)
        found = [id for id in known if likeness(id) == best >= _ALIKE]
    if len(found) == 1:
        return found[0]
    if not found:
        there = ", ".join([*known][:_SHOWN])
        raise UsageError(f"--explain {wanted!r}: the search knows no such attribute; there are: {there}")
    nearest = ", ".join(sorted(found, key=likeness, reverse=True)[:_SHOWN])
    raise UsageError(f"--explain {wanted!r} may be any of {len(found)} attributes, name one: {nearest}")


def _tried(one: Tried | TriedSet, search: SearchDocument) -> Iterator[str]:
    kept = "kept" if one.status == "kept" else "not kept"
    interval = "" if one.low is None else f" ({numbers.interval(one.low, one.high)})"
    yield f"{one.name!r} {_figure(one, search)}{interval} on {one.n} images and was {kept}: {one.reason}."
    # of a set, and in files of earlier versions, only those with a successful edit are known
    images, decided = (one.images or one.n, one.decided) if isinstance(one, Tried) else (one.n, None)
    if (images or 0) < search.searched:
        how = "for certain" if decided else "by the best estimate there was"
        yield f"It was tried on {images or 0} images only, which decided it {how}."
    if isinstance(one, TriedSet):
        yield (
            f"One by one its attributes sum up to {signed(one.sum)}, so that their interaction is "
            f"{signed(one.interaction)} ({numbers.interval(one.interaction_low, one.interaction_high)})."
        )
    elif one.expanded:
        below = sum(isinstance(other, Tried) and other.parent == one.candidate for other in search.tried.values())
        yield f"The search went on into the {below} attributes below it."
    if one.status == "kept":
        yield from _claims(one)


def _untested(row: RankingRow) -> str:
    if row.claim != "not tested":
        return ""
    return ", so that it was not tested" if cannot_draw(row) else ", so that it was not tested; so few may be chance"


def _seen(row: RankingRow) -> str:
    """What a verifier saw in the edits; empty if none looked."""
    told = landed(row)
    parts = [
        f"{told}{_untested(row)}." if told else "",
        f"{numbers.counted(row.shown, 'image')} needed no edit." if row.shown else "",
    ]
    asked, effect = signed(row.effect_asked), signed(row.effect)
    if numbers.finite(row.effect_asked) and asked != effect:
        parts.append(f"As asked the effect is {asked}; adjusted for what the edits showed it is {effect}.")
    lost = class_lost(row)
    parts.append(f"{lost[0].upper()}{lost[1:]}." if lost else "")
    return " ".join(filter(None, parts))


def _figure(one: Tried | TriedSet | Screened, search: SearchDocument) -> str:
    return "could not be measured" if one.effect is None else f"changes {search.target!r} by {signed(one.effect)}"


def _claims(one: Tried | TriedSet) -> Iterator[str]:
    if one.p_corrected is not None:
        yield (
            f"Corrected for all that was tried, its p-value is {p_value(one.p_corrected)}: "
            + ("beyond chance." if one.p_corrected <= ALPHA else "that may be chance.")
        )
    held = one.holdout
    if held is not None and held.effect is not None:
        word = "confirms" if held.confirmed else "does not confirm"
        effect = f"changes it by {signed(held.effect)}"
        yield f"On {held.n} images that the search did not use it {effect}, which {word} it."


def _screened_out(one: Screened, search: SearchDocument) -> str:
    assert search.screening is not None
    return (
        f"{one.name!r} was left out by the screening with {search.screening.editor.spec}, in whose edits it "
        f"{_figure(one, search)} on {one.n} images: {one.reason}. The editor {search.editor.spec} was not asked for it."
    )


def _never(node: str, search: SearchDocument, screened: Mapping[str, Screened]) -> Iterator[str]:
    """Of a node that was not reached: the nearest one above it that was."""
    yield f"{node!r} was never tried."
    parts, tried = node.split("/"), search.tried
    for end in range(len(parts) - 1, 0, -1):
        above = "/".join(parts[:end])
        for id in (above, f"-{above}"):
            stopped = id in screened and screened[id].n and not screened[id].expanded
            found = tried.get(id)
            if found is None and not stopped:
                continue
            if search.max_depth is not None and end > search.max_depth:
                yield f"The search went {search.max_depth} levels below the roots (--max-depth)."
            elif stopped:
                yield f"The screening did not go below {id!r}: {screened[id].reason}."
            elif isinstance(found, Tried) and not found.expanded:
                yield f"The search did not go below {id!r}: {found.reason}."
            else:
                yield "It is not in the hierarchy that was searched; run `diffex search` again."
            return
    yield "It is not in the hierarchy that was searched; run `diffex search` again."
