"""Small tables of effects for the tests of the benchmark with known answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.truth.table import Table
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import Corpus

BIRDS = corpus_yaml.read_corpus(domains.corpus_file("birds"))
FEW = Corpus("birds", tuple(root for root in BIRDS.roots if root.id in ("tail", "background", "accessories")))
SHORT, FOREST = "tail/tail-shape/short-tail", "background/land-background/forest-background"


def table(effects: Mapping[str, float], images: int = 24, noise: float = 0.05, corpus: Corpus = BIRDS) -> Table:
    """Attributes with these mean effects, all others with none, and noise on top; placebos do nothing at all."""
    rng = np.random.default_rng(0)
    deltas = {}
    for node in corpus.walk():
        below = [effects.get(one.id, 0.0) for one in node.walk() if not one.children]
        mean = effects.get(node.id, float(np.mean(below)))
        deltas[node.id] = np.zeros(images) if node.placebo else mean + noise * rng.normal(size=images)
    return Table(corpus, tuple(f"{k:064x}" for k in range(images)), tuple(k % 2 for k in range(images)), deltas)
