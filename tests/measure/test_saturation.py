"""Logarithms of probabilities that hardly move are warned of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.classifiers.outputs import Outputs
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.core.settings import Scale
from diffex_cli.measure.saturation import saturation
from diffex_cli.measure.targets import Target

CAT, DOG = Target("cat", 0), Target("dog", 1)
SURE = [0.9995, 0.0005, 0.0]
OPEN = [0.6, 0.3, 0.1]


def originals(shares: list[list[float]], values: Any = "probabilities", kind: OutputKind = "softmax") -> list[ScoreRow]:
    labels = ("cat", "dog", "bird")[: len(shares[0])]
    logits = Outputs(kind, values).logits(np.array(shares), len(shares), len(labels), "x")
    return [ScoreRow(str(i), "original", labels, row, kind) for i, row in enumerate(logits)]


@pytest.mark.parametrize(
    ("shares", "target", "told"),
    [
        ([SURE, SURE, OPEN], CAT, "that of 'cat' is below 1e-07 or above 0.999 on 2 of 3 images"),
        ([SURE, SURE, OPEN], Target("bird", 2), "that of 'bird' is below 1e-07 or above 0.999 on 2 of 3 images"),
        ([SURE, SURE, OPEN], Target("predicted", None), "that of each image's own class is below"),
        ([SURE, SURE, OPEN], DOG, None),
        ([SURE, OPEN, OPEN], CAT, None),
        ([SURE, OPEN], CAT, None),
        ([SURE, SURE, SURE], Target("cat - dog", 0, 1), None),
    ],
)
def test_it_is_told_where_most_images_are_at_an_end(
    shares: list[list[float]], target: Target, told: str | None
) -> None:
    found = saturation([target], originals(shares), "logit")
    assert len(found) == (told is not None)
    for sentence in found:
        assert str(told) in sentence
        assert sentence.endswith("give --scale prob, or the logits of the model")


def test_of_every_class_one_sentence() -> None:
    everything = [CAT, DOG, Target("bird", 2)]
    (sentence,) = saturation(everything, originals([SURE, SURE, OPEN]), "logit")
    assert "that of 2 of 3 classes (such as 'cat') is" in sentence


@pytest.mark.parametrize(
    ("rows", "scale"),
    [
        (originals([SURE] * 3), "prob"),
        (originals([[20.0, 1.0, 0.0]] * 3, values="logits"), "logit"),
        (originals([[0.0, 0.0, 0.0]] * 3, values="logits"), "logit"),
        (originals([SURE] * 3, kind="multilabel"), "logit"),
        (originals([[0.9999, 0.0001]] * 3), "logit"),
    ],
)
def test_elsewhere_there_is_nothing_to_warn_of(rows: list[ScoreRow], scale: Scale) -> None:
    assert saturation([CAT], rows, scale) == ()
