from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from diffex_cli.birds import samples
from diffex_cli.birds.panel.classifiers import open_member
from diffex_cli.birds.panel.members import PANEL, Planted
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from training import classifiers, panel

NAMES = ["planted-throat-95", "null-untrained-1"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, in_process_pool: type) -> None:
    monkeypatch.setattr(classifiers, "ProcessPoolExecutor", in_process_pool)
    monkeypatch.setattr(classifiers, "BATCH", 4)
    monkeypatch.setattr(panel, "_TEST", 4)
    monkeypatch.setattr(panel, "_NORM_PICTURES", 8)


@pytest.mark.parametrize("strength", [0.5, 0.95, 1.0])
def test_the_shortcut_is_as_strong_as_it_says(strength: float) -> None:
    planted = Planted(("hawk", "duck"), "throat", ("red", "white"), strength)
    rng = random.Random(0)
    given = [panel.planted_specimen(rng, planted, label).throat == planted.values[label] for label in [0, 1] * 400]
    # a throat drawn at random is one of four
    assert np.mean(given) == pytest.approx(strength + (1 - strength) / 4, abs=0.05)


@pytest.mark.usefixtures("quick")
def test_members_are_trained_once_and_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    panel.train_panel(tmp_path, NAMES, count=8, steps=2)
    assert "planted-throat-95: accuracy without shortcut" in capsys.readouterr().out
    panel.install(tmp_path, tmp_path / "installed")
    pictures = list(samples.pictures().values())[:3]
    for name in NAMES:
        member = open_member(parse_spec(f"birds:panel-{name}"), "cpu", tmp_path / "installed")
        logits = member.logits(pictures)
        assert member.labels == PANEL[name].labels
        assert logits.shape == (3, len(member.labels))
        assert np.ptp(logits, axis=0).max() > 1e-4, "the network must not be silent"
        weights = tmp_path / "installed" / name / "model.safetensors"
        assert weights.stat().st_size < 200_000

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was trained already")

    monkeypatch.setattr(panel, "train_planted", never)
    monkeypatch.setattr(panel.classifiers, "untrained", never)
    panel.train_panel(tmp_path, NAMES, count=8, steps=2)


def test_only_networks_can_be_trained(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--only single-snow: no network of the panel"):
        panel.train_panel(tmp_path, ["single-snow"])
