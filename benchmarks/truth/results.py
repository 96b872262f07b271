"""Runs every method on every classifier with one editor, and marks what they find."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.log import log
from benchmarks.truth import coverage as covering
from benchmarks.truth import exact as truth
from benchmarks.truth.baselines import PUBLIC_SEEDS, grad_cam, public_code, random_order
from benchmarks.truth.heat import heat, regions
from benchmarks.truth.judging import Marks, marks_of, mean_marks
from benchmarks.truth.methods import Finding, JointDeltas, Method, searching
from benchmarks.truth.pictures import RENDERER, Counterfactuals, Edited, Rendered, Wanted
from benchmarks.truth.scores import Scores, fill
from benchmarks.truth.subjects import Subject
from benchmarks.truth.table import Table
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus

SEARCHES: Mapping[str, Method] = {
    "exhaustive": searching("exhaustive"),
    "paper": searching("paper"),
    "beam": searching("beam"),
    "beam --racing": searching("beam", racing=True),
}
BASELINES = ("public code", "random order", "Grad-CAM")
WITH_INTERVALS = ("exhaustive", "beam", "beam --racing")
RANDOM_ORDERS = 20
PUBLIC_IMAGES = 4
"""The public code's one image is chosen so many times over, and its marks are the mean."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What the methods did with one editor.

    Attributes:
        joint_images: how many of them the joint phase and the exact effects of pairs had.
        exact: classifier → its exact effects, over the same images.
        marks: classifier → method → marks.
        coverage: method → how its intervals fared; empty for an editor that is not perfect.
    """

    editor: str
    images: int
    joint_images: int
    exact: Mapping[str, truth.Exact]
    marks: Mapping[str, Mapping[str, Marks]]
    coverage: Mapping[str, covering.Coverage]


def measure(
    editor: str,
    subjects: Mapping[str, Subject],
    work: Path,
    images: Sequence[str],
    joint_images: int,
    models: Path | None = None,
    corpus: Corpus | None = None,
) -> Result:
    """Measure one editor; what is interrupted goes on where it was.

    Args:
        editor: a spec; ``render:birds`` is the perfect one.
        images: keys of sample images.
        joint_images: how many of them the pairs are measured on; with 0 there is no joint phase.
        models: where trained members are; by default in the package.
        corpus: the attributes; by default the birds'.
    """
    corpus = corpus or corpus_yaml.read_corpus(domains.corpus_file("birds"))
    few = images[:joint_images]
    renderer = Rendered()
    stores = _stores(subjects.values())
    judged_stores = _stores(subject for subject in subjects.values() if subject.member.family != "null")
    fill(stores, renderer, truth.singles_wanted(corpus, images), "exact effects")
    fill(judged_stores, renderer, truth.pairs_wanted(corpus, few), "exact effects of pairs")
    exact = {
        name: truth.exact(subject, renderer, corpus, images, few if subject.member.family != "null" else ())
        for name, subject in subjects.items()
    }
    with ExitStack() as stack:
        by: Counterfactuals = renderer
        if editor != RENDERER:
            by = stack.enter_context(Edited(editor, work, images))
            fill(stores, by, truth.singles_wanted(corpus, images), f"{editor}: edits")
        publics = images[:PUBLIC_IMAGES]
        seeds = [Wanted(*one[:2], seed) for seed in PUBLIC_SEEDS for one in truth.singles_wanted(corpus, publics)]
        fill(stores, by, seeds, f"{editor}: edits of the public code's protocol")
        seen = regions(images)
        marks, covered = {}, dict.fromkeys(WITH_INTERVALS if editor == RENDERER else (), covering.NOTHING)
        for name, subject in subjects.items():
            log(f"{editor}: {name}")
            table = subject.table(by, corpus, images)
            joint = _joint(subject, by, images, len(few)) if few and subject.member.family != "null" else None
            found = _findings(subject, by, table, joint, publics)
            found["Grad-CAM"] = [grad_cam(table, heat(subject.member, images, models), seen)]
            marks[name] = {
                method: mean_marks([marks_of(subject.member, one, exact[name], corpus) for one in findings])
                for method, findings in found.items()
            }
            for method in covered:
                result = covering.coverage(table, SEARCHES[method], name)
                covered[method] += result
                share = result.ranked[0] / result.ranked[1] if result.ranked[1] else math.nan
                marks[name][method] = dataclasses.replace(marks[name][method], coverage=share)
    return Result(editor, len(images), len(few), exact, marks, covered)


def _stores(subjects: Iterable[Subject]) -> list[Scores]:
    """Each once: all formulas share the probe's."""
    return list({id(subject.scores): subject.scores for subject in subjects}.values())


def _findings(
    subject: Subject, by: Counterfactuals, table: Table, joint: JointDeltas | None, publics: Sequence[str]
) -> dict[str, list[Finding]]:
    found = {name: [method(table, joint)] for name, method in SEARCHES.items()}
    found["public code"] = [
        public_code(table, functools.partial(subject.probability_deltas, by, image=image, seeds=PUBLIC_SEEDS))
        for image in publics
    ]
    found["random order"] = [random_order(table, f"{subject.member.name}/{k}") for k in range(RANDOM_ORDERS)]
    return found


def _joint(subject: Subject, by: Counterfactuals, images: Sequence[str], count: int) -> JointDeltas:
    """Answers from the scores, and makes what is missing."""

    def deltas(candidate: Candidate) -> NDArray[np.float64]:
        few = images[:count]
        wanted = [Wanted(image, one) for image in few for one in (RECONSTRUCTION, candidate)]
        fill([subject.scores], by, wanted, f"pairs of {subject.member.name}")
        values = np.full(len(images), math.nan)
        values[:count] = subject.deltas(by, candidate, few)
        return values

    return deltas
