"""The benchmark of checked edits: its classifiers, its marks, its table."""

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.checked.__main__ import main
from benchmarks.checked.erring import Erring
from benchmarks.checked.fresh import FUNCTIONS, FunctionClassifier, NetworkClassifier
from benchmarks.checked.pairs import PairTruth, named_pair
from benchmarks.checked.tables import checked_table
from benchmarks.checked.trial import Memo, Subject, exact_effects, marks_of
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.birds import samples
from diffex_cli.birds.panel.classifiers import FormulaClassifier
from diffex_cli.birds.panel.formulas import Formula
from diffex_cli.birds.panel.members import PANEL
from diffex_cli.birds.renderer import render
from diffex_cli.birds.verifier import ProbeVerifier
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import Corpus, Node, grouped, slug
from diffex_cli.verifiers.attributes import every_attribute
from diffex_cli.verifiers.base import Sight

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
    found = {
        ("fresh", "this"): {"x": marks, "y": dataclasses.replace(marks, top=1.0, pair=1.0, edits=3)},
        ("fresh", "before"): {"y": dataclasses.replace(marks, edits=4), "z": marks},
    }
    text = checked_table("ledits:birds", found, {"this": "before", "before": "before"})
    cells = [one.strip() for one in text.splitlines()[-2].split("|")[1:-1]]
    assert cells == [
        *("fresh, 2", "this", f"{marks.ndcg5:.3f}", "1 of 2", "0.000", "6", "2", "33.3", "2"),
        *("0.00", f"{marks.error:.3f}", "2", "1 of 1", "2", "0.75"),
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_depends_on_what_it_is_said_to(name: str) -> None:
    classifier = Memo(FunctionClassifier(name, open_classifier("birds:probe")))
    birds = [samples.records()[image] for image in IMAGES]
    logits = classifier.logits([render(bird) for bird in birds])
    assert np.isfinite(logits).all()
    assert logits.shape == (3, 2)


def test_exact_effects_are_those_of_drawing_again() -> None:
    subject = Subject("fresh:against", Memo(FunctionClassifier("against", open_classifier("birds:probe"))), "yes")
    exact = exact_effects(subject, grouped(BIRDS, "words"), IMAGES)
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


def corpus_of(**roots: tuple[str, ...]) -> Corpus:
    """A root for each feature, with values by their prompts."""

    def root(name: str, prompts: tuple[str, ...]) -> Node:
        return Node(name, name, name, children=tuple(Node(f"{name}/{slug(one)}", one, one) for one in prompts))

    return Corpus("birds", tuple(root(name, prompts) for name, prompts in roots.items()))


def test_a_named_pair_is_held_against_all_that_could_be_combined(tmp_path: Path) -> None:
    def subject(name: str) -> Subject:
        source = PANEL[name].source
        assert isinstance(source, Formula)
        return Subject(name, FormulaClassifier(name, source, Memo(open_classifier("birds:probe"))), "yes")

    corpus = corpus_of(head=("red head", "white head"), background=("snow background", "sky background"))
    rows = [row("head/red-head", 3.0, 1), row("background/snow-background + head/red-head", 2.0, 2)]
    best = named_pair(rows, corpus)
    assert best is not None
    assert {one.name for one in best} == {"snow background", "red head"}
    neither = [key for key, bird in samples.records().items() if bird.head != "red" and bird.background != "snow"][:3]
    truth = PairTruth(subject("and-head-snow"), corpus, neither, tmp_path)
    assert truth.right(best) == 1
    assert truth.right((corpus.node("head/white-head"), corpus.node("background/snow-background"))) == 0
    assert truth.right(None) == 0
    assert named_pair([dataclasses.replace(rows[1], claim="not tested")], corpus) is None
    assert math.isnan(PairTruth(subject("single-red-head"), corpus, neither, tmp_path).right(best))


def test_a_verifier_errs_as_often_as_it_is_told_and_always_alike() -> None:
    sure = ProbeVerifier()
    asked = tuple(every_attribute(BIRDS))
    sights = [Sight(samples.pictures()[image]) for image in IMAGES]
    read, quarter = sure.seen(sights, asked), Erring(sure, 0.25)
    turned = quarter.seen(sights, asked)
    known = ~np.isnan(read)
    wrong = (turned != read) & known
    assert 0.15 < wrong[known].mean() < 0.35
    assert np.array_equal(turned, np.where(wrong, 1 - read, read), equal_nan=True)
    again = quarter.seen(sights[1:2], asked[3:])
    assert np.allclose(again, turned[1:2, 3:], atol=1e-4, equal_nan=True)  # batches differ in the last digits
    assert len({sure.fingerprint, quarter.fingerprint, Erring(sure, 0.1).fingerprint}) == 3
    assert np.array_equal(Erring(sure, 0.0).seen(sights, asked), read, equal_nan=True)


def test_marks_of_an_earlier_build_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = dict.fromkeys(("ndcg5", "top", "signs", "strong", "claims", "nothing", "turned", "held", "untested"), 1)
    line = ["fresh:against/ledits:birds/this", {**old, "error": 0.1, "edits": 900}]
    (tmp_path / "marks.jsonl").write_text(json.dumps(line) + "\n")
    main(["--work", str(tmp_path), "--sets", "fresh", "--only", "fresh:against", "--known"])
    assert "| fresh, 1 | this | 1.000 | 1 of 1 |" in capsys.readouterr().out


def test_one_classifier_goes_through_to_the_table_and_is_not_searched_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["--work", str(tmp_path), "--sets", "fresh", "--only", "fresh:against", "--editor", "render:birds"]
    few = [*own, "--images", "2", "--variants", "this, 25 % wrong", "--verifiers", "birds:probe"]
    main(few)
    table = capsys.readouterr().out
    rows = [line.split(" | ")[1] for line in table.splitlines() if line.startswith("| fresh")]
    assert rows == ["this, 25 % wrong", "this, by birds:probe"]
    shutil.rmtree(tmp_path / "run-2")
    main(few)
    assert capsys.readouterr().out == table


def test_a_group_is_what_it_is_measured_by() -> None:
    """By its words a crest is a short or a tall one; its members are these and none."""
    member = PANEL["single-no-tall-crest"]
    subject = Subject(member.spec, Memo(open_classifier(member.spec)), member.target)
    words, members = (exact_effects(subject, grouped(BIRDS, groups), IMAGES) for groups in ("words", "members"))
    single = [words[f"head/crest/{one}-crest"] for one in ("no", "short", "tall")]
    assert words["head/crest"] == pytest.approx(np.mean(single[1:]))
    assert members["head/crest"] == pytest.approx(np.mean(single))
    assert words["head/crest"] != pytest.approx(members["head/crest"], abs=0.1)


def test_to_a_null_classifier_everything_is_nothing() -> None:
    subject = Subject("noise", open_classifier("birds:panel-null-noise-1"), "no", null=True)
    assert set(exact_effects(subject, BIRDS, IMAGES).values()) == {0.0}
