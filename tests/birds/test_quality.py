from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.birds import quality, samples
from diffex_cli.birds.attributes import ATTRIBUTES, Bird
from diffex_cli.birds.editor import RenderEditor
from diffex_cli.birds.probe import ATTRIBUTE_LABELS
from diffex_cli.birds.renderer import render
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult

MEASURED = ("crest", "eye")
IMAGES = 3


class Oracle:
    """Knows every counterfactual that the tests can meet."""

    fingerprint = "oracle"
    settings: Mapping[str, object] = {}
    labels = ATTRIBUTE_LABELS

    def __init__(self) -> None:
        birds = list(samples.records().values())[:IMAGES]
        twins = [bird.with_values(**{name: v}) for bird in birds for name in MEASURED for v in ATTRIBUTES[name]]
        self._known: dict[bytes, Bird] = {render(bird).tobytes(): bird for bird in birds + twins}

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        birds = [self._known[image.tobytes()] for image in images]
        return np.array(
            [[float(bird.value(name) == value) for name, vs in ATTRIBUTES.items() for value in vs] for bird in birds]
        )


class FakeEditor:
    """Gives every picture back, or fails at every edit but the reconstruction."""

    fingerprint = "fake"
    settings: Mapping[str, object] = {}

    def __init__(self, fails: bool) -> None:
        self._fails = fails

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for request in requests:
            if self._fails and request.candidate.terms:
                yield EditResult(request.key, "failed", None, 0.0, "it always does")
            else:
                yield EditResult(request.key, "ok", images[request.image], 0.0)


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


def test_the_perfect_editor_is_perfect(oracle: Oracle) -> None:
    measured = quality.measure(RenderEditor(parse_spec("render:birds")), oracle, IMAGES, attributes=MEASURED)
    birds = list(samples.records().values())[:IMAGES]
    wanted = {
        (name, value): n
        for name in MEASURED
        for value in ATTRIBUTES[name]
        if (n := sum(bird.value(name) != value for bird in birds))
    }
    assert {(v.attribute, v.value): v.n for v in measured.values} == wanted
    assert {(v.success, v.disentanglement) for v in measured.values} == {(1.0, 1.0)}
    assert (measured.kept, measured.probe) == (1.0, 1.0)
    assert measured.groups() == dict.fromkeys(MEASURED, (1.0, 1.0))


@pytest.mark.parametrize(("fails", "disentanglement"), [(False, 1.0), (True, 0.0)])
def test_an_editor_that_does_nothing_has_no_success(oracle: Oracle, fails: bool, disentanglement: float) -> None:
    measured = quality.measure(FakeEditor(fails), oracle, IMAGES, attributes=("crest",))
    assert {(v.success, v.disentanglement) for v in measured.values} == {(0.0, disentanglement)}
    assert (measured.kept, measured.probe) == (1.0, 1.0)
