"""A search that a cheaper editor screens for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pipeline import N_IMAGES, N_NODES, N_ROOTS, SILENT, ask_until_done, make_corpus, settings, texts
from typer.testing import CliRunner

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import Backend
from diffex_cli.commands import completion
from diffex_cli.commands.main import app
from diffex_cli.core import registry
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.registry import Spec
from diffex_cli.core.settings import DECLARATIONS, Settings
from diffex_cli.corpus import corpus
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.tint import TintEditor
from diffex_cli.measure import edit, score
from diffex_cli.report import report
from diffex_cli.report.explaining import explain
from diffex_cli.report.finished import read_finished
from diffex_cli.search import search

SCREEN = "tint::strength=0.2"
WANTED: dict[str, Any] = {"target": "green", "beam": 1, "screen": SCREEN}


def fingerprint(made: Settings, spec: str) -> str:
    return search.Session(dataclasses.replace(made, editor=spec, screen="none")).editor_fingerprint


def by_editor(made: Settings) -> tuple[set[str], set[str]]:
    """The candidates that the screening editor edited, and those that the real one did."""
    run = RunDirectory(made.run)
    cheap, real = (run.edits(fingerprint(made, spec)) for spec in (SCREEN, "tint:"))
    return {row.candidate for row in cheap.values()}, {row.candidate for row in real.values()}


def test_the_real_editor_looks_at_what_is_left_and_at_nothing_else(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED)
    summary = search.run(made, SILENT)
    screening = RunDirectory(made.run).search().screening
    cheap, real = by_editor(made)
    assert screening.editor == Backend(SCREEN, fingerprint(made, SCREEN))
    assert cheap == {"", *(one.candidate for one in screening.candidates)}
    survivors = {one.candidate for one in screening.candidates if one.survived}
    assert real - {""} == {row.candidate for row in summary.ranking} <= survivors < cheap
    assert "nothing" in survivors
    for one in screening.candidates:
        assert one.reason
        assert (one.n, one.images) == (N_IMAGES, N_IMAGES)
        assert one.survived or not one.expanded
    assert summary.screening is not None
    assert summary.screening.edits == screening.edits == len(cheap) * N_IMAGES
    assert summary.edits == summary.made == (len(cheap) + len(real)) * N_IMAGES
    assert summary.screening.screened == len(cheap) - 1
    assert summary.screening.left_out == len(cheap) - 1 - len(survivors)
    assert f"{summary.screening.left_out} of the {summary.screening.screened}" in summary.screening.sentence


def test_the_figures_are_the_real_editors_and_count_all_that_was_screened(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED)
    plain = {row.candidate: row for row in search.run(dataclasses.replace(made, screen="none"), SILENT).ranking}
    assert RunDirectory(made.run).search().screening is None
    summary = search.run(made, SILENT)
    assert len(summary.ranking) < len(plain)
    for row in summary.ranking:
        assert (row.effect, row.n, row.group) == (plain[row.candidate].effect, N_IMAGES, plain[row.candidate].group)
        assert (row.p_value, row.effect_original) == (
            plain[row.candidate].p_value,
            plain[row.candidate].effect_original,
        )
    assert summary.screening is not None
    assert summary.verdict.corrected_for == summary.screening.screened
    best = next(row for row in summary.ranking if row.status == "kept")
    assert best.p_value is not None
    assert best.p_corrected == pytest.approx(min(1.0, best.p_value * summary.screening.screened))
    assert summary.verdict.floor.source == "placebos"
    finished = read_finished(made.run)
    assert finished.search.editor.spec == "tint:"
    assert not finished.warnings


def test_it_is_finished_the_second_time_and_can_be_turned_off(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED)
    first = search.run(made, SILENT)
    recorded = RunDirectory(made.run).recorded()
    assert recorded["stages"]["search"]["settings"]["editor"] == "tint:"
    assert recorded["settings"]["screen"] == SCREEN
    again = search.run(made, SILENT)
    assert (again.made, again.up_to_date, again.edits) == (0, True, first.edits)
    assert RunDirectory(made.run).recorded() == recorded
    off = search.run(dataclasses.replace(made, screen="none"), SILENT)
    assert not off.up_to_date
    assert off.screening is None


class Impatient(SilentProgress):
    """Interrupts after so many edits."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def advance(self, task: str, by: int = 1) -> None:
        self.patience -= task == "edit"
        if self.patience < 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("patience", [3, 17, 20, 26])
