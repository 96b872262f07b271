"""How many edits a search will take: for certain, at most, and about."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.settings import Settings
from diffex_cli.language_models.rehearsal import Estimate
from diffex_cli.measure import plan as plans
from diffex_cli.measure.paying import Look
from diffex_cli.measure.session import EditWish, Session, planned_session
from diffex_cli.measure.targets import choose
from diffex_cli.measure.verifying import attributes_of
from diffex_cli.search.algorithm.racing import FIRST
from diffex_cli.search.evaluation import image_parts

LOSER = 8
"""How many images racing spends on a candidate that it drops: 7.4 to 7.9 in simulations of 12 to 100 candidates."""


NEEDED = (
    *("corpus", "editor", "screening", "classifier", "verifier", "purse", "protected"),
    *("images", "perception", "region"),
)
"""What a search needs of its session, in the order in which what is wrong is told."""


def plan(settings: Settings) -> plans.Plan:
    """What the stage ``search`` would do.

    For certain it takes the root level, with racing that on a few images. At most it takes all nodes, and what it may
    keep on the images that are held out. What to expect is a guess: below the root level as many attributes as the
    B strongest would have below them if they were like all others of their level. With a screening that is the cheaper
    editor's work; the real one's is for certain none, at most the same again, and to be expected what the beams leave.
    """
    session = planned_session("search", settings)
    session.check(*NEEDED)
    originals = [session.scores[image] for image in session.images if image in session.scores]
    if originals:
        choose(settings.target, originals, settings.classifier, settings.scale)
    corpus = session.searched
    searched, held_out = image_parts(session)
    everything = list(_nodes(corpus.roots, settings.max_depth))
    first = session.screening or session
    certain = first.requests(_wishes(session, corpus.roots, searched[: _first_look(settings)]))
    sets = _sets(settings) * (len(searched) + len(held_out))
    own = plans.edits(
        "search",
        session,
        certain if first is session else (),
        session.requests(_wishes(session, everything, (*searched, *held_out))),
        further=sets,
        expected=expected(corpus, settings, len(searched), len(held_out)),
        limit=settings.max_edits,
    )
    own = dataclasses.replace(own, questions=_questions(session, own.expected or 0))
    if first is session:
        return own
    cheap = plans.edits(
        "search",
        first,
        certain,
        first.requests(_wishes(session, everything, searched)),
        expected=expected_of_screening(corpus, settings, len(searched)),
        limit=None if settings.max_edits is None else settings.max_edits // 2,
    )
    return plans.together(own, cheap, settings.max_edits)


def _wishes(session: Session, nodes: Sequence[Node], images: Sequence[str]) -> list[EditWish]:
    """What stands for nodes on each image, as far as it is known yet what the images show."""
    return [(session.stand_ins.candidate(node.candidate, image), (image,)) for node in nodes for image in images]


def _questions(session: Session, edits: int) -> Estimate | None:
    """About what a verifier that asks a language model would ask, if the search takes so many edits, reconstructions
    included: of each image and its reconstruction all attributes, of an edit its own and their siblings."""
    purse, attributes = session.purse, attributes_of(session.searched)
    if purse is None or not attributes or not session.images:
        return None
    size = max((image.width, image.height) for image in session.images.values())
    near = sum(1 + len(one.siblings) for one in attributes) / len(attributes)
    whole = 2 * len(session.images) * len(attributes)
    parts = math.ceil(max(0, edits - len(session.images)) * near)
    known = sum(len(seen) for seen in session.readings.values())
    left = max(0, parts - max(0, known - whole))
    return purse.estimate([Look(size, False, max(0, whole - known)), Look(size, True, left)], attributes, known)


def _first_look(settings: Settings) -> int | None:
    """On how many images each root is tried for certain; ``None`` for all."""
    if settings.racing:
        return FIRST
    return None if settings.max_edits is None else 1


def expected(corpus: Corpus, settings: Settings, images: int, held_out: int) -> int:
    """About how many edits a search on so many images takes, reconstructions included; of the real editor alone if
    there is a screening."""
    total, kept = _tree(corpus.roots, settings, images, screened=settings.screen != "none")
    total += images
    total += _sets(settings) * images + (held_out * (1 + kept) if held_out else 0)
    rounded = math.ceil(total)
    return rounded if settings.max_edits is None else min(rounded, settings.max_edits)


def expected_of_screening(corpus: Corpus, settings: Settings, images: int) -> int:
    """About how many edits the screening of a search takes, reconstructions included."""
    rounded = math.ceil(images + _tree(corpus.roots, settings, images, screened=False)[0])
    return rounded if settings.max_edits is None else min(rounded, settings.max_edits // 2)


@dataclasses.dataclass(frozen=True, slots=True)
class Ahead:
    """About how many edits the level at hand takes, and what comes after it; reconstructions are left out."""

    level: float
    later: float


def ahead(nodes: Sequence[Node], depth: int, settings: Settings, images: int, held_out: int) -> Ahead:
    """What a search that has come to these nodes has before it.

    Args:
        nodes: all of one level; what follows is guessed as by :func:`expected`.
        depth: theirs, the roots' being 0.
    """
    levels = list(_levels(nodes, settings, images, screened=False, depth=depth))
    kept = settings.beam / 2 * depth + sum(kept for _, kept in levels)
    later = sum(edits for edits, _ in levels[1:]) + _sets(settings) * images + held_out * kept
    return Ahead(levels[0][0] if levels else 0.0, later)


def _tree(nodes: Sequence[Node], settings: Settings, images: int, screened: bool) -> tuple[float, float]:
    """About how many edits a hierarchy takes, and how many attributes are kept."""
    levels = list(_levels(nodes, settings, images, screened))
    return sum(edits for edits, _ in levels), sum(kept for _, kept in levels)


def _levels(
    level: Sequence[Node], settings: Settings, images: int, screened: bool, depth: int = 0
) -> Iterator[tuple[float, float]]:
    """Level by level about how many edits it takes, and how many of its attributes are kept; of a screened hierarchy,
    whatever is not in the beam of a level is gone but for the placebos among the roots."""
    arriving = float(len(level))
    while level and arriving and (settings.max_depth is None or depth <= settings.max_depth):
        places = math.inf if settings.algorithm == "exhaustive" else float(settings.beam)
        stay = min(places, arriving)
        raced = settings.racing and arriving >= 2 * stay
        others = arriving - stay
        if screened:
            others = min(others, sum(node.placebo for node in level) if not depth else 0)
        yield stay * images + others * (min(LOSER, images) if raced else images), stay / 2
        children = [child for node in level for child in node.children]
        arriving = stay * len(children) / len(level)
        level, depth = children, depth + 1


def _sets(settings: Settings) -> int:
    """How many sets of attributes the joint phase tries at most."""
    if settings.joint < 2:
        return 0
    partners = max(settings.beam + 1, 3)
    return math.comb(partners, 2) + (settings.joint - 2) * settings.beam * partners


def _nodes(nodes: Sequence[Node], depth: int | None) -> Iterator[Node]:
    """These nodes and those at most ``depth`` levels below them."""
    for node in nodes:
        yield node
        if depth is None or depth > 0:
            yield from _nodes(node.children, None if depth is None else depth - 1)
