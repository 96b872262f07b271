from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pipeline import N_IMAGES, N_NODES, N_ROOTS, SILENT, make_corpus, settings

from diffex_cli.artifacts.lock import RunLock
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import DiffexError, IncompleteError, UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.progress import SilentProgress
from diffex_cli.editors.tint import TintEditor
from diffex_cli.measure import edit
from diffex_cli.search import search

AT_THE_ROOTS = N_IMAGES * (N_ROOTS + 1)


class Interrupting(SilentProgress):
    """Ctrl-C after some edits."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, task: str, n: int = 1) -> None:
        self.left -= n
        if self.left == 0:
            raise KeyboardInterrupt


def test_the_root_level(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    summary = edit.run(made, SILENT)
    assert (summary.needed, summary.cached, summary.made) == (AT_THE_ROOTS, 0, AT_THE_ROOTS)
    run = RunDirectory(made.run)
    rows = run.edits().values()
    assert {row.candidate for row in rows} == {"", "surface", "edge", "shadow", "nothing"}
    assert {row.candidate for row in rows if row.status == "no-op"} == {"nothing"}
    reconstructions = [row for row in rows if row.candidate == ""]
    assert all(row.status == "ok" and row.changed == row.mean_change == 0 for row in reconstructions)
    assert all(0 < row.changed <= 1 and 0 < row.mean_change < 1 for row in rows if row.candidate == "shadow")
    assert len(list((made.run / "edits").glob("*.parquet"))) == 1


def test_a_second_time_it_does_nothing(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    edit.run(made, SILENT)
    summary = edit.run(made, SILENT)
    assert (summary.cached, summary.made, summary.seconds_per_edit) == (AT_THE_ROOTS, 0, None)


def test_settings_of_other_stages_make_no_new_edits(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    edit.run(settings(tmp_path), SILENT)
    others = settings(tmp_path, delta=9.0, beam=1, classifier="python:other:f", target="x", editor="tint::delay=0.001")
    assert edit.plan(others).to_do == 0
    assert edit.plan(settings(tmp_path, editor="tint::strength=0.9")).to_do == AT_THE_ROOTS
    assert edit.plan(settings(tmp_path, seed=1)).to_do == AT_THE_ROOTS


def test_an_interrupt_keeps_what_is_finished(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        edit.run(made, Interrupting(after=7))
    assert len(RunDirectory(made.run).edits()) == 7
    summary = edit.run(made, SILENT)
    assert (summary.cached, summary.made) == (7, AT_THE_ROOTS - 7)


def test_what_is_broken_is_made_again(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        edit.run(made, Interrupting(after=20))
    run = RunDirectory(made.run)
    first, second = sorted((made.run / "edits").glob("*.parquet"))
    second.write_bytes(second.read_bytes()[:-10])
    lost = next(row for row in run.edits().values() if row.candidate == "shadow")
    (made.run / str(lost.file)).write_bytes(b"")
    summary = edit.run(made, SILENT)
    assert summary.cached == 15
    assert any(str(second) in sentence for sentence in summary.warnings)
    assert any("missing or broken" in sentence for sentence in summary.warnings)
    assert len(RunDirectory(made.run).edits()) == AT_THE_ROOTS
    assert not first.exists()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with RunLock(made.run, "diffex search"), pytest.raises(DiffexError, match="in use by `diffex search`"):
        edit.run(made, SILENT)


def test_no_corpus_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(IncompleteError, match="run `diffex corpus` first"):
        edit.run(settings(tmp_path), SILENT)
    with pytest.raises(IncompleteError, match="run `diffex corpus` first"):
        edit.plan(settings(tmp_path))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (Image.new("RGB", (3, 3)), "3x3 pixels for 20x16"),
        (Image.new("F", (20, 16), float("nan")), "not finite"),
        (None, "no picture"),
    ],
)
def test_what_cannot_be_an_edit_is_a_failed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Image.Image | None, reason: str
) -> None:
    made = make_corpus(tmp_path)
    tint = TintEditor._tint

    def break_shadows(self: TintEditor, original: Image.Image, candidate: Candidate) -> Image.Image | None:
        return picture if candidate.id == "shadow" else tint(self, original, candidate)

    monkeypatch.setattr(TintEditor, "_tint", break_shadows)
    assert edit.run(made, SILENT).failed == N_IMAGES
    failed = [row for row in RunDirectory(made.run).edits().values() if row.status == "failed"]
    assert {row.candidate for row in failed} == {"shadow"}
    assert all(reason in str(row.reason) and row.file is None for row in failed)
    assert edit.run(made, SILENT).made == 0
    summary = search.run(made, SILENT)
    (shadow,) = [row for row in summary.ranking if row.candidate == "shadow"]
    assert (shadow.n, shadow.status, shadow.rank) == (0, "dropped", len(summary.ranking))


def test_an_editor_that_leaves_edits_undone_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_corpus(tmp_path)
    complete = TintEditor.edit

    def leave_two(self: TintEditor, images: object, requests: list[object], seed: int) -> Iterator[object]:
        yield from complete(self, images, requests[:-2], seed)  # type: ignore[arg-type]

    monkeypatch.setattr(TintEditor, "edit", leave_two)
    with pytest.raises(DiffexError, match=f"left 2 of {AT_THE_ROOTS} edits undone"):
        edit.run(made, SILENT)
    assert len(RunDirectory(made.run).edits()) == AT_THE_ROOTS - 2

    def answer_twice(self: TintEditor, images: object, requests: list[object], seed: int) -> Iterator[object]:
        yield from complete(self, images, [requests[0]] * 2, seed)  # type: ignore[arg-type, list-item]

    monkeypatch.setattr(TintEditor, "edit", answer_twice)
    with pytest.raises(DiffexError, match="a request that is not open"):
        edit.run(made, SILENT)


def test_requests_of_other_settings_are_refused(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(IncompleteError, match="run `diffex search --no-fill` first"):
        edit.run(made, SILENT, requests=True)
    with pytest.raises(IncompleteError):
        search.run(made, SILENT, fill=False)
    with pytest.raises(UsageError, match=r"requests\.parquet asks for edits by another editor"):
        edit.run(settings(tmp_path, seed=1), SILENT, requests=True)
    assert edit.plan(made, requests=True).to_do == AT_THE_ROOTS


def test_a_plan_knows_the_rate_that_was_measured(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, editor="tint::delay=0.002")
    plan = edit.plan(made)
    assert (plan.unit, plan.needed, plan.cached, plan.to_do) == ("edits", AT_THE_ROOTS, 0, AT_THE_ROOTS)
    assert plan.seconds_per_edit is plan.seconds is None
    edit.run(made, SILENT)
    assert edit.plan(made).seconds == 0
    there = search.plan(made)
    assert (there.to_do, there.to_do_at_most) == (0, N_IMAGES * (N_NODES - N_ROOTS))
    assert there.seconds_at_most == pytest.approx(there.to_do_at_most * (there.seconds_per_edit or 0))
    assert search.plan(settings(tmp_path, max_depth=0)).to_do_at_most == 0
    (tmp_path / "other").mkdir()
    elsewhere = edit.plan(make_corpus(tmp_path / "other"))
    assert elsewhere.seconds_per_edit == pytest.approx(there.seconds_per_edit)
    assert elsewhere.seconds_per_edit is not None
    assert elsewhere.seconds_per_edit >= 0.002


def test_a_cache_that_cannot_be_used_is_no_error(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_corpus(tmp_path)
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "hierarchy.yaml"))
    assert edit.run(made, SILENT).made == AT_THE_ROOTS
    (own_cache / "rates.json").write_text("[]")
    monkeypatch.setenv("DIFFEX_CACHE", str(own_cache))
    assert edit.plan(settings(tmp_path, editor="tint::strength=0.1")).seconds is None
