"""What the search does beyond the plain one: holdout, racing, budgets, sets, directions, targets."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pipeline import N_IMAGES, N_NODES, SILENT, ask_until_done, make_corpus, settings, texts

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import Floor
from diffex_cli.classifiers.backends.python import FunctionClassifier
from diffex_cli.classifiers.outputs import Outputs
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.measure.session import Backends
from diffex_cli.report.finished import read_finished
from diffex_cli.report.reading import read_report_data
from diffex_cli.search import search

EVERYTHING: dict[str, Any] = {"target": "green", "algorithm": "exhaustive"}


def make_large(root: Path, **changes: Any) -> Settings:
    """A corpus with 24 pictures, all different."""
    make_corpus(root)
    random = np.random.default_rng(1)
    for i in range(24):
        pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "pictures" / f"more-{i}.png")
    made = settings(root, **changes)
    corpus.run(dataclasses.replace(made, run=root / "large"), SILENT)
    return dataclasses.replace(made, run=root / "large")


def test_the_figures_of_every_candidate(tmp_path: Path) -> None:
    summary = search.run(make_corpus(tmp_path, **EVERYTHING), SILENT)
    trace = RunDirectory(tmp_path / "run").search()
    rows = {row.candidate: row for row in summary.ranking}
    for row in rows.values():
        assert row.p_value is not None
        assert row.p_corrected is not None
        assert row.p_value <= row.p_corrected <= 1
        assert row.up is not None
        assert row.down is not None
        assert row.up + row.down <= 1
        assert row.delta_probability == row.cace
        assert row.images == N_IMAGES
        assert row.decided is None
        assert row.n_holdout is None
    assert (rows["nothing"].valid, rows["nothing"].p_value) == (0.0, 1.0)
    assert rows["surface"].valid == 1.0
    assert trace.corrected_for == len(rows) == N_NODES
    assert trace.floor == Floor(0.0, "placebos", arms=1, n=N_IMAGES)
    assert trace.detectable.effect > 0
    # with five images the smallest p-value of a sign flip is 1/16
    assert trace.passed == () == summary.passed


def test_enough_images_tell_an_effect_from_chance(tmp_path: Path) -> None:
    summary = search.run(make_large(tmp_path, **EVERYTHING), SILENT)
    strongest = summary.ranking[0]
    assert strongest.p_corrected is not None
    assert strongest.p_corrected < 0.05
    assert summary.passed[0] == strongest.candidate
    assert strongest.coverage_rank == 1


def test_a_holdout_measures_what_is_kept_again(tmp_path: Path) -> None:
    made = make_large(tmp_path, **EVERYTHING, holdout="on")
    summary = search.run(made, SILENT)
    run = RunDirectory(made.run)
    held_out = run.search().held_out
    assert (summary.images, summary.held_out, len(held_out)) == (15, 14, 14)
    for row in summary.ranking:
        assert row.n == 15
        assert (row.n_holdout == 14) == (row.status == "kept")
        if row.n_holdout:
            assert row.effect_holdout is not None
            assert row.low_holdout is not None
            assert row.high_holdout is not None
            assert row.low_holdout <= row.effect_holdout <= row.high_holdout
            assert row.effect_holdout != row.effect
    finished = read_finished(made.run)
    assert not finished.warnings
    assert all(len(one.deltas) == 15 for one in finished.measurements.values())
    assert not set(held_out) & set(finished.measurements["surface"].deltas)
    kept = sum(row.status == "kept" for row in summary.ranking)
    assert summary.edits == 15 * (1 + N_NODES) + 14 * (1 + kept)


def test_a_holdout_is_for_many_images_by_default(tmp_path: Path) -> None:
    summary = search.run(make_large(tmp_path, target="green"), SILENT)
    assert summary.held_out == 0


def test_a_holdout_works_in_a_loop_in_a_shell(tmp_path: Path) -> None:
    for name in ("one", "loop"):
        (tmp_path / name).mkdir()
    once = search.run(make_corpus(tmp_path / "one", holdout="on", joint=2), SILENT)
    looped = ask_until_done(make_corpus(tmp_path / "loop", holdout="on", joint=2))
    assert texts(looped.ranking) == texts(once.ranking)


def test_racing_keeps_the_same_for_fewer_edits(tmp_path: Path) -> None:
    (tmp_path / "raced").mkdir()
    # two attributes differ by 0.002, and racing tells no difference below δ
    tight: dict[str, Any] = {"target": "green", "beam": 1, "delta": 0.001}
    plain = search.run(make_large(tmp_path, **tight), SILENT)
    raced = search.run(make_large(tmp_path / "raced", **tight, racing=True), SILENT)
    kept = [row.candidate for row in plain.ranking if row.status == "kept"]
    assert [row.candidate for row in raced.ranking if row.status == "kept"] == kept
    assert raced.edits < plain.edits
    trace = RunDirectory(tmp_path / "raced" / "large").search()
    entries = [one for level in trace.levels for one in level.candidates]
    assert any(one.images < 29 for one in entries)
    assert all(one.images == 29 for one in entries if one.status == "kept")
    assert all(isinstance(one.decided, bool) for one in entries)
    assert all((one.p_corrected is None) == (one.images < 29) for one in entries)


@pytest.mark.parametrize("economy", [{"racing": True}, {"max_edits": 60}, {"max_edits": 200}])
def test_nothing_passes_without_a_p_value(tmp_path: Path, economy: dict[str, Any]) -> None:
    summary = search.run(make_large(tmp_path, target="green", delta=0.001, beam=2, **economy), SILENT)
    for row in summary.ranking:
        sure = row.p_corrected is not None and row.p_corrected <= 0.05
        assert row.passed == (row.status == "kept" and not row.below_floor and sure)
    unknown = [row for row in summary.ranking if row.p_corrected is None]
    assert unknown
    assert all(row.n < 29 for row in unknown)
    if "racing" in economy:
        # the placebo changes nothing, and what passes does so by its p-value
        assert summary.verdict.floor.value == 0
        assert summary.passed


def test_racing_does_not_look_at_edits_that_it_did_not_ask_for(tmp_path: Path) -> None:
    made = make_large(tmp_path, target="green", beam=1, racing=True)
    first = search.run(made, SILENT)
    search.run(dataclasses.replace(made, racing=False, algorithm="exhaustive"), SILENT)
    again = search.run(made, SILENT)
    assert again.made == 0
    assert again.edits == first.edits
    assert texts(again.ranking) == texts(first.ranking)


@pytest.mark.parametrize("max_edits", [50, 60, 90, 200])
def test_a_budget_holds_for_everything(tmp_path: Path, max_edits: int) -> None:
    made = make_large(tmp_path, target="green", max_edits=max_edits, joint=3, holdout="on")
    summary = search.run(made, SILENT)
    assert summary.made == summary.edits <= max_edits
    again = search.run(made, SILENT)
    assert again.up_to_date
    assert again.edits == summary.edits


def test_a_budget_that_is_too_small_says_how_much_is_needed(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", max_edits=3)
    with pytest.raises(
        UsageError, match=r"--max-edits 3 is not enough for 5 reconstructions .* give at least (\d+)"
    ) as e:
        search.run(made, SILENT)
    least = int(str(e.value).split("at least ")[1].split(",")[0])
    with pytest.raises(UsageError, match=f"at least {least}"):
        search.run(dataclasses.replace(made, max_edits=least - 1), SILENT)
    assert search.run(dataclasses.replace(made, max_edits=least), SILENT).edits <= least


@pytest.mark.parametrize(
    ("changes", "fill", "sentence"),
    [
        ({"racing": True}, False, "--racing .* --no-fill"),
        ({"max_edits": 99}, False, "--max-edits .* --no-fill"),
        ({"racing": True, "algorithm": "exhaustive"}, True, "--algorithm exhaustive .* --racing"),
        ({"racing": True, "target": "all"}, True, "--racing .* name a --target"),
    ],
)
def test_settings_that_contradict_each_other(
    tmp_path: Path, changes: dict[str, Any], fill: bool, sentence: str
) -> None:
    made = make_corpus(tmp_path, **changes)
    with pytest.raises(UsageError, match=sentence):
        search.run(made, SILENT, fill)


def test_sets_of_attributes(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", joint=2, delta=0.0)
    summary = search.run(made, SILENT)
    run = RunDirectory(made.run)
    joint = run.search().joint
    assert joint
    rows = {row.candidate: row for row in summary.ranking}
    for one in joint:
        row = rows[one.candidate]
        assert row.candidate == " + ".join(sorted(one.parts))
        assert row.interaction == pytest.approx(row.effect - sum(one.singles))
        assert row.joint_sum == pytest.approx(sum(rows[part].effect for part in one.parts))
        assert one.interaction_low <= one.interaction <= one.interaction_high
    best = [row.candidate for row in summary.ranking if row.status == "kept" and " + " in row.candidate]
    assert summary.best_joint == (best[0] if best else None)
    assert summary.best is not None
    assert " + " not in summary.best
    assert run.ranking() == summary.ranking


def test_sets_leave_the_verdict_on_single_attributes_alone(tmp_path: Path) -> None:
    made = make_large(tmp_path, target="green", delta=0.0)
    alone = search.run(made, SILENT)
    document = RunDirectory(made.run).search()
    assert document.corrected_for_sets is None
    joint = search.run(dataclasses.replace(made, joint=2), SILENT)
    with_sets = RunDirectory(made.run).search()
    assert with_sets.corrected_for_sets == len(with_sets.joint) > 0
    assert (with_sets.corrected_for, with_sets.floor) == (document.corrected_for, document.floor)

    def verdicts(summary: search.SearchSummary) -> dict[str, tuple[object, ...]]:
        singles = [row for row in summary.ranking if " + " not in row.candidate]
        return {row.candidate: (row.p_value, row.p_corrected, row.below_floor, row.passed) for row in singles}

    assert verdicts(joint) == verdicts(alone)
    assert alone.passed


def test_two_exclusive_classes_get_one_verdict_with_opposite_signs(tmp_path: Path) -> None:
    def gender(pictures: list[Image.Image]) -> np.ndarray:  # type: ignore[type-arg]
        # nearly sure of the second class, so that its own ln p hardly moves
        z = 4 + np.array([np.asarray(picture, dtype=float)[..., 1].mean() / 25.5 for picture in pictures])
        return np.stack([1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z))], axis=1)

    found = {}
    made = make_large(tmp_path)
    for target in ("female", "male"):
        model = FunctionClassifier(gender, "gender", Outputs("softmax", "probabilities"), ["female", "male"])
        summary = search.run(dataclasses.replace(made, target=target), SILENT, backends=Backends(None, model))
        found[target] = {row.candidate: (row.effect, row.low, row.high, row.passed) for row in summary.ranking}
        assert summary.passed
        assert summary.warnings == ()
    assert found["female"].keys() == found["male"].keys()
    for id, (effect, low, high, passed) in found["male"].items():
        assert found["female"][id] == (-effect, pytest.approx(-high, abs=0.05), pytest.approx(-low, abs=0.05), passed)


def test_saturated_probabilities_are_warned_of(tmp_path: Path) -> None:
    def certain(pictures: list[Image.Image]) -> np.ndarray:  # type: ignore[type-arg]
        return np.tile([0.9998, 0.0002, 0.0], (len(pictures), 1))

    made = make_corpus(tmp_path, target="a")
    for scale, told in (("logit", 1), ("prob", 0)):
        model = FunctionClassifier(certain, "certain", Outputs("softmax", "probabilities"), ["a", "b", "c"])
        summary = search.run(dataclasses.replace(made, scale=scale), SILENT, backends=Backends(None, model))
        assert len(summary.warnings) == told
        assert summary.warnings == read_report_data(made.run).warnings


def test_removing_and_both(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **EVERYTHING)
    added = {row.candidate for row in search.run(made, SILENT).ranking}
    removed = search.run(dataclasses.replace(made, direction="remove"), SILENT)
    assert {row.candidate for row in removed.ranking} == {f"-{id}" for id in added}
    for row in removed.ranking:
        assert row.cace is not None
        assert row.delta_probability is not None
        assert row.cace == pytest.approx(-row.delta_probability)
    both = search.run(dataclasses.replace(made, direction="both"), SILENT)
    assert {row.candidate for row in both.ranking} == added | {f"-{id}" for id in added}
    assert both.made == 0


def test_probabilities(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **EVERYTHING)
    logits = {row.candidate: row for row in search.run(made, SILENT).ranking}
    for row in search.run(dataclasses.replace(made, scale="prob"), SILENT).ranking:
        assert row.effect == pytest.approx(row.delta_probability)
        assert abs(row.effect) <= 1
        assert row.delta_probability == logits[row.candidate].delta_probability
    assert not read_finished(made.run).warnings


def test_a_contrast_is_the_difference_of_two_classes(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **EVERYTHING)
    effects = {}
    for target in ("green", "blue", "green - blue"):
        summary = search.run(dataclasses.replace(made, target=target), SILENT)
        effects[target] = {row.candidate: row.effect for row in summary.ranking}
    assert summary.made == 0
    assert summary.target == "green - blue"
    for id, effect in effects["green - blue"].items():
        assert effect == pytest.approx(effects["green"][id] - effects["blue"][id])
    finished = read_finished(made.run)
    assert not finished.warnings
    assert len(finished.measurements["surface"].deltas) == N_IMAGES


def test_each_images_own_class(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, algorithm="exhaustive", target="predicted")
    summary = search.run(made, SILENT)
    assert {row.target for row in summary.ranking} == {"predicted"}
    run = RunDirectory(made.run)
    scores = run.scores(search.Session(made).classifier.fingerprint)
    own = {image.image: scores[image.image].prediction for image in run.images()}
    edits = [edit for edit in run.edits().values() if edit.candidate == "surface"]
    bases = {edit.image: edit for edit in run.edits().values() if not edit.candidate}
    deltas = [
        scores[edit.edit].logit(own[edit.image]) - scores[bases[edit.image].edit].logit(own[edit.image])
        for edit in edits
    ]
    found = next(row for row in summary.ranking if row.candidate == "surface")
    assert found.effect == pytest.approx(np.mean(deltas))
    assert not read_finished(made.run).warnings


def test_every_class_from_the_same_edits(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, algorithm="exhaustive", target="all")
    summary = search.run(made, SILENT)
    run = RunDirectory(made.run)
    of_all = run.ranking_of_all()
    assert of_all is not None
    assert len(of_all) == 3 * N_NODES
    assert summary.target == "all" == run.search().target
    for label in ("red", "green", "blue"):
        block = {row.candidate: row for row in of_all if row.target == label}
        assert sorted(row.rank for row in block.values()) == list(range(1, N_NODES + 1))
        for row in summary.ranking:
            assert row.influence >= block[row.candidate].influence - 1e-9
            if row.target == label:
                assert row.effect == block[row.candidate].effect
    one = search.run(dataclasses.replace(made, target="green"), SILENT)
    assert one.made == 0
    greens = {row.candidate: row.effect for row in of_all if row.target == "green"}
    assert {row.candidate: row.effect for row in one.ranking} == greens
    assert run.ranking_of_all() is None


def test_a_tested_child_has_to_exceed_its_parent(tmp_path: Path) -> None:
    made = make_large(tmp_path, target="green", delta=0.0)
    larger = {row.candidate for row in search.run(made, SILENT).ranking if row.status == "kept"}
    tested = search.run(dataclasses.replace(made, accept="tested"), SILENT)
    assert {row.candidate for row in tested.ranking if row.status == "kept"} <= larger
