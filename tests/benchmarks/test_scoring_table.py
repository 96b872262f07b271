"""The table of scoring: the three roads see the same pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from figures import numbers, rows
from PIL import Image

from benchmarks import scoring as bench
from benchmarks.scoring import Workload, scoring
from diffex_cli.core.domains import packaged
from diffex_cli.measure.session import Session


def test_a_line_for_each_classifier() -> None:
    header, line = rows(scoring(images=1, rounds=1, workloads=["birds"]))
    assert len(header) == 7
    assert line[0] == "`birds:species`, 128 px"
    pictures, bare, adapter, stage, *ratios = numbers(line[1:])
    assert pictures > 5
    np.testing.assert_allclose(ratios, [adapter / bare, stage / bare], atol=0.02)


def test_the_larger_model_is_one(tmp_path: Path) -> None:
    workload = bench._workload("efficientnet", tmp_path)
    assert workload.side == 512
    pictures = [Image.new("RGB", (512, 512), (90, 80, 70))]
    (logits,) = bench._bare_loop(workload.model, pictures)()
    assert logits.shape == (1, 1000)


def test_the_bare_loop_computes_what_the_adapter_computes(tmp_path: Path) -> None:
    settings = bench._edited_run(Workload("birds", packaged("species"), 64), tmp_path, 2)
    pictures = bench._pictures(Session(settings).run)
    logits = Session(settings).classifier.logits(pictures)
    np.testing.assert_allclose(np.concatenate(bench._bare_loop(packaged("species"), pictures)()), logits, atol=1e-4)
    assert bench._stage_seconds(settings, len(pictures)) > 0
    assert len(Session(settings).scores) == len(pictures)
