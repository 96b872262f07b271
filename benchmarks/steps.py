"""``steps``: what fewer U-Net steps cost in edit quality and in agreement of the rankings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.embedded import open_editor, open_probe
from benchmarks.log import LoggedProgress, log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.replay import ReplayedEdits
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.birds.judging import truth_of_run
from diffex_cli.birds.quality import measure
from diffex_cli.birds.truth import Agreement
from diffex_cli.core.configuration import resolve
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.measure import rates
from diffex_cli.search import search
from diffex_cli.search.statistics.metrics import ndcg_at_k

STEPS = (6, 8, 12, 20, 50)
CLASSIFIERS = ("birds:shortcut", "birds:species")
_SEED = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What one number of steps gave.

    Attributes:
        influences: classifier → candidate → influence, the strongest first.
        agreements: classifier → agreement with the exact influences.
    """

    seconds: float
    success: float
    disentanglement: float
    influences: Mapping[str, Mapping[str, float]]
    agreements: Mapping[str, Agreement]


def steps(work: Path, images: int, counts: Sequence[int] = STEPS, editor: str = "ledits:birds") -> str:
    """Quality and rankings for every number of steps, as Markdown.

    Each has a run directory in ``work``, in which the stages resume what an interruption left. The
    exhaustive searches of the classifiers share its edits, and so does the judgement of their quality.

    Args:
        images: how many sample images, each edited by all attributes of the corpus.
        counts: the numbers of steps; the rankings are compared with those of the largest.
        editor: a spec without options.
    """
    inputs = _input_folder(work, images)
    outcomes = {count: _outcome(work, inputs, images, f"{editor}:steps={count}", count) for count in counts}
    most = max(counts)
    header = ["steps", "s/edit", "success", "disentanglement"]
    for classifier in CLASSIFIERS:
        name = classifier.removeprefix("birds:")
        header += [f"{name}: nDCG@5 against {most} steps", "against the truth", "Spearman with the truth"]
    rows = [_row(count, outcome, outcomes[most]) for count, outcome in outcomes.items()]
    return (
        table(header, rows)
        + f"\n\n`{editor}`, the first {images} sample images, every attribute of the corpus searched exhaustively. "
        + "Success and disentanglement are means over the attributes' values, of edits towards values that a bird does "
        + "not have; the seconds are the editor's, from picture to picture.\n\n"
        + environment()
    )


def _row(count: int, outcome: Outcome, most: Outcome) -> tuple[str, ...]:
    cells = [str(count), f"{outcome.seconds:.3f}", f"{outcome.success:.3f}", f"{outcome.disentanglement:.3f}"]
    for classifier in CLASSIFIERS:
        against = ndcg_at_k(most.influences[classifier], list(outcome.influences[classifier]), 5)
        agreement = outcome.agreements[classifier]
        cells += [f"{against:.3f}", f"{agreement.ndcg5:.3f}", f"{agreement.spearman:.3f}"]
    return tuple(cells)


def _input_folder(work: Path, images: int) -> Path:
    """The first sample images as files: the runs' inputs are then the ones that the quality is measured on."""
    folder = work / f"images-{images}"
    folder.mkdir(parents=True, exist_ok=True)
    for place, picture in enumerate(list(samples.pictures().values())[:images]):
        path = folder / f"{place:02d}.png"
        if not path.exists():
            picture.save(path)
    return folder


def _outcome(work: Path, inputs: Path, images: int, spec: str, count: int) -> Outcome:
    run = work / f"steps-{count}-images-{images}"
    influences, agreements = {}, {}
    for classifier in CLASSIFIERS:
        log(f"steps: {count}, {classifier}")
        settings = _settings(run, inputs, spec, classifier)
        progress = LoggedProgress(f"steps: {count}")
        corpus.run(settings, progress)
        summary = search.run(settings, progress)
        influences[classifier] = {
            row.candidate: row.influence for row in summary.ranking if math.isfinite(row.influence)
        }
        agreement = truth_of_run(run, None, None).agreement
        assert agreement is not None
        agreements[classifier] = agreement
    editor = open_editor(spec)
    birds = dict(list(samples.records().items())[:images])
    quality = measure(ReplayedEdits(run, editor), open_probe(), birds, _SEED)
    return Outcome(
        seconds=rates.seconds_per_edit(RunDirectory(run).edits(editor.fingerprint).values()) or 0.0,
        success=float(np.mean([value.success for value in quality.values])),
        disentanglement=float(np.mean([value.disentanglement for value in quality.values])),
        influences=influences,
        agreements=agreements,
    )


def _settings(run: Path, inputs: Path, spec: str, classifier: str) -> Settings:
    flags = {
        "run": run,
        "domain": "birds",
        "images": inputs,
        "editor": spec,
        "classifier": classifier,
        "algorithm": "exhaustive",
        "seed": _SEED,
    }
    return resolve(flags, {}, None)
