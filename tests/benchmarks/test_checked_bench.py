"""The benchmark of checked edits: its classifiers, its marks, its table."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from benchmarks.checked.fresh import FUNCTIONS, FunctionClassifier, NetworkClassifier
from benchmarks.checked.tables import checked_table
from benchmarks.checked.trial import Memo, Subject, exact_effects, marks_of
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.birds import samples
from diffex_cli.birds.renderer import render
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core import domains

BIRDS = corpus_yaml.read_corpus(domains.corpus_file("birds"))
IMAGES = tuple(samples.records())[:3]
EXACT = {"a": 2.0, "b": -1.0, "c": 0.01, "d": 0.2}


def row(candidate: str, effect: float, rank: int, claim: str = "matters") -> RankingRow:
    low, high = sorted((effect * 0.5, effect * 1.5))
    return RankingRow(
        rank=rank,
        candidate=candidate,
        name=candidate,
        target="yes",
        effect=effect,
        influence=abs(effect),
        low=low,
        high=high,
        n=48,
        depth=0,
        group=False,
        placebo=False,
        status="kept",
        reason="",
        effect_original=effect,
        p_corrected=0.001,
        claim=claim,
    )


def test_a_perfect_ranking_has_perfect_marks() -> None:
    rows = [row(id, effect, rank) for rank, (id, effect) in enumerate(sorted(EXACT.items(), key=lambda x: -abs(x[1])))]
    marks = marks_of(rows, EXACT, 7)
    assert (marks.ndcg5, marks.top, marks.signs, marks.strong) == (pytest.approx(1), 1, 3, 3)
    assert (marks.claims, marks.nothing, marks.turned, marks.held, marks.error, marks.edits) == (3, 0, 0, 3, 0, 7)


def test_what_is_wrong_is_counted() -> None:
    marks = marks_of([row("c", 3.0, 1), row("b", 1.0, 2), row("d", 0.2, 3, "not tested")], EXACT, 0)
    assert (marks.top, marks.signs, marks.strong, marks.held) == (0, 0, 1, 0)
    assert (marks.claims, marks.nothing, marks.turned, marks.untested) == (3, 1, 1, 1)
    assert marks.ndcg5 < 0.7
    text = checked_table("ledits:birds", {("fresh", "this"): [marks, dataclasses.replace(marks, top=1.0)]})
    assert "| fresh, 2 | this |" in text
    assert "| 1 of 2 |" in text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_depends_on_what_it_is_said_to(name: str) -> None:
    classifier = Memo(FunctionClassifier(name, open_classifier("birds:probe")))
    birds = [samples.records()[image] for image in IMAGES]
    logits = classifier.logits([render(bird) for bird in birds])
    assert np.isfinite(logits).all()
    assert logits.shape == (3, 2)


def test_exact_effects_are_those_of_drawing_again() -> None:
    subject = Subject("fresh:against", Memo(FunctionClassifier("against", open_classifier("birds:probe"))), "yes")
    exact = exact_effects(subject, BIRDS, IMAGES)
    assert exact["accessories/hat"] == 0
    assert exact["head/eye-color/yellow-eye"] < -0.5
    assert exact["head/eye-color"] == pytest.approx(
        np.mean([exact[f"head/eye-color/{one}-eye"] for one in ("dark", "red", "yellow")])
    )


def test_a_network_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.checked.fresh.COUNT", 40)
    monkeypatch.setattr("benchmarks.checked.fresh.STEPS", 3)
    first = NetworkClassifier("pixels-belly", tmp_path)
    monkeypatch.setattr("benchmarks.checked.fresh._train", None)
    again = NetworkClassifier("pixels-belly", tmp_path)
    pictures = [samples.pictures()[image] for image in IMAGES]
    assert again.fingerprint == first.fingerprint
    assert np.array_equal(again.logits(pictures), first.logits(pictures))
