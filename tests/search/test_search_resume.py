"""Interrupted after its k-th edit or batch of scores, for every k, and repeated: a search ends with the same files."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import colour_classifier
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image
from pipeline import SILENT, settings

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.tint import TintEditor
from diffex_cli.search import search

SMALL = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: surface
  children:
  - name: rough
  - name: smooth
- name: edge
"""
IDLE = "- name: {}\n  overrides: {{strength: 0.0}}\n"
WIDE = SMALL + "".join(IDLE.format(name) for name in ("shadow", "glow", "stripes"))

PLAIN: dict[str, Any] = {"target": "green", "delta": 0.0}
RACE: dict[str, Any] = {**PLAIN, "delta": 0.3}
SCENARIOS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "plain": (SMALL, 3, PLAIN),
    "a target to be found": (SMALL, 3, {"delta": 0.0}),
    "racing": (WIDE, 5, {**RACE, "racing": True}),
    "max-edits": (WIDE, 4, {**RACE, "max_edits": 28}),
    "joint": (SMALL + "- name: shadow\n", 2, {**PLAIN, "beam": 4, "joint": 3}),
    "holdout": (SMALL, 4, {**PLAIN, "holdout": "on"}),
    "both": (SMALL, 2, {**PLAIN, "direction": "both"}),
    "all": (SMALL, 2, {**PLAIN, "target": "all"}),
    "together": (SMALL, 4, {**PLAIN, "beam": 3, "max_edits": 34, "holdout": "on", "joint": 2, "direction": "both"}),
}


class Patience:
    """So many edits and batches of scores are made; the next one ends in an interrupt, if there is another.

    Attributes:
        left: how many; negative for any number.
        made: how many were made so far, interrupted searches together.
        batches: how many of them were batches of scores.
    """

    def __init__(self) -> None:
        self.left = -1
        self.made = 0
        self.batches = 0

    def step(self) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self.made += 1


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    """Wraps the editor and the classifier."""
    patience = Patience()
    edit, logits = TintEditor.edit, colour_classifier.logits

    def edit_patiently(
        self: TintEditor, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        results = edit(self, images, requests, seed)
        for _ in requests:
            patience.step()
            yield next(results)

    def score_patiently(pictures: Sequence[Image.Image]) -> NDArray[np.float64]:
        patience.step()
        patience.batches += 1
        return logits(pictures)

    monkeypatch.setattr(TintEditor, "edit", edit_patiently)
    monkeypatch.setattr(colour_classifier, "logits", score_patiently)
    # the same parser in C: most of the time of a search without a model goes into reading its own files
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    monkeypatch.setattr(yaml, "safe_load", lambda text: yaml.load(text, loader))
    return patience


def make(root: Path, hierarchy: str, images: int, changes: Mapping[str, Any]) -> Settings:
    """The stage ``corpus`` done."""
    (root / "pictures").mkdir(parents=True)
    (root / "hierarchy.yaml").write_text(hierarchy)
    random = np.random.default_rng(2)
    for i in range(images):
        # each with a colour of its own, so that the images disagree
        pixels = random.integers(0, 256, 3) + random.integers(-40, 40, (6, 6, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / "pictures" / f"{i}.png")
    made = settings(root, **changes)
    corpus.run(made, SILENT)
    return made


def results(run: Path) -> dict[str, bytes]:
    """What a search writes, byte for byte, but for when and how it was made."""
    found: dict[str, bytes] = {}
    before, _, rest = (run / "search.yaml").read_text().partition("\nprovenance:\n")
    lines = rest.splitlines(keepends=True)
    start = next(place for place, line in enumerate(lines) if not line.startswith(" "))
    found["search.yaml"] = (before + "".join(lines[start:])).encode()
    for name in ("ranking.parquet", "ranking-all.parquet"):
        if (run / name).exists():
            table = pq.read_table(run / name).replace_schema_metadata(None)
            with io.BytesIO() as buffer:
                with pa.ipc.new_stream(buffer, table.schema) as stream:
                    stream.write_table(table)
                found[name] = buffer.getvalue()
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_interrupted_after_every_single_step_it_ends_with_the_same_files(
    tmp_path: Path, patience: Patience, scenario: str
) -> None:
    hierarchy, images, changes = SCENARIOS[scenario]
    made = make(tmp_path, hierarchy, images, changes)
    run = made.run
    shutil.copytree(run, tmp_path / "begun")
    whole = search.run(made, SILENT)
    expected, steps = results(run), patience.made
    assert steps == whole.made + patience.batches
    assert ("ranking-all.parquet" in expected) == (made.target == "all")

    shutil.rmtree(run)
    (tmp_path / "begun").rename(run)
    patience.made = 0
    for k in range(steps - 1):
        assert patience.made == k
        patience.left = 1
        with pytest.raises(KeyboardInterrupt):
            search.run(made, SILENT)
        assert not (run / "search.yaml").exists()
    patience.left = -1
    resumed = search.run(made, SILENT)
    assert results(run) == expected
    assert (resumed.edits, resumed.passed) == (whole.edits, whole.passed)
    assert search.run(made, SILENT).up_to_date
    # nothing was made twice, nor left out
    assert patience.made == steps


def test_interrupted_once_after_any_number_of_steps_it_ends_with_the_same_files(
    tmp_path: Path, patience: Patience
) -> None:
    made = make(tmp_path, SMALL, 2, PLAIN)
    shutil.copytree(made.run, tmp_path / "begun")
    search.run(made, SILENT)
    expected, steps = results(made.run), patience.made
    for k in range(steps):
        shutil.rmtree(made.run)
        shutil.copytree(tmp_path / "begun", made.run)
        patience.left = k
        with pytest.raises(KeyboardInterrupt):
            search.run(made, SILENT)
        patience.left = -1
        search.run(made, SILENT)
        assert results(made.run) == expected
        assert patience.made == (k + 2) * steps


def test_the_scenarios_are_what_they_say(tmp_path: Path, patience: Patience) -> None:
    found = {}
    for name, (hierarchy, images, changes) in SCENARIOS.items():
        made = make(tmp_path / name, hierarchy, images, changes)
        summary = search.run(made, SILENT)
        found[name] = RunDirectory(made.run).search(), summary
    raced, budgeted = found["racing"][0], found["max-edits"][0]
    for trace in (raced, budgeted):
        assert {one.images for one in trace.levels[0].candidates} != {trace.images}
    assert any(len(one.parts) == 3 for one in found["joint"][0].joint)
    assert any(row.n_holdout for row in found["holdout"][1].ranking)
    assert any(row.candidate.startswith("-") for row in found["both"][1].ranking)
    assert len({row.target for row in found["all"][1].ranking}) > 1
    assert len(found["plain"][0].levels) == 2
    everything, summary = found["together"]
    assert everything.joint
    assert summary.held_out
    assert summary.edits <= 34
