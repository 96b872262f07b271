from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from asked_regions import CREST, TAIL, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.run import input_row
from diffex_cli.birds import samples
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.editors.base import EditRequest, EditResult, failed
from diffex_cli.editors.opened import OpenedEditor
from diffex_cli.editors.regions.base import region_images
from diffex_cli.editors.regions.bounded import BoundedEditor
from diffex_cli.editors.regions.bounds import Bounds

BOX = (30, 20, 90, 70)
INSIDE = np.s_[20:70, 30:90]
NOTHING = Candidate((Term("nothing", "keep the image unchanged"),))


class Redrawing:
    """Redraws the whole picture at each edit, as instruction-followers do: noise of its own all over, but for what it
    is told to keep; last of all the reconstruction, which has losses of its own."""

    def __init__(self, keeps: tuple[slice, slice] | None = None, breaks: tuple[str, ...] = ()) -> None:
        self._keeps, self._breaks = keeps, breaks
        self.settings: Mapping[str, object] = {"editor": "redrawing"}
        self.fingerprint = "redrawing"
        self.asked: list[str] = []

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for request in sorted(requests, key=lambda one: not one.candidate.terms):
            self.asked.append(request.candidate.id)
            if request.candidate.id in self._breaks:
                yield failed(request.key, "it broke")
                continue
            base = np.asarray(images[request.image]) // 2 + 40
            made = np.random.default_rng(len(self.asked)).integers(0, 256, base.shape, dtype=np.uint8)
            if not request.candidate.terms:
                made = base.astype(np.uint8)
            elif self._keeps is not None:
                made[self._keeps] = base[self._keeps]
            yield EditResult(request.key, "ok", Image.fromarray(made), 0.5)


class Kept:
    """What was made before, by candidate id."""

    def __init__(self, **pictures: Image.Image) -> None:
        self._pictures = pictures

    def find(self, image: str, candidate: Candidate) -> EditRow | None:
        name = candidate.id or "reconstruction"
        if name not in self._pictures:
            return None
        return EditRow(name, image, candidate.id, "redrawing", 0, name, "ok", None, 0.0, 0.0, 2.5)

    def open(self, row: EditRow) -> Image.Image:
        return self._pictures[row.edit]


PICTURES = {input_row(picture, name, None).image: picture for name, picture in list(samples.pictures().items())[:4]}
ROWS = tuple(input_row(picture, f"{n}.png", None) for n, picture in enumerate(PICTURES.values()))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    box = ",".join(map(str, BOX))
    Path("box.csv").write_text("image,x0,y0,x1,y1\n" + "".join(f"{n},{box}\n" for n in range(len(PICTURES))))


def bounded(own: Redrawing, before: Kept | None = None, feather: int | None = None) -> BoundedEditor:
    bounds = Bounds(opened("boxes:box.csv"), None, feather)
    shown = region_images(ROWS, PICTURES.__getitem__)
    return BoundedEditor(OpenedEditor(own, "redrawing:"), bounds, lambda: shown, before or Kept())


def requests(*candidates: Candidate) -> list[EditRequest]:
    return [EditRequest(f"{key} {one.id}", key, one) for key in PICTURES for one in candidates]


def pixels(result: EditResult) -> np.ndarray:
    assert result.status == "ok", result.reason
    assert result.image is not None
    return np.asarray(result.image).astype(int)


def made(editor: BoundedEditor, *candidates: Candidate) -> dict[str, EditResult]:
    asked = requests(*candidates)
    found = {result.key: result for result in editor.edit(PICTURES, asked, 0)}
    assert sorted(found) == sorted(request.key for request in asked)
    return found


def test_outside_its_region_an_edit_is_the_reconstruction() -> None:
    found = made(bounded(Redrawing()), CREST.candidate, RECONSTRUCTION, TAIL.candidate)
    for key in PICTURES:
        base, edit, mask = pixels(found[f"{key} "]), pixels(found[f"{key} {CREST.id}"]), found[f"{key} {CREST.id}"].mask
        different = (base != edit).any(axis=2)
        inside = np.zeros_like(different)
        inside[INSIDE] = True
        assert not different[~inside].any()
        assert different[inside].mean() > 0.9
        assert mask is not None
        assert (np.asarray(mask) == inside * 255).all()
        assert found[f"{key} "].mask is None


def test_the_classifier_s_score_of_an_identity_edit_does_not_move() -> None:
    """An edit that changes nothing within its region is the reconstruction, whatever it did elsewhere."""
    classifier = open_classifier("birds:species")
    own = Redrawing(keeps=INSIDE)
    found = made(bounded(own), RECONSTRUCTION, NOTHING)
    bases, edits = (
        [result.image for key in PICTURES if (result := found[f"{key} {name}"]).image is not None]
        for name in ("", "nothing")
    )
    assert (classifier.logits(bases) == classifier.logits(edits)).all()
    raw = [result.image for result in own.edit(PICTURES, requests(NOTHING), 0) if result.image is not None]
    assert np.abs(classifier.logits(bases) - classifier.logits(raw)).max(axis=1).min() > 1


