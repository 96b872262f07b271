from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pipeline import N_IMAGES, SILENT, ask_until_done, make_corpus, settings, texts

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.measure import edit, score
from diffex_cli.search import search


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_effects_are_those_of_the_pictures(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", algorithm="exhaustive")
    notes = Notes()
    summary = search.run(made, notes)
    run = RunDirectory(made.run)
    assert run.ranking() == summary.ranking
    assert len(notes.notes) == summary.levels == 3
    originals = {image.image: np.asarray(run.picture(image)) for image in run.images()}
    for row in summary.ranking:
        rows = [edit for edit in run.edits().values() if edit.candidate == row.candidate]
        greens = [np.asarray(run.edited_picture(edit))[..., 1].mean() for edit in rows]
        before = [originals[edit.image][..., 1].mean() for edit in rows]
        expected = float(np.mean(np.subtract(greens, before)) / 25.5)
        assert row.effect == pytest.approx(expected, abs=1e-6)  # logits are kept in float32
        assert row.effect_original == pytest.approx(expected, abs=1e-6)
        assert row.influence == abs(row.effect)
        assert row.n == N_IMAGES
        assert row.low <= row.effect <= row.high
    placebo = next(row for row in summary.ranking if row.placebo)
    assert (placebo.candidate, placebo.effect, placebo.status) == ("nothing", 0.0, "dropped")
    assert [row.rank for row in summary.ranking] == list(range(1, 10))
    assert summary.best == summary.ranking[0].candidate


def test_the_trace(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    summary = search.run(made, SILENT)
    trace = RunDirectory(made.run).search()
    assert trace.target == summary.target
    assert (trace.beam, trace.delta, trace.algorithm) == (2, 0.05, "beam")
    assert trace.editor.spec == "tint:"
    assert trace.provenance["settings"]["beam"] == 2
    traced = {one.candidate: one for level in trace.levels for one in level.candidates}
    assert {row.candidate: row.effect for row in summary.ranking} == {id: one.effect for id, one in traced.items()}
    assert traced["surface"].parent is None


def test_a_second_time_it_does_nothing(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    first = search.run(made, SILENT)
    assert not first.up_to_date
    files = {path: path.stat().st_mtime_ns for path in made.run.rglob("*") if path.suffix}
    second = search.run(made, SILENT)
    assert second.up_to_date
    assert second.made == 0
    assert second.edits == first.edits
    assert {path: path.stat().st_mtime_ns for path in made.run.rglob("*") if path.suffix} == files


def test_another_threshold_needs_no_new_edit(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, algorithm="exhaustive")
    search.run(made, SILENT)
    again = search.run(settings(tmp_path, delta=3.0), SILENT)
    assert again.made == 0
    assert not again.up_to_date


def test_the_loop_in_a_shell_finds_the_same(tmp_path: Path) -> None:
    for name in ("one", "loop"):
        (tmp_path / name).mkdir()
    once = search.run(make_corpus(tmp_path / "one"), SILENT)
    looped = ask_until_done(make_corpus(tmp_path / "loop"))
    assert looped.levels > 1
    assert texts(looped.ranking) == texts(once.ranking)
    assert looped.made == 0


def test_without_filling_it_says_what_is_missing(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    sentence = r"25 edits and the scores of 5 pictures are missing: run `diffex edit --requests`, then `diffex score`"
    with pytest.raises(IncompleteError, match=sentence):
        search.run(made, SILENT, fill=False)
    requests = RunDirectory(made.run).requests()
    assert len(requests) == 25
    assert all((made.run / request.file).is_file() for request in requests)
    assert not (made.run / "ranking.parquet").exists()


def test_nobody_is_sent_to_an_editor_that_diffex_cannot_run(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, editor="external:recolor")
    sentence = r"have 'recolor' make those in requests.parquet, then run `diffex score`, then this again$"
    with pytest.raises(IncompleteError, match=sentence):
        search.run(made, SILENT, fill=False)
    (tmp_path / "retouched").mkdir()
    Image.new("RGB", (20, 16)).save(tmp_path / "retouched" / "0123456789abcdef__edge.png")
    folder = settings(tmp_path, editor=f"folder:{tmp_path / 'retouched'}")
    sentence = r"put those in requests.parquet into .*retouched, then run this again without --no-fill$"
    with pytest.raises(IncompleteError, match=sentence):
        search.run(folder, SILENT, fill=False)


def test_when_only_scores_are_missing_no_edit_is_advised(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(IncompleteError):
        search.run(made, SILENT, fill=False)
    edit.run(made, SILENT, requests=True)
    with pytest.raises(
        IncompleteError, match=r"^the scores of \d+ pictures are missing: run `diffex score`, then this"
    ):
        search.run(made, SILENT, fill=False)


def test_without_filling_a_target_is_remembered_once_it_is_known_to_exist(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    run = RunDirectory(made.run)
    with pytest.raises(IncompleteError):
        search.run(settings(tmp_path, target="green"), SILENT, fill=False)
    assert "target" not in run.recorded()["settings"]  # no class is known yet
    score.run(made, SILENT)
    with pytest.raises(UsageError, match="no class 'gren'"):
        search.run(settings(tmp_path, target="gren"), SILENT, fill=False)
    assert "target" not in run.recorded()["settings"]
    with pytest.raises(IncompleteError):
        search.run(settings(tmp_path, target="green"), SILENT, fill=False)
    assert run.recorded()["settings"]["target"] == "green"


def test_the_target_is_the_class_predicted_most_often(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    score.run(made, SILENT)
    run = RunDirectory(made.run)
    predictions = [row.prediction for row in run.scores(search.Session(made).classifier.fingerprint).values()]
    summary = search.run(made, SILENT)
    assert predictions.count(summary.target) == max(map(predictions.count, predictions))
    assert {row.target for row in summary.ranking} == {summary.target}


def test_an_unknown_target_lists_the_classes_and_is_not_remembered(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    with pytest.raises(
        UsageError, match=r"no class 'gren' \(did you mean 'green'\?\); --target can be: red, green, blue"
    ):
        search.run(settings(tmp_path, target="gren"), SILENT)
    run = RunDirectory(tmp_path / "run")
    assert "target" not in run.recorded()["settings"]
    search.run(settings(tmp_path, target="green"), SILENT)
    assert run.recorded()["settings"]["target"] == "green"
    assert run.recorded()["stages"]["search"]["settings"]["target"] == "green"


def test_a_torn_ranking_is_made_again(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    ranking = search.run(made, SILENT).ranking
    file = made.run / "ranking.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    again = search.run(made, SILENT)
    assert (again.made, again.up_to_date) == (0, False)
    assert RunDirectory(made.run).ranking() == ranking
