"""Finished runs with chosen effects, written without editing or scoring anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from diffex_cli.artifacts.documents import write_document
from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.rows import InputImage, RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import SEARCH_SCHEMA
from diffex_cli.core.hierarchy import RECONSTRUCTION, Corpus, Node
from diffex_cli.search.statistics.influence import Effect

CORPUS = Corpus(
    "birds",
    (
        Node(
            "background",
            "background",
            "background",
            children=(
                Node("background/snow", "snow background", "snow"),
                Node("background/water", "water background", "water"),
            ),
        ),
        Node("nape", "nape", "nape", children=(Node("nape/collar", "collar", "black collar"),)),
        Node("crest", "no crest", "crest", remove=True),
        Node("beak", "red", "red beak"),
        Node("tail", "Red", "red tail"),
        Node("hat", "hat", "hat", placebo=True),
    ),
)


def deltas(mean: float, half: float, n: int = 16) -> list[float]:
    """n changes with this mean whose 95 % interval is about ± half."""
    pattern = np.where(np.arange(n) % 2, 1.0, -1.0)
    effect = Effect("", pattern)
    return [float(value) for value in mean + pattern * half / ((effect.student_high - effect.student_low) / 2)]


def make_run(
    path: Path,
    effects: Mapping[str, Sequence[float]],
    *,
    corpus: Corpus = CORPUS,
    first_image: int = 0,
    kept: Sequence[str] = (),
    target: str = "cardinal",
    classifier: str = "birds:shortcut",
    editor: str = "tint:",
    delta: float = 0.1,
    seed: int = 0,
    with_scores: bool = True,
    search: Mapping[str, object] | None = None,
) -> Path:
    """Candidate id → Δ logits on the images ``first_image``, …; ``search`` replaces keys of search.yaml."""
    run = RunDirectory(path)
    n = max(map(len, effects.values()), default=0)
    images = [f"image-{first_image + i}" for i in range(n)]
    run.write_corpus(corpus, {})
    run.write_images([InputImage(key, f"images/{key}.png", key, 8, 8) for key in images], {})
    nodes = {node.candidate.id: node for node in corpus.walk()}
    fingerprints = f"{classifier}/1", f"{editor}/1"
    if with_scores:
        writer = run.score_writer(fingerprints[0], ["cardinal", "jay"], {})
        noise = np.random.default_rng(first_image)
        for i, image in enumerate(images):
            base = noise.normal(0, 3)
            logits = {edit_key(image, RECONSTRUCTION, fingerprints[1], seed): base}
            for id, values in effects.items():
                if i < len(values):
                    logits[edit_key(image, nodes[id].candidate, fingerprints[1], seed)] = base + values[i]
            writer.append(list(logits), ["edit"] * len(logits), np.array([[value, -1.0] for value in logits.values()]))
        writer.flush()
    found = [(id, Effect(id, values)) for id, values in effects.items()]
    found.sort(key=lambda one: -one[1].influence)
    ranking = [
        RankingRow(
            rank=rank,
            candidate=id,
            name=nodes[id].name,
            target=target,
            effect=effect.effect,
            influence=effect.influence,
            low=effect.student_low,
            high=effect.student_high,
            n=effect.n,
            depth=id.count("/"),
            group=bool(nodes[id].children),
            placebo=nodes[id].placebo,
            status="kept" if id in kept else "dropped",
            reason="so it was written",
            effect_original=effect.effect,
            p_corrected=0.001 if id in kept else None,
        )
        for rank, (id, effect) in enumerate(found, 1)
    ]
    run.write_ranking(ranking, {})
    write_document(
        path / "search.yaml",
        SEARCH_SCHEMA,
        {
            "provenance": {"created": "2026-01-02T03:04:05Z"},
            "target": target,
            "best": kept[0] if kept else None,
            "images": n,
            "algorithm": "beam",
            "beam": 5,
            "delta": delta,
            "max_depth": None,
            "seed": seed,
            "editor": {"spec": editor, "fingerprint": fingerprints[1]},
            "classifier": {"spec": classifier, "fingerprint": fingerprints[0]},
            "levels": [],
            **(search or {}),
        },
    )
    return path
