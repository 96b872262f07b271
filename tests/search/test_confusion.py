import math

import pytest

from diffex_cli.search.statistics.confusion import Rate, confusion
from diffex_cli.search.statistics.intervals import wilson


def cases(both: int, claimed: int, true: int, neither: int) -> tuple[list[bool], list[bool]]:
    pairs = [(True, True)] * both + [(True, False)] * claimed + [(False, True)] * true + [(False, False)] * neither
    return [one for one, _ in pairs], [other for _, other in pairs]


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "kappa"),
    [
        ((20, 5, 10, 15), 20 / 25, 20 / 30, 0.4),  # observed 0.7, by chance 0.5 · 0.6 + 0.5 · 0.4
        ((45, 15, 25, 15), 45 / 60, 45 / 70, (0.60 - 0.54) / (1 - 0.54)),
        ((25, 35, 5, 35), 25 / 60, 25 / 30, (0.60 - 0.46) / (1 - 0.46)),
        ((18, 0, 0, 18), 1.0, 1.0, 1.0),
        ((0, 5, 5, 0), 0.0, 0.0, -1.0),
        ((6, 6, 0, 0), 0.5, 1.0, 0.0),
    ],
)
def test_figures_by_hand(counts: tuple[int, int, int, int], precision: float, recall: float, kappa: float) -> None:
    found = confusion(*cases(*counts))
    assert found.kappa == pytest.approx(kappa)
    assert found.precision == Rate(precision, *wilson(precision, counts[0] + counts[1]), counts[0] + counts[1])
    assert found.recall.value == pytest.approx(recall)
    assert (found.recall.n, found.n) == (counts[0] + counts[2], sum(counts))


def test_what_cannot_be_told_is_nan() -> None:
    always = confusion(*cases(4, 0, 0, 0))
    assert math.isnan(always.kappa)
    assert always.recall.value == 1
    nothing = confusion([], [])
    assert (nothing.n, nothing.precision.n) == (0, 0)
    assert all(math.isnan(one) for one in (nothing.kappa, nothing.precision.value, nothing.recall.low))
    assert math.isnan(confusion(*cases(0, 0, 3, 3)).precision.value)