def test_an_interrupted_screening_goes_on(tmp_path: Path, patience: int) -> None:
    for name in ("whole", "torn"):
        (tmp_path / name).mkdir()
    whole = search.run(make_corpus(tmp_path / "whole", **WANTED, joint=2, holdout="on"), SILENT)
    made = make_corpus(tmp_path / "torn", **WANTED, joint=2, holdout="on")
    with pytest.raises(KeyboardInterrupt):
        search.run(made, Impatient(patience))
    resumed = search.run(made, SILENT)
    assert texts(resumed.ranking) == texts(whole.ranking)
    assert resumed.edits == whole.edits > resumed.made > 0


def test_an_editor_that_screens_for_itself_costs_nothing(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", beam=2)
    plain = search.run(made, SILENT)
    screened = search.run(dataclasses.replace(made, screen="tint:"), SILENT)
    assert (screened.made, screened.edits) == (0, plain.edits)
    kept = [[row.candidate for row in one.ranking if row.status == "kept"] for one in (plain, screened)]
    assert kept[0] == kept[1]


def test_the_loop_in_a_shell_asks_for_both(tmp_path: Path) -> None:
    for name in ("one", "loop"):
        (tmp_path / name).mkdir()
    once = search.run(make_corpus(tmp_path / "one", **WANTED), SILENT)
    made = make_corpus(tmp_path / "loop", **WANTED)
    asked = []

    def editing() -> None:
        asked.append({row.editor for row in RunDirectory(made.run).requests()})
        assert edit.plan(made, requests=True).to_do > 0
        edit.run(made, SILENT, requests=True)

    looped = ask_until_done(made, editing)
    assert texts(looped.ranking) == texts(once.ranking)
    assert [set.union(*asked), len(asked[0]), asked[0], asked[-1]] == [
        {fingerprint(made, SCREEN), fingerprint(made, "tint:")},
        1,
        {fingerprint(made, SCREEN)},
        {fingerprint(made, "tint:")},
    ]
    plan = score.plan(made)
    assert (plan.needed, plan.to_do) == (N_IMAGES + looped.edits, 0)
    other = dataclasses.replace(made, screen="none", editor="tint::strength=0.9")
    with pytest.raises(UsageError, match="by another editor"):
        edit.run(other, SILENT, requests=True)


def test_the_pictures_of_both_editors_are_scored(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED)
    with pytest.raises(IncompleteError, match="25 edits"):
        search.run(made, SILENT, fill=False)
    edit.run(made, SILENT, requests=True)
    edit.run(made, SILENT)
    assert score.run(made, SILENT).scored == N_IMAGES + 2 * N_IMAGES * (1 + N_ROOTS)


class Preset(TintEditor):
    """An editor whose ``preset=fast`` stands for a weaker tint; what is given itself goes first."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        weaker = {"strength": "0.2"} if spec.options.get("preset") == "fast" else {}
        own = {key: value for key, value in spec.options.items() if key != "preset"}
        super().__init__(dataclasses.replace(spec, options=weaker | own), device)


def test_fast_is_the_same_editor_with_its_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = registry.find
    monkeypatch.setattr(registry, "find", lambda group, name: Preset if name == "preset" else find(group, name))
    made = make_corpus(tmp_path, target="green", beam=1, editor="preset::preset=fine,delay=0", screen="fast")
    search.run(made, SILENT)
    trace = RunDirectory(made.run).search()
    assert trace.screening.editor.spec == "preset::preset=fast,delay=0"
    assert trace.screening.editor.fingerprint == fingerprint(made, SCREEN)
    with pytest.raises(UsageError, match=r"fast changes nothing about the editor preset::strength=0.3, whose own"):
        search.run(dataclasses.replace(made, editor="preset::strength=0.3"), SILENT)


def test_what_cannot_be_screened(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, screen="fast")
    with pytest.raises(
        UsageError, match=r"--screen fast: the editor tint: cannot be given preset=fast .*--screen SPEC"
    ):
        search.run(made, SILENT)
    with pytest.raises(UsageError, match="there is no editor 'tnt'"):
        search.run(settings(tmp_path, screen="tnt:"), SILENT)
    with pytest.raises(UsageError, match=r"--algorithm exhaustive .* --screen"):
        search.run(settings(tmp_path, screen=SCREEN, algorithm="exhaustive"), SILENT)


def test_it_races_in_the_screening(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED, racing=True)
    summary = search.run(made, SILENT)
    screening = RunDirectory(made.run).search().screening
    assert any(one.images < N_IMAGES for one in screening.candidates)
    assert all(row.n == N_IMAGES for row in summary.ranking if row.status == "kept")
    assert summary.edits < 2 * N_IMAGES * (1 + N_NODES)


@pytest.mark.parametrize("max_edits", [38, 50, 90])
def test_a_budget_is_for_both(tmp_path: Path, max_edits: int) -> None:
    made = make_corpus(tmp_path, **WANTED, max_edits=max_edits, joint=2, holdout="on")
    summary = search.run(made, SILENT)
    assert summary.screening is not None
    assert summary.screening.edits <= max_edits // 2
    assert summary.made == summary.edits <= max_edits
    assert search.run(made, SILENT).up_to_date


def test_a_budget_that_is_too_small_says_how_much_both_need(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED, max_edits=9)
    with pytest.raises(UsageError, match=r"both by two editors: give at least (\d+)") as caught:
        search.run(made, SILENT)
    least = int(str(caught.value).split("at least ")[1].split(",")[0])
    assert search.run(dataclasses.replace(made, max_edits=least), SILENT).edits <= least


def test_a_dry_run_expects_both(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED)
    plan = search.plan(made)
    assert (plan.needed, plan.to_do) == ((1 + N_ROOTS) * N_IMAGES,) * 2
    assert plan.to_do_at_most == 2 * (1 + N_NODES) * N_IMAGES
    alone = search.plan(dataclasses.replace(made, screen="none"))
    assert plan.screening == alone.expected
    assert plan.expected is not None
    assert plan.screening is not None
    assert plan.screening < plan.expected < 2 * plan.screening
    assert plan.seconds_per_edit is None
    summary = search.run(made, SILENT)
    after = search.plan(made)
    assert summary.screening is not None
    assert after.to_do == 0
    assert after.to_do_at_most == plan.to_do_at_most - summary.edits
    assert after.seconds_at_most is not None
    limited = search.plan(dataclasses.replace(made, max_edits=30))
    assert (limited.needed, limited.expected) == (1 + N_ROOTS, 30)
    assert limited.screening == 15


def test_what_was_left_out_is_explained(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED)
    search.run(made, SILENT)
    screening = RunDirectory(made.run).search().screening
    gone = next(one for one in screening.candidates if not one.survived)
    text = explain(made.run, gone.name).text
    assert text.startswith(f"{gone.name!r} was left out by the screening with {SCREEN}, in whose edits it changes")
    assert text.endswith(f"on {N_IMAGES} images: {gone.reason}. The editor tint: was not asked for it.")
    below = {"surface": "surface/smooth", "edge": "edge/sharp"}
    stopped = next(one for one in screening.candidates if one.candidate in below and not one.expanded)
    assert explain(made.run, below[stopped.candidate]).text.endswith(
        f"The screening did not go below {stopped.candidate!r}: {stopped.reason}."
    )
    assert explain(made.run, "nothing").text.startswith("'nothing' changes 'green' by 0.00 ")


def test_when_nothing_is_left_that_is_the_answer(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED | {"delta": 50.0})
    summary = search.run(made, SILENT)
    assert [row.candidate for row in summary.ranking] == ["nothing"]
    assert summary.passed == ()
    assert summary.verdict.corrected_for == N_ROOTS

    (tmp_path / "hierarchy.yaml").write_text("schema: diffex.corpus/1\ndomain: shapes\nnodes: [{name: a}, {name: b}]\n")
    bare = settings(tmp_path, **WANTED | {"delta": 50.0, "run": tmp_path / "bare"})
    corpus.run(bare, SILENT)
    empty = search.run(bare, SILENT)
    assert (empty.ranking, empty.best, empty.levels) == ((), None, 0)
    assert empty.verdict.corrected_for == 2
    assert search.run(bare, SILENT).up_to_date
    report.run(bare, SILENT)


def test_what_it_cannot_edit_it_does_not_leave_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_corpus(tmp_path, **WANTED)
    cheap = fingerprint(made, SCREEN)
    whole = TintEditor.edit

    def failing(
        self: TintEditor, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for result, request in zip(whole(self, images, requests, seed), requests, strict=True):
            broken = self.fingerprint == cheap and request.candidate.id == "edge"
            yield EditResult(request.key, "failed", None, 0.0, "no edge") if broken else result

    monkeypatch.setattr(TintEditor, "edit", failing)
    summary = search.run(made, SILENT)
    assert "edge" in {row.candidate for row in summary.ranking}
    assert summary.failed == N_IMAGES


def test_every_class_can_be_screened(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, **WANTED | {"target": "all"})
    summary = search.run(made, SILENT)
    of_all = RunDirectory(made.run).ranking_of_all()
    assert summary.screening is not None
    assert of_all is not None
    assert len(of_all) == 3 * len(summary.ranking)
    assert summary.verdict.corrected_for == 3 * summary.screening.screened


def test_another_kind_of_editor_can_screen(tmp_path: Path) -> None:
    values: dict[str, Any] = {"domain": "birds", "corpus_file": None, "images": None, "n_images": 4, "delta": 0.01}
    values |= {"groups": "words"}
    made = settings(tmp_path, **values, editor="render:birds", screen="tint:", target="green")
    corpus.run(made, SILENT)
    summary = search.run(made, SILENT)
    run = RunDirectory(made.run)
    renderer = run.edits(fingerprint(made, "render:birds"))
    assert {row.candidate for row in renderer.values()} == {"", *(row.candidate for row in summary.ranking)}
    assert len(run.edits(fingerprint(made, "tint:"))) > len(renderer)
    assert {row.status for row in renderer.values()} <= {"ok", "no-op"}
    placebos = {row.candidate for row in summary.ranking if row.placebo}
    assert "accessories" in placebos
    assert summary.verdict.floor.source == "placebos"


def test_the_commands_tell_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = make_corpus(tmp_path)
    given = ["search", "--run", str(made.run), "--target", "green", "--beam", "1", "--screen", SCREEN]

    def told(*further: str) -> str:
        result = CliRunner().invoke(app, [*given, *further])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "edits to do, 0 of 25 cached" in told("--dry-run")
    assert " of them for the screening." in told("--dry-run")
    sentence = f"Screened with {SCREEN}: "
    assert sentence in told()
    screening = json.loads(told("--json"))["screening"]
    assert set(screening) == {"editor", "edits", "screened", "left_out"}
    assert json.loads(told("--json", "--screen", "none"))["screening"] is None
    assert sentence not in told("--screen", "none")


@pytest.mark.parametrize("text", ["none", "fast", "tint::strength=0.1"])
def test_what_can_screen(text: str) -> None:
    assert DECLARATIONS["screen"].parse(text) == text
    assert completion.screens(text[:4])


@pytest.mark.parametrize("raw", ["", ":", "tint:strength=", False])
def test_what_cannot(raw: object) -> None:
    with pytest.raises(ValueError, match=r"must|spec"):
        DECLARATIONS["screen"].parse(raw)
