"""The table of scoring: the three roads see the same pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from figures import numbers, rows
from PIL import Image

from benchmarks import scoring as bench
from benchmarks.memory import Build
from benchmarks.scoring import Workload, scoring
from diffex_cli.core.configuration import resolve
from diffex_cli.core.domains import packaged
from diffex_cli.measure.session import Session


def test_a_line_for_each_classifier_and_build(capfd: pytest.CaptureFixture[str]) -> None:
    header, *lines = rows(scoring(images=1, rounds=1, workloads=["birds"], before=bench._OURS))
    assert len(header) == 10
    assert [line[:2] for line in lines] == [["`birds:species`, 128 px", build] for build in ("this", "before")]
    for line in lines:
        pictures, bare, *speeds = numbers(line[2:7])
        assert pictures > 5
        ratios = [float(cell.partition(" ")[0]) for cell in line[7:]]
        np.testing.assert_allclose(ratios, [speed / bare for speed in speeds], atol=0.02)
    assert "Error" not in capfd.readouterr().err


def test_the_larger_model_is_one(tmp_path: Path) -> None:
    workload = bench._workload("efficientnet", tmp_path)
    assert workload.side == 512
    pictures = [Image.new("RGB", (512, 512), (90, 80, 70))]
    (logits,) = bench._bare_loop(workload.model, pictures)()
    assert logits.shape == (1, 1000)


def test_the_bare_loop_computes_what_the_adapter_computes(tmp_path: Path) -> None:
    flags = bench._edited_run(Workload("birds", packaged("species"), 64), tmp_path, 2)
    session = Session(resolve({**flags, "run": tmp_path / "run"}, {}, None))
    pictures = bench._pictures(session.run)
    logits = session.classifier.logits(pictures)
    np.testing.assert_allclose(np.concatenate(bench._bare_loop(packaged("species"), pictures)()), logits, atol=1e-4)
    with bench.worker(Build("this", bench._OURS), flags) as measure:
        assert measure("score").seconds > 0
    assert len(Session(session.settings).scores) == len(pictures)
