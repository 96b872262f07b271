"""How many edits racing saves, and what it misses, on simulated panels of which everything is known."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffex_cli.search.algorithm.contest import Entrant, Measure, Outcome, Request
from diffex_cli.search.algorithm.halving import halve
from diffex_cli.search.algorithm.racing import race

World: TypeAlias = Literal["heavy", "laplace"]
DELTA = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Savings:
    """Means over the simulated panels.

    Attributes:
        share: edits used, of the K·N of an exhaustive search.
        recall: of the B largest influences on all images, those ≥ δ, the share that was kept.
        rounds: how many batches of edits were asked for, one after the other.
    """

    share: float
    recall: float
    rounds: float


def simulate(
    k: int, n: int, b: int, *, trials: int = 100, seed: int = 0, world: World = "heavy", budget: float | None = None
) -> Savings:
    """Race K candidates on N images for the best B, again and again.

    Args:
        k: K, candidates.
        n: N, images.
        b: B, how many to find.
        world: ``heavy``: few strong effects among many weak ones (a log-normal mixture of exponentials, median 0.2
            logits) and a spread that grows with the effect from 0.3 on, as on the embedded birds; ``laplace``: Laplace
            effects of scale 0.5 and a spread of 0.72 for all, so that the B-th and the next are often all but tied.
        budget: with it, sequential halving with this share of K·N instead of racing.
    """
    rng = np.random.default_rng(seed)
    results = []
    for _ in range(trials):
        deltas = _panel(rng, k, n, world)
        outcome = _contest(deltas, b, budget)
        influence = np.abs(deltas.mean(axis=1))
        best = {str(i) for i in np.argsort(-influence)[:b] if influence[i] >= DELTA}
        recall = len(best & set(outcome.kept)) / len(best) if best else 1.0
        results.append((outcome.edits / (k * n), recall, outcome.rounds))
    share, recall, rounds = (math.fsum(column) / trials for column in zip(*results, strict=True))
    return Savings(share, recall, rounds)


def replay(deltas: NDArray[np.float64]) -> Measure:
    """Answers from a table of Δ logits, shape (candidates, images); the ids are the row numbers."""

    def measure(requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        return {id: deltas[int(id), list(images)] for id, images in requests}

    return measure


def _contest(deltas: NDArray[np.float64], b: int, budget: float | None) -> Outcome:
    entrants = [Entrant(str(i), DELTA) for i in range(len(deltas))]
    order = range(deltas.shape[1])
    if budget is not None:
        return halve(entrants, order, replay(deltas), keep=b, max_edits=int(budget * deltas.size))
    return race(entrants, order, replay(deltas), keep=b, epsilon=DELTA)


def _panel(rng: np.random.Generator, k: int, n: int, world: World) -> NDArray[np.float64]:
    """Δ logits, shape (k, n)."""
    if world == "laplace":
        effects, spread = rng.laplace(0, 0.5, k), np.full(k, 0.72)
    else:
        sizes = rng.exponential(0.3, k) * np.exp(rng.normal(0, 0.8, k))
        effects = sizes * rng.choice([-1.0, 1.0], k)
        spread = 0.3 + 0.5 * np.sqrt(sizes) * np.exp(rng.normal(0, 0.3, k))
    deltas: NDArray[np.float64] = effects[:, None] + spread[:, None] * rng.normal(size=(k, n))
    return deltas
