"""The table of steps: what it compares, and that an interrupted run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures import numbers, rows

from benchmarks import steps as table_of_steps
from benchmarks.replay import ReplayedEdits
from benchmarks.steps import steps
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.ledits import LeditsEditor


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("steps")


def test_rankings_are_compared_with_the_most_steps_and_edits_are_made_once(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_of_steps, "CLASSIFIERS", ("birds:shortcut",))  # the other one takes as long again
    text = steps(work, images=1, counts=(1, 2))
    header, one, two = rows(text)
    assert len(numbers(one)) == len(numbers(two)) == len(header) == 7
    assert header[4] == "shortcut: nDCG@5 against 2 steps"
    assert float(two[4]) == 1.0, "a ranking agrees with itself"

    def refuse(*args: object) -> None:
        raise AssertionError("an edit was made again")

    monkeypatch.setattr(LeditsEditor, "edit", refuse)
    again = rows(steps(work, images=1, counts=(1,)))[1]
    assert again[:4] == one[:4]


def test_replayed_edits_are_the_runs(work: Path) -> None:
    editor = LeditsEditor(parse_spec("ledits:birds:steps=1"))
    run = work / "steps-1-images-1"
    (image,) = RunDirectory(run).images()
    requests = [EditRequest("there", image.image, RECONSTRUCTION), EditRequest("missing", "no image", RECONSTRUCTION)]
    there, missing = ReplayedEdits(run, editor).edit(samples.pictures(), requests, seed=0)
    assert there.image is not None
    assert there.image.size == (image.width, image.height)
    assert (missing.status, missing.reason) == ("failed", "the run has no such edit")
