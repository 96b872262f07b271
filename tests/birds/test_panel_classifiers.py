from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.birds import samples
from diffex_cli.birds.panel.classifiers import FormulaClassifier, NoiseClassifier, open_member
from diffex_cli.birds.panel.formulas import additive, has
from diffex_cli.birds.panel.members import PANEL, Noise
from diffex_cli.birds.probe import ATTRIBUTE_LABELS
from diffex_cli.birds.renderer import render
from diffex_cli.core import registry
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec

RED = ATTRIBUTE_LABELS.index("head=red")


class FakeProbe:
    """Sure that all heads are red, or that none is."""

    fingerprint = "fake"
    settings: Mapping[str, object] = {}
    labels = ATTRIBUTE_LABELS

    def __init__(self, red: bool) -> None:
        self.red = red

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        rows = np.zeros((len(images), len(ATTRIBUTE_LABELS)))
        rows[:, RED] = 1000.0 if self.red else -1000.0
        return rows


PICTURES = list(samples.pictures().values())[:3]


@pytest.mark.parametrize(("red", "logit"), [(True, 1.5), (False, -1.5)])
def test_a_formula_is_computed_from_what_the_probe_reads(red: bool, logit: float) -> None:
    classifier = FormulaClassifier("one", additive((3, has("head", "red"))), FakeProbe(red))
    logits = classifier.logits(PICTURES)
    assert classifier.labels == ("no", "yes")
    assert np.allclose(logits, [[0, logit]] * 3, atol=1e-12)


def test_no_pictures_have_no_logits() -> None:
    classifier = FormulaClassifier("one", additive((3, has("head", "red"))), FakeProbe(True))
    assert classifier.logits([]).shape == (0, 2)


def test_by_its_spec_a_member_reads_real_pictures() -> None:
    spec = parse_spec("birds:panel-single-red-head")
    classifier = registry.find(registry.CLASSIFIERS, spec.name)(spec)
    birds = list(samples.records().values())[:2]
    red = [render(bird.with_values(head="red")) for bird in birds]
    blue = [render(bird.with_values(head="blue")) for bird in birds]
    assert np.allclose(classifier.logits(red)[:, 1], 1.5, atol=0.1)
    assert np.allclose(classifier.logits(blue)[:, 1], -1.5, atol=0.1)


def test_noise_depends_on_the_pixels_and_the_seed_alone() -> None:
    member = PANEL["null-noise-1"]
    one, other = NoiseClassifier(member, Noise(1, 0.5)), NoiseClassifier(member, Noise(2, 0.5))
    first = one.logits(PICTURES)
    assert np.array_equal(first, one.logits(PICTURES[::-1])[::-1])
    assert not np.allclose(first, other.logits(PICTURES))
    assert len({tuple(row) for row in first.tolist()}) == 3
    assert np.ptp(NoiseClassifier(member, Noise(0, 0.0)).logits(PICTURES)) == 0


def test_fingerprints_tell_members_apart() -> None:
    names = [name for name, member in PANEL.items() if not member.has_weights]
    prints = {open_member(parse_spec(f"birds:panel-{name}")).fingerprint for name in names}
    assert len(prints) == len(names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("birds:panel-singel-red-head", "did you mean 'single-red-head'"),
        ("birds:panel-null-noise-1:batch=2", "has no options"),
        ("birds:panel-single-snow:bach=2", "unknown option 'bach'"),
    ],
)
def test_a_wrong_spec_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        open_member(parse_spec(text))


def test_an_untrained_panel_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make train-panel"):
        open_member(parse_spec("birds:panel-planted-background-50"), models=tmp_path)
