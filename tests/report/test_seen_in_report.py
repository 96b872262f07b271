"""From the files of a checked search to what its report says of the edits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from synthetic_runs import CORPUS, make_run

from diffex_cli.artifacts.finished_search import Measured
from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.rows import EditRow, MeasuredRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.report.finished import FinishedRun
from diffex_cli.report.reading import also_changed
from diffex_cli.verifiers.attributes import asked, every_attribute

IMAGES = [f"image-{i}" for i in range(4)]
SNOW = next(node for node in CORPUS.walk() if node.id == "background/snow").candidate


def test_edits_of_members_are_read_and_images_left_alone_are_not(tmp_path: Path) -> None:
    """The group is measured by one of its members, on three images; one shows it already, one is held out."""
    search = {
        "groups": "members",
        "verifier": {"spec": "x", "fingerprint": "v"},
        "exclusive": [["background/snow", "background/water"]],
        "held_out": ["image-3"],
    }
    path = make_run(tmp_path / "run", {"background": [0.1, 0.2, 0.3, 0.4]}, search=search)
    run = RunDirectory(path)
    bases = {image: edit_key(image, RECONSTRUCTION, "tint:/1", 0) for image in IMAGES}
    edited = {image: edit_key(image, SNOW, "tint:/1", 0) for image in IMAGES}
    run.write_measured(
        [
            MeasuredRow("background", image, bases[image] if i == 2 else edited[image], i == 2, 0.1, 0.1, True, i == 3)
            for i, image in enumerate(IMAGES)
        ],
        {},
    )
    writer = run.seen_writer("v", {one.id: asked(one) for one in every_attribute(CORPUS)}, {})
    subjects = [*bases.values(), *edited.values()]
    tail = [0.1, 0.1, 0.1, 0.1, 0.9, 0.2, 0.9, 0.9]
    water = [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    readings = np.array([*zip(tail, water, strict=True)], np.float32)
    writer.append(subjects, ["tail", "background/water"], readings, [None] * 8)
    writer.flush()
    rows = {
        key: EditRow(key, image, id, "tint:/1", 0, "x.png", "ok", None, 0.5, 0.1, 0.0)
        for id, keys in (("", bases), (SNOW.id, edited))
        for image, key in keys.items()
    }
    finished = FinishedRun(run, Measured(rows, run.scores("birds:shortcut/1")))
    # water made room for snow; the tail changed on one of the two images that were edited for the search
    tail, water = also_changed(finished)["background"]
    assert (tail.id, tail.share, tail.n, tail.kin) == ("tail", 0.5, 2, False)
    assert (water.id, water.share, water.n, water.kin) == ("background/water", 0.0, 2, True)


def test_an_earlier_search_and_one_without_a_verifier_have_nothing(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", {"tail": [0.1, 0.2]})
    assert also_changed(FinishedRun(RunDirectory(path))) == {}
    assert "verifier" in RunDirectory(path).search().unsaid
    silent = make_run(tmp_path / "other", {"tail": [0.1, 0.2]}, search={"verifier": None})
    assert "verifier" not in RunDirectory(silent).search().unsaid
