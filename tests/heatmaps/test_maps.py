"""Heat maps of a run's pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pipeline import SILENT, make_corpus, settings

from diffex_cli.artifacts.finished_search import FinishedSearch
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.corpus import corpus
from diffex_cli.heatmaps.kinds import Kind
from diffex_cli.heatmaps.maps import TASK, HeatMaps, Picture
from diffex_cli.search import search


@dataclasses.dataclass
class Listener:
    """Remembers what it is told."""

    total: int = -1
    done: int = 0

    def start(self, task: str, total: int) -> None:
        assert task == TASK
        self.total, self.done = total, 0

    def advance(self, task: str, n: int = 1) -> None:
        self.done += n

    def note(self, text: str) -> None:
        raise AssertionError(text)


def searched(root: Path, **changes: object) -> RunDirectory:
    made = make_corpus(root, **changes)
    search.run(made, SILENT)
    return RunDirectory(made.run)


def subjects(run: RunDirectory) -> list[Picture]:
    """The originals, and the edits that have a picture."""
    found = [Picture(run.path / image.file, image.image) for image in run.images()]
    return found + [Picture(run.path / row.file, row.image) for row in run.edits().values() if row.file]


def heat_maps(run: RunDirectory, kind: Kind) -> HeatMaps:
    return HeatMaps(FinishedSearch(run), kind)


def with_search(run: RunDirectory, **changes: Any) -> None:
    run.write_search(dataclasses.replace(run.search(), **changes))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return searched(tmp_path_factory.mktemp("heat"))


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """Two birds, and one attribute that makes them darker."""
    root = tmp_path_factory.mktemp("birds")
    made = settings(root, domain="birds", images=None, corpus_file=root / "h.yaml", n_images=2,
                    classifier="birds:shortcut", target="cardinal")  # fmt: skip
    (root / "h.yaml").write_text("schema: diffex.corpus/1\ndomain: birds\nnodes:\n- name: dusk\n")
    corpus.run(made, SILENT)
    search.run(made, SILENT)
    return RunDirectory(made.run)


def test_originals_and_edits_get_an_overlay_of_their_size(run: RunDirectory) -> None:
    wanted, listener = subjects(run)[:7], Listener()
    found = heat_maps(run, "occlusion").overlays(wanted, listener)
    assert found.keys() == {one.file for one in wanted}
    assert listener.total == listener.done > 0
    for one, overlay in found.items():
        assert overlay.is_relative_to(run.path / "heatmaps")
        with Image.open(overlay) as shown, Image.open(one) as picture:
            assert shown.size == picture.size


def test_what_is_made_is_not_made_again(run: RunDirectory) -> None:
    wanted = subjects(run)[:3]
    first = heat_maps(run, "occlusion").overlays(wanted, SILENT)
    times = {file: file.stat().st_mtime_ns for file in first.values()}
    listener = Listener()
    again = heat_maps(run, "occlusion")
    assert again.overlays(wanted, listener) == first
    assert listener.total == 0
    assert {file: file.stat().st_mtime_ns for file in first.values()} == times
    next(iter(times)).write_bytes(b"broken")
    again.overlays(wanted, listener)
    assert listener.total == listener.done == 1
    again.overlays(wanted, listener)
    assert listener.total == 0


@pytest.mark.parametrize("kind", ["gradcam", "occlusion"])
def test_the_numbers_are_kept_too(birds: RunDirectory, kind: Kind) -> None:
    maps, subject = heat_maps(birds, kind), subjects(birds)[0]
    maps.overlays([subject], SILENT)
    found = maps.heat(subject)
    assert found is not None
    assert found.values.shape == (128, 128)
    assert found.values.max() <= 1
    assert found.peak > 0
    assert maps.kind == kind
    assert "‘cardinal’" in maps.note


def test_the_kinds_do_not_share_maps(birds: RunDirectory) -> None:
    subject = subjects(birds)[0]
    cam, covered = (
        heat_maps(birds, kind).overlays([subject], SILENT)[subject.file] for kind in ("gradcam", "occlusion")
    )
    assert cam != covered


def test_where_no_place_matters_nothing_looks_hot(birds: RunDirectory) -> None:
    subject, delta = subjects(birds)[0], birds.search().delta
    plain = heat_maps(birds, "occlusion")
    plain.overlays([subject], SILENT)
    before = plain.heat(subject)
    with_search(birds, delta=1000.0)
    try:
        maps, listener = heat_maps(birds, "occlusion"), Listener()
        maps.overlays([subject], listener)
        assert listener.total == 1
        found = maps.heat(subject)
    finally:
        with_search(birds, delta=delta)
    assert before is not None
    assert found is not None
    assert found.peak == 1000
    assert found.values.max() < 0.05
    np.testing.assert_allclose(found.values * 1000, before.values * before.peak, atol=0.02)


def test_each_images_own_class_is_that_of_the_original(run: RunDirectory) -> None:
    target = run.search().target
    scores = run.scores(run.search().classifier.fingerprint)
    wanted = subjects(run)
    overlays = {}
    try:
        for name in (*next(iter(scores.values())).labels, "predicted", "all"):
            with_search(run, target=name)
            maps = heat_maps(run, "occlusion")
            overlays[name] = maps.overlays(wanted[:2] + wanted[-2:], SILENT)
            assert ("untouched image" in maps.note) == (name in ("predicted", "all"))
    finally:
        with_search(run, target=target)
    for one in wanted[:2] + wanted[-2:]:
        own = overlays[scores[one.image].prediction][one.file]
        assert overlays["predicted"][one.file] == overlays["all"][one.file] == own


def test_a_picture_that_is_gone_is_left_out(run: RunDirectory, tmp_path: Path) -> None:
    image = run.images()[0]
    gone = Picture(tmp_path / "gone.png", image.image)
    maps = heat_maps(run, "occlusion")
    assert maps.overlays([gone], SILENT) == {}
    assert maps.heat(gone) is None


def test_a_black_box_has_no_grad_cam(run: RunDirectory) -> None:
    with pytest.raises(UsageError, match="use --heatmap occlusion"):
        heat_maps(run, "gradcam").overlays(subjects(run)[:1], SILENT)


def test_another_classifier_than_the_searchs_is_refused(run: RunDirectory) -> None:
    recorded = run.search().classifier
    with_search(run, classifier=dataclasses.replace(recorded, spec="birds:null"))
    try:
        # what is cached needs no classifier
        first, *_ = subjects(run)
        heat_maps(run, "occlusion").overlays([first], SILENT)
        fresh = subjects(run)[-1]
        (run.path / "heatmaps").rename(run.path / "aside")
        with pytest.raises(UsageError, match="not what it was when the search"):
            heat_maps(run, "occlusion").overlays([fresh], SILENT)
    finally:
        with_search(run, classifier=recorded)
        if (run.path / "aside").exists():
            (run.path / "aside").rename(run.path / "heatmaps")


def test_without_a_search_or_scores_there_is_none(tmp_path: Path, run: RunDirectory) -> None:
    with pytest.raises(IncompleteError, match="run `diffex search` first"):
        heat_maps(RunDirectory(tmp_path), "occlusion")
    stranger = Picture(subjects(run)[0].file, "f" * 64)
    with pytest.raises(IncompleteError, match="is not scored"):
        heat_maps(run, "occlusion").overlays([stranger], SILENT)
