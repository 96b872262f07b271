"""The simulated savings of racing, with bounds that chance does not cross."""

import pytest

from benchmarks.racing import simulate


@pytest.mark.parametrize(("k", "share"), [(40, 0.35), (100, 0.2)])
def test_racing_finds_the_same_top_five_for_a_fraction_of_the_edits(k: int, share: float) -> None:
    savings = simulate(k, 48, 5, trials=20)
    assert savings.share <= share
    assert savings.recall >= 0.95
    # every candidate begins with four images, and five are measured to the end
    assert savings.share > (4 * k + 5 * 44) / (k * 48)


def test_the_more_candidates_the_larger_the_savings() -> None:
    few, many = simulate(12, 24, 3, trials=10), simulate(100, 24, 3, trials=10)
    assert many.share < few.share < 1


def test_racing_beats_halving_at_the_same_cost() -> None:
    racing = simulate(40, 48, 5, trials=20, world="laplace")
    halving = simulate(40, 48, 5, trials=20, world="laplace", budget=racing.share)
    assert halving.share <= racing.share + 1 / (40 * 48)
    assert racing.recall > halving.recall > 0.7


def test_it_is_deterministic() -> None:
    assert simulate(12, 24, 3, trials=2) == simulate(12, 24, 3, trials=2)
    assert simulate(12, 24, 3, trials=2) != simulate(12, 24, 3, trials=2, seed=1)