def test_an_edit_fades_into_the_reconstruction() -> None:
    key = next(iter(PICTURES))

    def share(feather: int) -> np.ndarray:
        found = made(bounded(Redrawing(), feather=feather), RECONSTRUCTION, CREST.candidate)
        base, edit = pixels(found[f"{key} "]), pixels(found[f"{key} {CREST.id}"])
        return np.abs(base - edit)[INSIDE].sum(axis=2)[20:30].mean(axis=0)

    sharp, soft = share(0), share(10)
    assert soft[0] < soft[4] < soft[9]
    assert soft[0] < 0.3 * sharp[0]
    assert np.allclose(soft[10:50], sharp[10:50])


def test_the_reconstruction_may_be_there_already() -> None:
    base = Image.new("RGB", (128, 128), (1, 2, 3))
    own = Redrawing()
    found = made(bounded(own, Kept(reconstruction=base)), CREST.candidate)
    assert own.asked == [CREST.id] * len(PICTURES)
    assert all((pixels(result)[:20] == (1, 2, 3)).all() for result in found.values())


def test_a_reconstruction_that_nobody_asked_for_is_made_and_kept_back() -> None:
    own = Redrawing()
    found = made(bounded(own), CREST.candidate)
    assert own.asked.count("") == len(PICTURES)
    assert all(result.status == "ok" for result in found.values())


def test_what_was_made_without_bounds_is_not_made_again() -> None:
    base, edit = Image.new("RGB", (128, 128), (1, 2, 3)), Image.new("RGB", (128, 128), (200, 200, 200))
    own = Redrawing()
    before = Kept(**{"reconstruction": base, CREST.id: edit})
    found = made(bounded(own, before), RECONSTRUCTION, CREST.candidate)
    assert own.asked == []
    for key in PICTURES:
        assert (pixels(found[f"{key} "]) == (1, 2, 3)).all()
        assert (pixels(found[f"{key} {CREST.id}"])[40, 60] == 200).all()
        assert (pixels(found[f"{key} {CREST.id}"])[19, 60] == (1, 2, 3)).all()
        assert found[f"{key} {CREST.id}"].seconds == 2.5


def test_without_a_reconstruction_an_edit_fails_with_its_reason() -> None:
    found = made(bounded(Redrawing(breaks=("",))), RECONSTRUCTION, CREST.candidate)
    for key in PICTURES:
        assert found[f"{key} "].reason == "it broke"
        assert found[f"{key} {CREST.id}"].reason == "the reconstruction, which it is laid into, failed: it broke"
    found = made(bounded(Redrawing(breaks=(CREST.id,))), RECONSTRUCTION, CREST.candidate, TAIL.candidate)
    assert {result.status for key, result in found.items() if CREST.id in key} == {"failed"}
    assert {result.status for key, result in found.items() if CREST.id not in key} == {"ok"}


def test_an_edit_that_may_change_nothing_fails_alone() -> None:
    rows = Path("box.csv").read_text().splitlines()
    Path("box.csv").write_text("\n".join([*rows[:1], "0,,,,", *rows[2:]]))
    own = Redrawing()
    found = made(bounded(own), RECONSTRUCTION, CREST.candidate)
    assert own.asked.count(CREST.id) == len(PICTURES) - 1
    reasons = [result.reason for result in found.values() if result.status == "failed"]
    assert reasons == ["--region boxes:box.csv has no pixel in 0.png for 'tall crest', so nothing may change"]


def test_another_region_is_another_editor() -> None:
    own = Redrawing()
    first = bounded(own)
    assert first.fingerprint == bounded(own).fingerprint != own.fingerprint
    assert first.fingerprint != bounded(own, feather=3).fingerprint
    assert first.settings["editor"] == "redrawing"
    Path("box.csv").write_text(Path("box.csv").read_text().replace("70", "71"))
    assert first.fingerprint != bounded(own).fingerprint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.permutations(range(3 * len(PICTURES))), st.booleans())
def test_the_editor_may_answer_in_any_order(order: list[int], is_there: bool) -> None:
    class Shuffled(Redrawing):
        def edit(
            self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
        ) -> Iterator[EditResult]:
            for request in sorted(requests, key=lambda one: order[requests.index(one)]):
                level = len(request.candidate.id)
                yield EditResult(request.key, "ok", Image.new("RGB", (128, 128), (level, level, level)), 0.0)

    before = Kept(reconstruction=Image.new("RGB", (128, 128))) if is_there else None
    found = made(bounded(Shuffled(), before, feather=0), CREST.candidate, RECONSTRUCTION, TAIL.candidate)
    for key in PICTURES:
        for node in (CREST, TAIL):
            expected = np.zeros((128, 128, 3), dtype=int)
            expected[INSIDE] = len(node.id)
            assert (pixels(found[f"{key} {node.id}"]) == expected).all()
