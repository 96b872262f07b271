from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.birds import quality, samples
from diffex_cli.birds.attributes import ATTRIBUTES, Bird
from diffex_cli.birds.editor import RenderEditor, apply_all
from diffex_cli.birds.probe import ATTRIBUTE_LABELS
from diffex_cli.birds.renderer import render
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult

MEASURED = ("crest", "eye")
BIRDS = dict(list(samples.records().items())[:3])


def leaky(bird: Bird) -> Bird:
    """What :class:`LeakyEditor` makes of a bird: it lengthens the tail, too."""
    return bird.with_values(tail="long")


class Oracle:
    """Knows every counterfactual that the tests can meet."""

    fingerprint = "oracle"
    settings: Mapping[str, object] = {}
    labels = ATTRIBUTE_LABELS

    def __init__(self) -> None:
        birds = list(BIRDS.values())
        twins = [bird.with_values(**{name: v}) for bird in birds for name in MEASURED for v in ATTRIBUTES[name]]
        twins += [leaky(twin) for twin in twins]
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


class LeakyEditor(RenderEditor):
    """Draws a long tail with every tall crest."""

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for request, result in zip(requests, super().edit(images, requests, seed), strict=True):
            bird = apply_all(BIRDS[request.image], request.candidate)
            tall = [term.prompt for term in request.candidate.terms] == ["tall crest"]
            yield EditResult(result.key, "ok", render(leaky(bird)), 0.0) if tall else result


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


def test_the_perfect_editor_is_perfect(oracle: Oracle) -> None:
    measured = quality.measure(RenderEditor(parse_spec("render:birds")), oracle, BIRDS, attributes=MEASURED)
    wanted = {
        (name, value): n
        for name in MEASURED
        for value in ATTRIBUTES[name]
        if (n := sum(bird.value(name) != value for bird in BIRDS.values()))
    }
    assert {(v.attribute, v.value): v.n for v in measured.values} == wanted
    assert {(v.success, v.disentanglement) for v in measured.values} == {(1.0, 1.0)}
    assert (measured.kept, measured.probe) == (1.0, 1.0)
    assert measured.groups() == dict.fromkeys(MEASURED, (1.0, 1.0))
    assert measured.leaks() == []


@pytest.mark.parametrize(("fails", "disentanglement"), [(False, 1.0), (True, 0.0)])
def test_an_editor_that_does_nothing_has_no_success(oracle: Oracle, fails: bool, disentanglement: float) -> None:
    measured = quality.measure(FakeEditor(fails), oracle, BIRDS, attributes=("crest",))
    assert {(v.success, v.disentanglement) for v in measured.values} == {(0.0, disentanglement)}
    assert (measured.kept, measured.probe) == (1.0, 1.0)


def test_what_an_edit_changes_beside_is_named(oracle: Oracle) -> None:
    measured = quality.measure(LeakyEditor(parse_spec("render:birds")), oracle, BIRDS, attributes=("crest",))
    edited = [bird for bird in BIRDS.values() if bird.crest != "tall"]
    share = sum(bird.tail != "long" for bird in edited) / len(edited)
    assert share > 0
    assert measured.leaks() == [quality.Leak("crest", "tall", "tail", share, len(edited))]
    by_value = {v.value: v.disentanglement for v in measured.values}
    assert by_value.pop("tall") == pytest.approx(1 - share / 11)
    assert set(by_value.values()) == {1.0}


def test_the_worst_leak_comes_first() -> None:
    values = tuple(
        quality.ValueQuality("head", value, 1.0, {"crest": crest, "eye": eye, "tail": 0.0}, n=4)
        for value, crest, eye in (("red", 0.25, 0.5), ("white", 0.75, 0.25))
    )
    leaks = quality.Quality(values, 1.0, 1.0).leaks()
    assert [(leak.value, leak.other, leak.share) for leak in leaks] == [
        ("white", "crest", 0.75),
        ("red", "eye", 0.5),
        ("red", "crest", 0.25),
        ("white", "eye", 0.25),
    ]


def test_an_editor_that_does_not_know_the_birds_is_refused(oracle: Oracle) -> None:
    with pytest.raises(UsageError, match="unedited, to compare with: not one of the embedded birds"):
        quality.measure(RenderEditor(parse_spec("render:birds")), oracle, samples.unseen("c", 1), attributes=("eye",))
