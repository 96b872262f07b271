"""Probabilities by what the logits are logits of."""

import numpy as np
import pytest

from diffex_cli.core.output_kinds import OutputKind, probabilities

LOGITS = np.array([[0.0, np.log(3.0)], [1e4, -1e4], [np.nan, np.nan]])
NOTHING = [[np.nan] * 2] * 3


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("softmax", [[0.25, 0.75], [1.0, 0.0], [np.nan] * 2]),
        ("multilabel", [[0.5, 0.75], [1.0, 0.0], [np.nan] * 2]),
        ("regression", NOTHING),
    ],
)
def test_each_kind(kind: OutputKind, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(probabilities(LOGITS, kind), expected, atol=1e-12)


def test_a_single_output_has_a_probability_only_as_a_label() -> None:
    single = np.array([[0.0], [2.0]])
    assert np.isnan(probabilities(single, "softmax")).all()
    np.testing.assert_allclose(probabilities(single, "multilabel")[:, 0], [0.5, 1 / (1 + np.exp(-2))])
