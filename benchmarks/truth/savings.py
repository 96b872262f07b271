"""What racing saves where many candidates compete for few places: values of the birds' attributes, and pairs of them.

The birds' hierarchy puts at most two dozen candidates on a level, where there is little to save. Here all compete at
once, on the panel's classifiers, and on simulated panels (:mod:`benchmarks.racing`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

from benchmarks.markdown import table
from benchmarks.racing import Savings, World, replay, simulate
from benchmarks.truth.exact import fine_nodes, joint, pairs
from benchmarks.truth.methods import BEAM, DELTA
from benchmarks.truth.pictures import Rendered, Wanted
from benchmarks.truth.scores import fill
from benchmarks.truth.subjects import Subject
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus
from diffex_cli.search.algorithm.contest import Entrant
from diffex_cli.search.algorithm.panel import panel_order
from diffex_cli.search.algorithm.racing import race

COUNTS = (40, 100)
"""K, as many candidates."""
TRIALS = 200
_TIE = 1e-3
"""In logits: as many are all but equal to the last in the beam, each is as good."""


def candidates(corpus: Corpus, count: int) -> tuple[Candidate, ...]:
    """Values drawn from all, and if they do not suffice pairs of them; the same ones for the same count.

    Returns:
        as many, or all that there are.
    """
    rng = random.Random(f"savings/{count}")
    values = [node.candidate for node in fine_nodes(corpus)]
    if count <= len(values):
        return tuple(rng.sample(values, count))
    together = [joint(pair) for pair in pairs(corpus)]
    return (*values, *rng.sample(together, min(count - len(values), len(together))))


def savings(subject: Subject, renderer: Rendered, wanted: Sequence[Candidate], images: Sequence[str]) -> Savings:
    """Race the candidates on one classifier for B places.

    Args:
        subject: its scores hold all candidates on all images.
    """
    deltas = np.stack([subject.deltas(renderer, candidate, images) for candidate in wanted])
    influence = np.abs(deltas.mean(axis=1))
    entrants = [Entrant(str(place), DELTA) for place in range(len(wanted))]
    outcome = race(entrants, panel_order(images), replay(deltas), keep=BEAM, epsilon=DELTA)
    places = min(BEAM, int((influence >= DELTA).sum()))
    if not places:
        return Savings(outcome.edits / deltas.size, math.nan, outcome.rounds)
    last = np.sort(influence)[-places]
    found = sum(influence[int(id)] >= last - _TIE for id in outcome.kept)
    return Savings(outcome.edits / deltas.size, min(found, places) / places, outcome.rounds)


def savings_table(subjects: Sequence[Subject], corpus: Corpus, images: Sequence[str]) -> str:
    """Measure, with what is scored already kept, and show the means by kind of classifier and by simulated world."""
    renderer = Rendered()
    stores = list({id(subject.scores): subject.scores for subject in subjects}.values())
    rows = []
    for count in COUNTS:
        wanted = candidates(corpus, count)
        edits = [Wanted(image, one) for image in images for one in (RECONSTRUCTION, *wanted)]
        fill(stores, renderer, edits, f"{count} candidates at once")
        for family, name in (("function", "functions"), ("planted", "planted shortcuts"), ("null", "null")):
            results = [savings(one, renderer, wanted, images) for one in subjects if one.member.family == family]
            if results:
                rows.append(_row(name, len(wanted), len(images), len(results), results))
    worlds: tuple[World, ...] = ("heavy", "laplace")
    rows += [
        _row(
            f"simulated, {world}",
            count,
            len(images),
            TRIALS,
            [simulate(count, len(images), BEAM, trials=TRIALS, world=world)],
        )
        for world in worlds
        for count in COUNTS
    ]
    return table(("classifiers", "K", "N", "how many", "edits / (K·N)", "recall of the top 5", "batches"), rows)


def _row(name: str, count: int, images: int, many: int, results: Sequence[Savings]) -> tuple[str, ...]:
    recalls = [one.recall for one in results if not math.isnan(one.recall)]
    return (
        name,
        str(count),
        str(images),
        str(many),
        f"{math.fsum(one.share for one in results) / len(results):.3f}",
        f"{math.fsum(recalls) / len(recalls):.3f}" if recalls else "–",
        f"{math.fsum(one.rounds for one in results) / len(results):.0f}",
    )
