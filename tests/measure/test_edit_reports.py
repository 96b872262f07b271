"""What the rows say of edits by editors that do odd things."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pipeline import N_IMAGES, SILENT, make_corpus

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.tables import read_provenance
from diffex_cli.artifacts.writers import EditWriter
from diffex_cli.classifiers.perception import Perception
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.opened import OpenedEditor
from diffex_cli.measure import edit
from diffex_cli.measure.making import make_edits
from diffex_cli.measure.session import Session
from diffex_cli.search import search

Answer = Callable[[EditRequest, Image.Image], dict[str, Any]]


class OddEditor:
    """Answers each request as it is told to."""

    fingerprint = "odd"
    settings: Mapping[str, object] = {"editor": "odd"}

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for request in requests:
            values = {"status": "ok", "seconds": 0.01, **self._answer(request, images[request.image])}
            yield EditResult(key=request.key, **values)


def of_the_roots(session: Session) -> list[EditRequest]:
    wanted = (RECONSTRUCTION, *(root.candidate for root in session.corpus.roots))
    return session.requests((one, tuple(session.images)) for one in wanted)


def bench_of(made: Settings, answer: Answer) -> Session:
    session = Session(made)
    session.editor = OpenedEditor(OddEditor(answer), "odd:")
    return session


def lighter(picture: Image.Image, by: int) -> Image.Image:
    """Every channel lighter, or darker where it would leave the range, so that none gets to its ends."""
    pixels = np.asarray(picture, dtype=np.int16)
    return Image.fromarray(np.where(pixels < 128, pixels + by, pixels - by).astype(np.uint8))


def by_candidate(rows: Sequence[EditRow], image: str) -> dict[str, EditRow]:
    return {row.candidate: row for row in rows if row.image == image}


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_the_mask_and_what_changed_on_its_two_sides_are_kept(tmp_path: Path) -> None:
    mask = Image.new("L", (20, 16))
    mask.paste(255, (0, 0, 10, 16))

    def answer(request: EditRequest, picture: Image.Image) -> dict[str, Any]:
        result = picture.copy()
        if request.candidate.terms:
            result.paste(lighter(picture, 51).crop((0, 0, 5, 16)), (0, 0))
        return {"image": result, "mask": mask if request.candidate.id == "edge" else None}

    session = bench_of(make_corpus(tmp_path), answer)
    make_edits(session, of_the_roots(session), SILENT, "edit")
    for image in session.images:
        rows = by_candidate(list(RunDirectory(session.run.path).edits().values()), image)
        edge = rows["edge"]
        assert edge.mask_share == 0.5
        assert edge.change_inside == pytest.approx(0.1)
        assert edge.change_outside == 0
        assert edge.mean_change == pytest.approx(0.05)
        assert edge.saturated == 0
        assert (rows["shadow"].mask_share, rows["shadow"].change_inside) == (None, None)
        assert rows["shadow"].mean_change == pytest.approx(0.05)


def test_a_no_op_is_what_leaves_the_reconstruction_as_it_is(tmp_path: Path) -> None:
    def answer(request: EditRequest, picture: Image.Image) -> dict[str, Any]:
        by = {"": 40, "surface": 40, "edge": 50, "shadow": 0, "nothing": 60}[request.candidate.id]
        return {"image": lighter(picture, by)}

    session = bench_of(make_corpus(tmp_path), answer)
    requests = of_the_roots(session)
    image = next(iter(session.images))
    of_image = {request.candidate.id: request for request in requests if request.image == image}
    first = make_edits(session, [of_image["surface"], of_image["shadow"]], SILENT, "edit")
    assert [row.status for row in first] == ["ok", "no-op"]
    assert "from the input (there is no reconstruction yet) by more than 16/255" in str(first[1].reason)

    make_edits(session, session.missing(requests), SILENT, "edit")
    rest = [row for row in session.edits.values() if row.image != image]
    assert {row.candidate for row in rest if row.status == "no-op"} == {"surface", "edge"}
    assert {row.status for row in rest if row.candidate == ""} == {"ok"}
    reasons = {row.reason for row in rest if row.status == "no-op"}
    assert reasons == {"no channel of any pixel differs from the reconstruction by more than 16/255"}
    assert all(row.changed == 1 for row in rest if row.candidate == "surface")


def test_the_reconstruction_may_be_of_an_earlier_call(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    session = bench_of(made, lambda request, picture: {"image": lighter(picture, 40)})
    make_edits(session, session.requests([(RECONSTRUCTION, tuple(session.images))]), SILENT, "edit")
    later = bench_of(made, lambda request, picture: {"image": lighter(picture, 45)})
    rows = make_edits(later, later.missing(of_the_roots(later)), SILENT, "edit")
    assert {row.status for row in rows} == {"no-op"}
    assert all("from the reconstruction" in str(row.reason) for row in rows)


def test_a_black_picture_is_not_scored_as_an_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_corpus(tmp_path, max_depth=0)

    def answer(request: EditRequest, picture: Image.Image) -> dict[str, Any]:
        result = lighter(picture, 30)
        if request.candidate.id == "shadow":
            result = Image.new("RGB", picture.size)
        if request.candidate.id == "edge":
            result = picture.point(lambda value: 255 if value > 0 else 1)
        return {"image": result}

    monkeypatch.setattr(Session, "editor", OpenedEditor(OddEditor(answer), "odd:"))
    summary = edit.run(made, SILENT)
    assert (summary.failed, summary.no_ops) == (2 * N_IMAGES, 2 * N_IMAGES)
    failed = [row for row in RunDirectory(made.run).edits().values() if row.status == "failed"]
    assert {row.candidate for row in failed} == {"shadow", "edge"}
    assert all(row.file is None and row.saturated is None for row in failed)
    assert "one colour all over" in str(next(row.reason for row in failed if row.candidate == "shadow"))
    assert "more than 95% of the pixels" in str(next(row.reason for row in failed if row.candidate == "edge"))
    found = search.run(made, SILENT)
    assert {row.candidate: row.n for row in found.ranking} == {
        "shadow": 0,
        "edge": 0,
        "surface": N_IMAGES,
        "nothing": N_IMAGES,
    }
    assert (found.failed, found.made) == (2 * N_IMAGES, 0)
    assert found.failure == summary.failure


def test_what_is_finished_stays_when_the_editor_breaks(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    asked: list[str] = []

    def answer(request: EditRequest, picture: Image.Image) -> dict[str, Any]:
        if len(asked) == 9:
            raise ZeroDivisionError("the editor's own")
        asked.append(request.key)
        return {"image": lighter(picture, 30)}

    session = bench_of(made, answer)
    with pytest.raises(DiffexError, match="the editor odd: raised ZeroDivisionError: the editor's own"):
        make_edits(session, of_the_roots(session), SILENT, "edit")
    assert set(RunDirectory(made.run).edits()) == set(session.edits) == set(asked)


def test_a_picture_that_cannot_be_written_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_corpus(tmp_path)
    save, saved = RunDirectory.save_edited, []
    full = DiffexError("cannot write: no space left")

    def save_three(self: RunDirectory, picture: Image.Image) -> str:
        if len(saved) == 3:
            raise full
        saved.append(save(self, picture))
        return saved[-1]

    monkeypatch.setattr(RunDirectory, "save_edited", save_three)
    session = bench_of(made, lambda request, picture: {"image": lighter(picture, 30)})
    with pytest.raises(DiffexError) as caught:
        make_edits(session, of_the_roots(session), SILENT, "edit")
    assert caught.value is full
    assert len(RunDirectory(made.run).edits()) == 3


def test_the_editor_goes_on_while_a_picture_is_written_and_rows_follow_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_corpus(tmp_path)
    further = threading.Event()
    save, append = RunDirectory.save_edited, EditWriter.append
    on_disk: list[bool] = []

    def patient_save(self: RunDirectory, picture: Image.Image) -> str:
        assert further.wait(20), "the editor waited for the picture"
        return save(self, picture)

    def checked_append(self: EditWriter, row: EditRow) -> None:
        on_disk.append((made.run / str(row.file)).is_file())
        append(self, row)

    monkeypatch.setattr(RunDirectory, "save_edited", patient_save)
    monkeypatch.setattr(EditWriter, "append", checked_append)
    asked: list[str] = []

    def answer(request: EditRequest, picture: Image.Image) -> dict[str, Any]:
        asked.append(request.key)
        if len(asked) == 8:
            further.set()
        return {"image": lighter(picture, len(asked))}

    session = bench_of(made, answer)
    rows = make_edits(session, of_the_roots(session), SILENT, "edit")
    assert [row.edit for row in rows] == asked
    assert on_disk == [True] * len(asked)


def test_the_perceptual_distance_is_kept_and_its_network_recorded(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, perceptual="birds")
    summary = edit.run(made, SILENT)
    run = RunDirectory(made.run)
    rows = run.edits().values()
    assert all(row.perceptual == pytest.approx(0, abs=1e-6) for row in rows if row.candidate in ("", "nothing"))
    assert all(0.001 < (row.perceptual or 0) <= 4 for row in rows if row.candidate in ("surface", "edge", "shadow"))
    assert summary.perceptual is not None
    (part,) = (made.run / "edits").glob("*.parquet")
    settings = read_provenance(part)["merged"][0]["settings"]
    assert settings["perceptual"]["model"] == "probe"


def test_a_network_that_cannot_be_loaded_ends_the_run_before_the_first_edit(tmp_path: Path) -> None:
    (tmp_path / "network").mkdir()
    asked: list[str] = []

    def answer(request: EditRequest, picture: Image.Image) -> dict[str, Any]:
        asked.append(request.key)
        return {"image": picture}

    session = bench_of(make_corpus(tmp_path, perceptual=str(tmp_path / "network")), answer)
    with pytest.raises(UsageError, match="--perceptual none"):
        make_edits(session, session.requests([(RECONSTRUCTION, tuple(session.images))]), SILENT, "edit")
    assert asked == []


def test_a_network_that_breaks_on_the_way_costs_no_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*args: object, **kwargs: object) -> float:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Perception, "distance", break_down)
    notes = Notes()
    made = make_corpus(tmp_path, perceptual="birds")
    summary = edit.run(made, notes)
    assert (summary.made, summary.failed, summary.perceptual) == (summary.needed, 0, None)
    assert notes.notes == ["no perceptual distances from here on: out of memory"]
