"""``report``: how long ``diffex report`` takes, and how large its page is, by the number of edits.

The runs are made up: random birds as pictures, random numbers as scores. What is measured is everything from the
artifacts on disk to the finished page.
"""

from __future__ import annotations

import dataclasses
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.workload import Pairs
from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.rows import EditRow, InputImage, RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.schemas import EDITS
from diffex_cli.artifacts.search_document import Backend, SearchDocument
from diffex_cli.artifacts.tables import make_table
from diffex_cli.birds.renderer import render
from diffex_cli.birds.species import LABELS, random_specimen
from diffex_cli.core.hierarchy import RECONSTRUCTION, Corpus, Node
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.report import report as stage
from diffex_cli.search.statistics.influence import Effect

SIZES = (Pairs(10, 10), Pairs(20, 50), Pairs(100, 100))
_EDITOR, _CLASSIFIER = "render:birds", "birds:species"
_PHOTOGRAPH = 512
_BRANCHES = 10


@dataclasses.dataclass(frozen=True, slots=True)
class _Built:
    seconds: float
    page: int
    beside: int
    pictures: int


def reports(sizes: Sequence[Pairs] = SIZES) -> str:
    """Build a report of every size, the second (or the only) one also of larger pictures, as Markdown.

    Args:
        sizes: of the runs, images × attributes.
    """
    jobs = [(pairs, 128) for pairs in sizes]
    jobs.append((sizes[min(1, len(sizes) - 1)], _PHOTOGRAPH))
    lines = []
    for pairs, side in jobs:
        log(f"report: {pairs}, {side} pixels")
        with tempfile.TemporaryDirectory(prefix="diffex-bench-") as folder:
            made_up_run(Path(folder), pairs, side)
            built = _build(Path(folder))
        where = "in the page" if built.beside == 0 else f"{built.beside / 1e6:.1f} MB beside it"
        lines.append(
            (
                *(str(pairs), f"{pairs.edits:,}", f"{side} × {side}", f"{built.seconds:.1f}"),
                *(f"{built.page / 1e6:.1f}", f"{built.pictures:,}, {where}"),
            )
        )
    header = ("images × attributes", "edits", "pixels", "seconds", "page, MB", "pictures")
    return table(header, lines) + "\n\n" + environment()


def _build(run: Path) -> _Built:
    started = time.perf_counter()
    summary = stage.run(Settings(run=run, classifier=_CLASSIFIER, editor=_EDITOR), SilentProgress())
    seconds = time.perf_counter() - started
    if summary.assets is None:
        return _Built(seconds, summary.size, 0, summary.pictures)
    beside = sum(file.stat().st_size for file in summary.assets.iterdir())
    return _Built(seconds, summary.size, beside, summary.pictures)


def made_up_run(path: Path, pairs: Pairs, side: int = 128) -> None:
    """Write a finished run: every attribute on every image, no two pictures alike.

    Args:
        side: of the pictures, in pixels.
    """
    run, rng = RunDirectory(path), random.Random(0)
    corpus = _corpus(pairs.attributes)
    images = [run.save_input(_picture(rng, side), f"bird {i}", None) for i in range(pairs.images)]
    candidates = [RECONSTRUCTION, *(node.candidate for node in corpus.walk())]
    edits = [
        EditRow(
            edit=edit_key(image.image, candidate, _EDITOR, 0),
            image=image.image,
            candidate=candidate.id,
            editor=_EDITOR,
            seed=0,
            file=run.save_edited(_picture(rng, side)) if candidate.terms else image.file,
            status="ok",
            reason=None,
            changed=rng.random(),
            mean_change=rng.random(),
            seconds=0.1,
        )
        for image in images
        for candidate in candidates
    ]
    run.write_corpus(corpus, {})
    run.write_images(images, {})
    run.edit_parts.write(make_table(EDITS, [dataclasses.asdict(row) for row in edits]), {})
    subjects = [*(image.image for image in images), *(edit.edit for edit in edits)]
    logits = dict(zip(subjects, np.random.default_rng(0).normal(0, 2, (len(subjects), len(LABELS))), strict=True))
    writer = run.score_writer(_CLASSIFIER, LABELS, {})
    kinds = ["original"] * len(images) + ["edit"] * len(edits)
    writer.append(subjects, kinds, np.stack(list(logits.values())))
    writer.flush()
    _write_search(run, corpus, images, {subject: float(row[0]) for subject, row in logits.items()})


def _picture(rng: random.Random, side: int) -> Image.Image:
    picture = render(random_specimen(rng, rng.choice(LABELS)))
    # one pixel of its own, so that even birds that are drawn alike differ
    picture.putpixel((0, 0), (rng.randrange(256), rng.randrange(256), rng.randrange(256)))
    return picture if picture.width == side else picture.resize((side, side), Image.Resampling.BICUBIC)


def _corpus(attributes: int) -> Corpus:
    """So many attributes on two levels."""
    branches: list[list[Node]] = [[] for _ in range(min(_BRANCHES, attributes))]
    for i in range(attributes - len(branches)):
        at = i % len(branches)
        branches[at].append(Node(f"b{at}/a{i}", f"attribute {i}", f"attribute {i}"))
    return Corpus(
        "birds",
        tuple(Node(f"b{at}", f"branch {at}", f"branch {at}", children=tuple(some)) for at, some in enumerate(branches)),
    )


def _write_search(run: RunDirectory, corpus: Corpus, images: Sequence[InputImage], logits: Mapping[str, float]) -> None:
    found = []
    for node in corpus.walk():
        keys = [(edit_key(one.image, node.candidate, _EDITOR, 0), one.image) for one in images]
        base = {image: logits[edit_key(image, RECONSTRUCTION, _EDITOR, 0)] for _, image in keys}
        found.append((node, Effect(node.id, [logits[edit] - base[image] for edit, image in keys])))
    found.sort(key=lambda one: -one[1].influence)
    rows = [
        RankingRow(
            rank=rank,
            candidate=node.id,
            name=node.name,
            target=LABELS[0],
            effect=effect.effect,
            influence=effect.influence,
            low=effect.student_low,
            high=effect.student_high,
            n=effect.n,
            depth=node.id.count("/"),
            group=bool(node.children),
            placebo=False,
            status="kept" if rank <= _BRANCHES else "dropped",
            reason="made up",
            effect_original=effect.effect,
        )
        for rank, (node, effect) in enumerate(found, 1)
    ]
    run.write_ranking(rows, {})
    run.write_search(
        SearchDocument(
            provenance={"created": "2026-01-01T00:00:00Z"},
            target=LABELS[0],
            best=rows[0].candidate,
            images=len(images),
            algorithm="exhaustive",
            beam=5,
            delta=0.1,
            seed=0,
            editor=Backend(_EDITOR, _EDITOR),
            classifier=Backend(_CLASSIFIER, _CLASSIFIER),
        )
    )
